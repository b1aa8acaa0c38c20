"""Faults of Redis: pauses, restarts, failovers, moving slots, a memory that is too small."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

import redis

from benchmarks.faults.checker import complaints, forgiven
from benchmarks.faults.places import Place, RedisPlace
from benchmarks.faults.running import Fault, Stage
from guardhouse.stores.opening import open_store

TIMEOUT = 1.5
"""A call of the store ends after a second at most; the rest is for a busy machine."""


class Pause(Fault):
    """The server is held."""

    name = "F4"
    does = "the server is held for 1 s, 5 s (less in a short run) and a quarter of the run"
    stores = ("redis",)
    recovers = 1.0
    longest = 2.5

    async def inject(self, stage: Stage) -> None:
        """Hold it three times."""
        for seconds in (1.0, min(5.0, stage.size.seconds / 8), stage.size.seconds / 4):
            await stage.wait(0.15)
            stage.harm()
            stage.place.servers.server.hold()
            await asyncio.sleep(seconds)
            stage.place.servers.server.resume()
            stage.mend()


class AppendOnly(Fault):
    """The server is killed, and reads back its log."""

    name = "F3"
    does = "kill -9 and start, appendonly yes, appendfsync always"
    stores = ("redis",)

    def place(self) -> Place:
        """Let it keep everything."""
        return RedisPlace("redis", "", "--appendonly", "yes", "--appendfsync", "always")

    async def inject(self, stage: Stage) -> None:
        """Kill it twice."""
        for _ in range(2):
            await stage.wait(0.25)
            stage.harm()
            await asyncio.to_thread(stage.place.servers.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(stage.place.servers.server.start)
            stage.mend()


class Forgetful(AppendOnly):
    """The server is killed and keeps nothing: everybody has to log in again, and nobody comes back."""

    name = "F3 none"
    does = "kill -9 and start, nothing kept: all are logged out"
    counted = frozenset({"I3 login", "I3 write"})

    def place(self) -> Place:
        """Let it keep nothing."""
        return RedisPlace("redis")


class EverySecond(AppendOnly):
    """The machine loses its power, and with it what the log has not brought to the disk."""

    name = "F3 everysec"
    does = "kill -9, the log cut back to what it was a second before, and start; appendfsync everysec"
    # What was acknowledged in the last second comes undone, logouts too: this is what is counted.
    counted = frozenset({"I1", "I3 login", "I3 write", "I4"})

    def __init__(self, store: str) -> None:
        super().__init__(store)
        self._undone: list[tuple[float, float]] = []

    def place(self) -> Place:
        """Let it write every second."""
        return RedisPlace("redis", "", "--appendonly", "yes", "--appendfsync", "everysec")

    async def inject(self, stage: Stage) -> None:
        """Note how long the log was at each moment; let it be that long after the kill."""
        node = stage.place.servers
        (log,) = sorted((node.folder.path / "appendonlydir").glob("*.incr.aof"))
        for _ in range(2):
            sizes: list[tuple[float, int]] = []
            ends = time.monotonic() + max(2.5, stage.size.seconds / 4)
            while time.monotonic() < ends:
                sizes.append((time.monotonic(), log.stat().st_size))
                await asyncio.sleep(0.02)
            stage.harm()
            await asyncio.to_thread(node.kill)
            moment, size = max(one for one in sizes if one[0] < time.monotonic() - 1)
            stage.notes.append(
                f"{log.stat().st_size - size} bytes of {stage.harmed[-1] - moment:.2f} s were lost"
            )
            os.truncate(log, size)
            await asyncio.to_thread(node.server.start)
            stage.mend()
            self._undone.append((moment, stage.mended[-1]))

    async def after(self, stage: Stage) -> list[str]:
        """Hold that nothing older came undone."""
        return older(stage, self._undone)


def older(stage: Stage, undone: Sequence[tuple[float, float]]) -> list[str]:
    """Complain of what came undone although it was acknowledged before that."""
    found = complaints(forgiven(stage.world.history, undone))
    return [f"{one.rule}, and it is older than what was lost: {one.says}" for one in found[:3]]


class Evicted(Fault):
    """The memory is too small."""

    name = "F14"
    does = "maxmemory below what is there, allkeys-lru"
    stores = ("redis",)
    counted = frozenset({"I3 login", "I3 write"})
    # Writes are refused, by 503, while the server makes room.
    errors = 0.1

    async def inject(self, stage: Stage) -> None:
        """Take a third of the memory away."""
        await stage.wait(0.3)
        server = stage.place.servers
        used = server.info("memory")["used_memory"] - server.info("memory")["used_memory_startup"]
        limit = server.info("memory")["used_memory"] - used // 3
        server.client.config_set("maxmemory-policy", "allkeys-lru")
        server.client.config_set("maxmemory", limit)

    async def after(self, stage: Stage) -> list[str]:
        """Ask the store whether it says what is unsafe."""
        stage.notes.append(f"{stage.place.servers.info('stats')['evicted_keys']} keys were evicted")
        store: Any = open_store(stage.place.url)
        said = " ".join(map(str, await store.examine()))
        await store.close()
        return [] if "maxmemory-policy" in said else ["examine() says nothing of maxmemory-policy"]


class SentinelKill(Fault):
    """The master dies."""

    name = "F5"
    does = "kill -9 of the master, a replica takes over; durability=replicated"
    stores = ("sentinel",)
    # What an application puts into a session does not wait for replicas.
    counted = frozenset({"I3 write"})
    recovers = 10.0

    async def inject(self, stage: Stage) -> None:
        """Kill it."""
        await stage.wait(0.2)
        await asyncio.to_thread(stage.place.servers.master_now().kill)
        stage.mend()


class SentinelPause(SentinelKill):
    """The master is silent, is replaced, and comes back."""

    name = "F5 pause"
    does = "the master is held, replaced, and comes back"

    async def inject(self, stage: Stage) -> None:
        """Hold it for longer than the Sentinels wait."""
        await stage.wait(0.2)
        held = stage.place.servers.master_now()
        held.server.hold()
        stage.mend()
        await asyncio.sleep(max(5.0, stage.size.seconds / 4))
        held.server.resume()
        stage.mend()


class ClusterKill(Fault):
    """A master of a cluster dies."""

    name = "F6"
    does = "kill -9 of a master of the cluster, started again after 5 s; durability=replicated"
    stores = ("cluster",)
    counted = frozenset({"I3 write"})
    recovers = 10.0

    async def inject(self, stage: Stage) -> None:
        """Kill it. The replica that takes over has none of its own before it is back, and says no to what must be on two."""
        await stage.wait(0.2)
        node = stage.place.servers.nodes[0]
        await asyncio.to_thread(node.kill)
        stage.mend()
        await asyncio.sleep(5)
        await asyncio.to_thread(node.server.start)


class SlotMoves(Fault):
    """Slots move to other masters."""

    name = "F6 slots"
    does = "slots with sessions in them move between masters"
    stores = ("cluster",)
    errors = 0.02

    async def inject(self, stage: Stage) -> None:
        """Move slots that hold something, one after the other."""
        await stage.wait(0.1)
        cluster = stage.place.servers
        source, target = cluster.nodes[:2]
        slots: dict[int, bytes] = {}
        for key in source.client.scan_iter(count=50):
            slots.setdefault(int(source.client.execute_command("CLUSTER KEYSLOT", key)), key)
        moved = 0
        for key in list(slots.values())[:15]:
            if await asyncio.to_thread(_moved, key, source, target, cluster.nodes[:3]):
                moved += 1
        stage.notes.append(f"{moved} slots moved")

    async def after(self, stage: Stage) -> list[str]:
        """Look whether anything was moved at all."""
        return [] if "0 slots moved" not in stage.notes else ["no slot was moved"]


def _moved(key: bytes, source: Any, target: Any, masters: list[Any]) -> bool:  # noqa: ANN401 - of the test services
    """Move the slot of a key as `redis-cli --cluster reshard` does; False where it went before we were done."""
    slot = source.client.execute_command("CLUSTER KEYSLOT", key)
    ids = {one.port: one.client.execute_command("CLUSTER MYID") for one in (source, target)}
    # redis-py would read these keys as text, and there would be none of those names to move.
    raw: Any = redis.Redis(host="127.0.0.1", port=source.port)
    raw.response_callbacks.pop("CLUSTER GETKEYSINSLOT", None)
    try:
        target.client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[source.port])
        source.client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[target.port])
        for _ in range(100):
            time.sleep(0.02)  # while clients meet a slot that is half here and half there
            keys = raw.execute_command("CLUSTER GETKEYSINSLOT", slot, 10)
            if not keys:
                break
            source.client.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 2000, "KEYS", *keys)
        else:
            raise RuntimeError(
                "a slot cannot be emptied"
            )  # to give it away now would throw away what is in it
        for one in (target, source, *masters):
            one.client.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[target.port])
    except redis.ResponseError:
        return False
    finally:
        raw.close()
    return True


class CutOff(Fault):
    """The master is parted from its replicas, goes on acknowledging, and dies."""

    name = "F6 lag"
    does = "plain Redis: replicas cut off for 1 s, then the master is killed"
    stores = ("sentinel",)
    counted = frozenset({"I1", "I3 login", "I3 write"})
    recovers = 10.0

    def place(self) -> Place:
        """Do not wait for replicas: this is what is counted."""
        return RedisPlace("sentinel")

    async def inject(self, stage: Stage) -> None:
        """Cut it off, let it acknowledge, kill it."""
        await stage.wait(0.2)
        stage.place.servers.cut_off()
        await asyncio.sleep(1)
        await asyncio.to_thread(stage.place.servers.master.kill)
        stage.mend()
