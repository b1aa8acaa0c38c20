"""Where the tries of accounts are counted: as the table says, once for all, and no more than there are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from threading import Timer
from typing import Any

import pytest

from guardhouse.errors import StoreError
from guardhouse.state.attempts import AttemptLimit, Attempts, Wait
from guardhouse.state.store import KeepsAttempts
from guardhouse.stores import sqlite_file
from guardhouse.stores.memory_attempts import MemoryAttempts

from .kinds import in_sqlite, make_sqlite
from .processes import ended, process
from .test_limits import parallel

LIMIT = AttemptLimit(tries=3, most=5, window=timedelta(minutes=10), delay=timedelta(seconds=10))
KEY, OTHER = b"ada", b"bob"


@pytest.fixture
def attempts(store: Any) -> Any:
    assert isinstance(store, KeepsAttempts)
    return store.attempts


async def test_tries_are_counted_from_one_to_the_next(attempts):
    said = [await attempts.attempt(KEY, LIMIT, partial(float, now)) for now in (100, 101, 102, 103, 112, 113)]
    assert said == [
        Attempts(1, 100.0),
        Attempts(2, 100.0),
        Attempts(3, 100.0, 112.0),
        Wait(9),
        Attempts(4, 100.0, 132.0),
        Wait(19),
    ]


async def test_accounts_count_apart_and_one_is_forgotten(attempts):
    for _ in range(3):
        await attempts.attempt(KEY, LIMIT, lambda: 100.0)
        await attempts.attempt(OTHER, LIMIT, lambda: 100.0)
    await attempts.forget_attempts(KEY)
    assert await attempts.attempt(KEY, LIMIT, lambda: 101.0) == Attempts(1, 101.0)
    assert await attempts.attempt(OTHER, LIMIT, lambda: 101.0) == Wait(9)
    await attempts.forget_attempts(None)
    assert await attempts.attempt(OTHER, LIMIT, lambda: 102.0) == Attempts(1, 102.0)


async def test_of_a_hundred_parallel_tries_exactly_the_free_ones_pass(attempts):
    said = await parallel(lambda: attempts.attempt(KEY, LIMIT, lambda: 100.0), 100)
    assert sum(isinstance(one, Attempts) for one in said) == LIMIT.tries


async def test_requests_that_overtake_one_another_begin_no_new_window(attempts):
    moments = iter(range(100_000, 0, -1))
    said = await parallel(lambda: attempts.attempt(KEY, LIMIT, lambda: next(moments) / 1000), 100)
    assert sum(isinstance(one, Attempts) for one in said) == LIMIT.tries


async def test_two_processes_at_one_file_count_together(tmp_path):
    store = make_sqlite(tmp_path)
    with process(store, "attempt", "40", "100") as one, process(store, "attempt", "40", "100") as other:
        assert (await ended(one), await ended(other)) == (0, 0)
        passed = [int(each.stdout.read()) for each in (one, other) if each.stdout]
    assert sum(passed) == 40
    await store.close()


async def test_a_flood_of_tries_that_must_wait_writes_nothing(tmp_path):
    store = make_sqlite(tmp_path)
    for _ in range(50):
        await store.attempts.attempt(KEY, LIMIT, lambda: 100.0)
    assert in_sqlite(store, "SELECT count, opens FROM guardhouse_attempts") == [(3, 110.0)]
    await store.close()


async def test_a_file_that_is_away_is_an_outage(tmp_path):
    store = make_sqlite(tmp_path)
    await store.open()
    in_sqlite(store, "DROP TABLE guardhouse_attempts")
    with pytest.raises(StoreError):
        await store.attempts.attempt(KEY, LIMIT, lambda: 100.0)
    await store.close()


async def test_what_is_past_is_swept_out_of_the_file(tmp_path):
    store = make_sqlite(tmp_path)
    await store.attempts.attempt(KEY, LIMIT, lambda: 100.0)
    await store.attempts.attempt(OTHER, LIMIT, lambda: 500.0)
    await store.prune(701.0)
    assert in_sqlite(store, "SELECT key FROM guardhouse_attempts") == [(OTHER,)]
    await store.close()


async def test_a_flood_of_names_drops_what_is_past_then_the_oldest_and_never_grows():
    attempts = MemoryAttempts(most=20)
    await attempts.attempt(b"past", LIMIT, lambda: 100.0)
    await attempts.attempt(b"oldest", LIMIT, lambda: 800.0)
    for number in range(100):
        await attempts.attempt(b"%d" % number, LIMIT, lambda: 801.0)
        assert len(attempts) <= 20
    assert await attempts.attempt(b"oldest", LIMIT, lambda: 802.0) == Attempts(1, 802.0)
    assert await attempts.attempt(b"99", LIMIT, lambda: 802.0) == Attempts(2, 801.0)


# -- a fresh file -----------------------------------------------------------------------------------------------------


async def test_who_opens_a_fresh_file_while_another_does_waits_for_it(tmp_path):
    """SQLite refuses the second of two that switch a file to WAL at once, and asks no timeout."""
    store = make_sqlite(tmp_path)
    with closing(sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        releasing = Timer(0.3, other.execute, ["ROLLBACK"])
        releasing.start()
        assert await store.attempts.attempt(KEY, LIMIT, lambda: 100.0) == Attempts(1, 100.0)
        releasing.join()
    await store.close()


async def test_nobody_waits_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "BUSY_MILLISECONDS", 50)
    store = make_sqlite(tmp_path)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            await store.attempts.attempt(KEY, LIMIT, lambda: 100.0)
    await store.close()
