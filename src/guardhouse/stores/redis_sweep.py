"""Sweeping out what Redis itself does not drop: used names, and sessions where its clock is another than ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from guardhouse.state.record import UnreadableRecordError, opened, passed
from guardhouse.stores.redis_link import RedisLink
from guardhouse.stores.redis_scripts import TOMBSTONE

AGREEMENT_SECONDS = 60.0
"""How far two clocks may be apart to be one."""


class Sweep:
    """Where a sweep stands, of one process."""

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix
        self._sessions = prefix + b"s:"
        self._keys: list[bytes] = []

    async def used(self, link: RedisLink, buckets: int, now: float, most: int) -> None:
        """Drop names whose time is past, so many of each bucket at most."""
        for number in range(buckets):
            bucket = self._prefix + b"u:%d" % number
            past = await link.ask("ZRANGEBYSCORE", bucket, "-inf", repr(now), b"LIMIT", 0, most)
            if past:
                await link.change(bucket, "ZREM", bucket, *past)

    async def agrees(self, link: RedisLink, now: float) -> bool:
        """Whether Redis' clock says the same: then it has dropped by itself what is past."""
        return abs(await store_time(link) - now) < AGREEMENT_SECONDS

    async def sessions(
        self, link: RedisLink, now: float, most: int, reads: int, delete: Callable[[bytes], Awaitable[bool]]
    ) -> int:
        """Delete so many sessions that are over, out of so many at most that are looked at."""
        ended = looked_at = 0
        if not self._keys:
            self._keys = [key async for key in keys_of(link, self._sessions)]
        while self._keys and ended < most and looked_at < reads:
            taken = self._keys[-(most - ended) :]
            del self._keys[-len(taken) :]
            looked_at += len(taken)
            bodies = await link.many([("GET", key) for key in taken], again=True)
            for key, body in zip(taken, bodies, strict=True):
                if body is not None and _over(body, now):
                    ended += await delete(key[len(self._sessions) :])
        return ended


async def keys_of(link: RedisLink, prefix: bytes) -> AsyncIterator[bytes]:
    """Find all keys that begin so, node by node."""
    async for key in link.client.scan_iter(match=prefix + b"*", count=1000):
        yield key


async def store_time(link: RedisLink) -> float:
    """Ask Redis for the time."""
    options = {"target_nodes": "random"} if link.clustered else {}
    seconds, microseconds = await link.ask("TIME", **options)
    return int(seconds) + int(microseconds) / 1e6


def _over(body: bytes, now: float) -> bool:
    """Whether nobody can open this any more: it is past a deadline, or no record at all."""
    if body == TOMBSTONE:
        return False
    try:
        return passed(opened(body), now) is not None
    except UnreadableRecordError:
        return True
