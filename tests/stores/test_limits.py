"""Where requests are counted: exact for parallel ones and for several processes, bounded, and honest when away."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import create_task_group

from guardhouse.errors import StoreError
from guardhouse.limits import Limits
from guardhouse.state.limit import Limit
from guardhouse.state.store import KeepsLimits
from guardhouse.stores.memory_limits import MemoryLimits
from guardhouse.stores.sqlite import SQLiteStore

from .kinds import in_sqlite, make_sqlite
from .processes import ended, process


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def counted(store: Any, time: Time) -> Any:
    assert isinstance(store, KeepsLimits)
    return store.limits(time)


async def test_the_first_begins_the_window_and_the_others_stay_in_it(counted, time):
    assert await counted.incr("a", 60) == 1
    time.now += 59.9
    assert await counted.incr("a", 60) == 2
    assert (await counted.get("a"), await counted.get_expiry("a")) == (2, 1060.0)
    time.now += 0.1
    assert (await counted.get("a"), await counted.get_expiry("a")) == (0, time.now)
    assert await counted.incr("a", 60) == 1
    assert await counted.get_expiry("a") == 1120.0


async def test_keys_count_apart(counted):
    assert [await counted.incr(key, 60) for key in ("a", "b", "a")] == [1, 1, 2]


async def test_what_is_given_back_never_makes_more_than_there_was(counted):
    await counted.incr("a", 60, 3)
    assert [await counted.incr("a", 60, -1) for _ in range(5)] == [2, 1, 0, 0, 0]
    assert await counted.incr("never counted", 60, -1) == 0


async def test_a_clock_that_is_set_back_keeps_nobody_waiting(counted, time):
    await counted.incr("a", 60, 99)
    time.now -= 3600
    assert await counted.get("a") == 0
    assert await counted.incr("a", 60) == 1
    assert await counted.get_expiry("a") == time.now + 60


async def test_one_key_is_forgotten_and_all_are(counted):
    for key in "abc":
        await counted.incr(key, 60)
    await counted.clear("a")
    assert [await counted.get(key) for key in "abc"] == [0, 1, 1]
    assert await counted.reset() == 2
    assert [await counted.get(key) for key in "abc"] == [0, 0, 0]
    assert await counted.check()


async def parallel(ask: Callable[[], Any], times: int) -> list[Any]:
    said: list[Any] = []

    async def one() -> None:
        said.append(await ask())

    async with create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(one)
    return said


async def test_of_a_hundred_parallel_requests_exactly_as_many_pass_as_are_allowed(store, time):
    limits = Limits(store, time)
    said = await parallel(lambda: limits.hit(Limit(10), "a"), 100)
    assert sum(spent.allowed for spent in said) == 10
    assert min(spent.remaining for spent in said) == 0
    assert {spent.reset for spent in said} == {60}


async def test_requests_that_overtake_one_another_begin_no_new_window(store):
    moments = iter(range(100_000, 0, -1))
    limits = Limits(store, lambda: next(moments) / 1000)
    said = await parallel(lambda: limits.hit(Limit(10), "a"), 100)
    assert sum(spent.allowed for spent in said) == 10


async def test_two_processes_at_one_file_count_together(tmp_path):
    store = make_sqlite(tmp_path)
    with process(store, "limit", "40", "100") as one, process(store, "limit", "40", "100") as other:
        assert (await ended(one), await ended(other)) == (0, 0)
        passed = [int(each.stdout.read()) for each in (one, other) if each.stdout]
    assert sum(passed) == 40
    await store.close()


async def test_a_file_that_cannot_be_written_is_an_outage(tmp_path, time):
    store = make_sqlite(tmp_path)
    counted = store.limits(time)
    await counted.incr("a", 60)
    in_sqlite(store, "DROP TABLE guardhouse_limits")
    with pytest.raises(StoreError):
        await counted.incr("a", 60)
    with pytest.raises(StoreError):
        await counted.get("a")
    assert counted.base_exceptions is MemoryLimits(time).base_exceptions is StoreError
    await store.close()


async def test_a_file_that_is_none_says_so(tmp_path, time):
    store = make_sqlite(tmp_path)
    store.path.write_bytes(b"no database" * 100)
    assert not await store.limits(time).check()
    await store.close()


async def test_what_is_past_is_swept_out_of_the_file(tmp_path, time):
    store = make_sqlite(tmp_path)
    counted = store.limits(time)
    await counted.incr("old", 60)
    await counted.incr("young", 600)
    await store.prune(1100.0)
    assert in_sqlite(store, "SELECT key FROM guardhouse_limits") == [("young",)]
    await store.close()


async def test_memory_is_bounded_and_the_oldest_are_forgotten_first(time):
    counted = MemoryLimits(time, most=100)
    await counted.incr("first", 60)
    for number in range(1000):
        await counted.incr(f"{number}", 60)
        assert len(counted) <= 100
    assert (await counted.get("first"), await counted.get("999")) == (0, 1)


async def test_what_is_past_makes_room_before_anything_is_forgotten(time):
    counted = MemoryLimits(time, most=10)
    await counted.incr("kept", 600)
    for number in range(100):
        time.now += 61
        await counted.incr("kept", 600, 0)
        await counted.incr(f"{number}", 60)
    assert len(counted) <= 10
    assert await counted.get("99") == 1


async def test_two_counters_over_one_store_are_one(store, time):
    one, other = Limits(store, time), Limits(store, time)
    await one.hit(Limit(5), "a")
    assert (await other.hit(Limit(5), "a")).remaining == 3


async def test_a_flood_beyond_the_limit_writes_nothing(tmp_path, time):
    store = make_sqlite(tmp_path)
    limits = Limits(store, time)
    for _ in range(50):
        await limits.hit(Limit(3), "a")
    assert in_sqlite(store, "SELECT hits FROM guardhouse_limits") == [(3,)]
    await store.close()


async def test_a_file_of_an_older_version_gets_what_is_missing(tmp_path, time):
    store = make_sqlite(tmp_path)
    await store.open()
    await store.close()
    for table in ("guardhouse_limits", "guardhouse_attempts"):
        in_sqlite(store, f"DROP TABLE {table}")
    later = SQLiteStore(store.path)
    assert await later.limits(time).incr("a", 60) == 1
    await later.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_counting_goes_on_after_a_fork(tmp_path: Path):
    store = make_sqlite(tmp_path)
    counted = store.limits(Time())
    asyncio.run(counted.incr("a", 60))
    child = os.fork()
    if child == 0:
        os._exit(0 if asyncio.run(counted.incr("a", 60)) in (2, 3) else 1)
    asyncio.run(counted.incr("a", 60))
    assert os.waitpid(child, 0)[1] == 0
    assert asyncio.run(counted.get("a")) == 3
    asyncio.run(store.close())


def test_the_statement_needs_no_newer_sqlite_than_python_brings():
    assert sqlite3.sqlite_version_info >= (3, 35)
