"""What comes together goes together, each is answered by what was sent after it, and one that is alone pays nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from guardhouse.errors import StoreError
from guardhouse.stores.joined import MOST_TOGETHER, MOST_UNDER_WAY, Joined

from .kinds import ADA, record
from .redis_kinds import in_redis, make_redis


class Desk:
    """A server that answers when it is told to, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.broken: Exception | None = None
        self.reads: Joined[bytes, bytes | None] = Joined(self.one, self.many)

    async def one(self, key: bytes) -> bytes | None:
        return (await self.many([key]))[0]

    async def many(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        self.asked.append(list(keys))
        await asyncio.sleep(0)
        await self.open.wait()
        if self.broken:
            raise self.broken
        return [None if key == b"absent" else b"<" + key + b">" for key in keys]


async def test_one_that_is_alone_is_sent_alone_and_at_once():
    desk = Desk()
    assert [await desk.reads.ask(key) for key in (b"a", b"absent", b"a")] == [b"<a>", None, b"<a>"]
    assert desk.asked == [[b"a"], [b"absent"], [b"a"]]


async def test_what_comes_while_one_is_under_way_goes_together():
    desk = Desk()
    answers = await asyncio.gather(*(desk.reads.ask(b"%d" % number) for number in range(100)))
    assert answers == [b"<%d>" % number for number in range(100)]
    assert [len(keys) for keys in desk.asked] == [1, 99]


async def test_no_more_are_under_way_than_may_be_and_nobody_is_forgotten():
    desk = Desk()
    desk.open.clear()
    waiting = [asyncio.create_task(desk.reads.ask(b"%d" % number)) for number in range(3 * MOST_TOGETHER)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(desk.asked) == MOST_UNDER_WAY
    desk.open.set()
    assert await asyncio.gather(*waiting) == [b"<%d>" % number for number in range(3 * MOST_TOGETHER)]
    assert max(map(len, desk.asked)) <= MOST_TOGETHER


async def test_nobody_gets_an_answer_from_before_he_asked():
    desk = Desk()
    desk.open.clear()
    first = asyncio.create_task(desk.reads.ask(b"a"))
    await asyncio.sleep(0)
    second = asyncio.create_task(desk.reads.ask(b"a"))
    await asyncio.sleep(0)
    desk.open.set()
    assert await first == await second == b"<a>"
    assert desk.asked == [[b"a"], [b"a"]], "the second must be asked for itself"


async def test_who_goes_away_takes_nobody_along():
    desk = Desk()
    desk.open.clear()
    tasks = [asyncio.create_task(desk.reads.ask(b"%d" % number)) for number in range(6)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.sleep(0)
    desk.open.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [done[number] for number in (1, 3, 5)] == [b"<1>", b"<3>", b"<5>"]
    assert await desk.reads.ask(b"later") == b"<later>"


@pytest.mark.parametrize("trouble", [StoreError("broken"), RuntimeError("that nobody expected")], ids=repr)
async def test_trouble_is_told_to_all_who_wait_and_the_next_begin_anew(trouble: Exception):
    desk = Desk()
    desk.broken = trouble
    done = await asyncio.gather(*(desk.reads.ask(b"a") for _ in range(5)), return_exceptions=True)
    assert [(type(said), str(said)) for said in done] == [(type(trouble), str(trouble))] * 5
    desk.broken = None
    assert await desk.reads.ask(b"a") == b"<a>"


@pytest.mark.parametrize("layout", ["single", "cluster"])
async def test_a_hundred_loads_at_once_are_few_commands(tmp_path: Path, layout: str):
    store: Any = make_redis(tmp_path, layout)
    keys = [bytes([number]) * 32 for number in range(100)]
    for number, key in enumerate(keys):
        await store.create(key, record(ADA, public_id=f"{number}"))
    await store.load(keys[0])
    with in_redis(store) as client:
        nodes = client.get_primaries() if layout == "cluster" else [None]
        before = [_packets(client, node) for node in nodes]
        found = await asyncio.gather(*(store.load(key) for key in keys))
        after = [_packets(client, node) for node in nodes]
    assert [one.public_id for one in found if one] == [f"{number}" for number in range(100)]
    if layout == "single":
        assert after[0] - before[0] <= 5, "one GET, one MGET, and what asks for this number"
    await store.close()


def _packets(client: Any, node: Any) -> int:
    where = {"target_nodes": node} if node else {}
    return int(client.info("stats", **where)["total_commands_processed"])
