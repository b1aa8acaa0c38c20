"""A line to Redis that is cut, on the loop that uvicorn takes: an error of ours, and nothing that writes is sent twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
import uvloop

from guardhouse.errors import StoreError
from guardhouse.stores.opening import open_store
from tests.services import Missing, free_port
from tests.services.proxy import Proxy
from tests.services.redis import HOST, Node, wait_for

from .kinds import ADA, KEY, record
from .test_redis_trouble import calls, trusted, well

LAYOUTS = ["redis", "redis+cluster"]


class Line(NamedTuple):
    """A server, what lies between, and the address to which that listens."""

    node: Node
    proxy: Proxy
    url: str


@contextmanager
def line_to(layout: str) -> Iterator[Line]:
    """Start a server behind a proxy; a cluster of one node tells its clients of the proxy too."""
    own = () if layout == "redis" else ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    try:
        node = Node(*own)
    except Missing as missing:
        pytest.skip(str(missing))
    proxy = Proxy(node.port)
    if own:
        node.client.config_set("cluster-announce-port", proxy.port)
        node.client.config_set("cluster-announce-ip", HOST)
        _give_slots(node)
    try:
        yield Line(node, proxy, f"{layout}://{HOST}:{proxy.port}?timeout=0.5")
    finally:
        proxy.remove()
        node.remove()


def _give_slots(node: Node) -> None:
    node.client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
    wait_for(lambda: node.client.execute_command("CLUSTER INFO")["cluster_state"] == "ok", "a cluster of one")


def on_uvloop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run as under uvicorn, whose loop says `RuntimeError` where somebody writes to what was closed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_connection_that_was_reset_while_nobody_used_it_is_an_error_of_ours_or_none(layout: str):
    async def resetting(line: Line) -> None:
        store: Any = open_store(line.url)
        cut = 0
        for call in calls(store).values():
            line.proxy.reset()
            await asyncio.sleep(0.02)
            try:
                await call()
            except StoreError:
                cut += 1
            await well(lambda: store.load(KEY))
        assert cut, "nothing was cut, and nothing was shown"
        await store.close()

    with line_to(layout) as line:
        on_uvloop(lambda: resetting(line))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_reading_goes_on_over_a_new_connection(layout: str):
    async def reading(line: Line) -> None:
        store: Any = open_store(line.url)
        await store.create(KEY, record(ADA))
        for _ in range(5):
            line.proxy.reset()
            await asyncio.sleep(0.02)
            assert await asyncio.gather(*(store.load(KEY) for _ in range(10))) == [record(ADA)] * 10
        await store.close()

    with line_to(layout) as line:
        on_uvloop(lambda: reading(line))


def test_what_tells_of_changes_comes_back_as_often_as_it_is_cut():
    async def tracking(line: Line) -> None:
        store: Any = open_store(f"{line.url}&cache=tracking")
        await store.create(KEY, record(ADA))
        for _ in range(5):
            await well(lambda: trusted(store))
            line.proxy.reset()
            await asyncio.sleep(0.02)
            assert await store.load(KEY) == record(ADA)
        await well(lambda: trusted(store))
        await store.close()

    with line_to("redis") as line:
        on_uvloop(lambda: tracking(line))


async def test_a_cluster_that_serves_no_slot_yet_is_an_outage_and_well_when_it_does():
    with line_to("redis+cluster") as line:
        line.node.client.execute_command("CLUSTER FLUSHSLOTS")
        store: Any = open_store(line.url)
        for call in calls(store).values():
            with pytest.raises(StoreError):
                await call()
        _give_slots(line.node)
        await well(lambda: store.create(KEY, record(ADA)))
        assert await store.load(KEY) == record(ADA)
        await store.close()


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_what_was_done_and_not_answered_is_unknown_to_its_caller_and_done_once(layout: str):
    """The winner is told that nobody knows, never that he has lost: a second sending would tell him that."""
    with line_to(layout) as line:
        store: Any = open_store(line.url)
        await store.create(KEY, record(ADA))
        counted = store.limits(time.time)
        assert await counted.incr("a", 600) == 1  # so that the script is known
        sent: list[tuple[str, Callable[[], Any], object]] = [
            ("zadd", lambda: store.once(b"name", 5e9), False),
            ("getdel", lambda: store.delete(KEY), False),
            ("evalsha", lambda: counted.incr("a", 600), 3),
        ]
        for command, call, again in sent:
            before = _times(line.node, command)
            line.proxy.hold_answers()
            with pytest.raises(StoreError, match=r"did not answer|Timeout"):
                await call()
            assert _times(line.node, command) == before + 1, "it was sent again"
            line.proxy.release()
            await well(lambda: store.load(KEY))
            assert await call() == again, "whoever asks again hears that it was done"
        await store.close()


def _times(node: Node, command: str) -> int:
    """How often a server was asked for something."""
    return int(node.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"])
