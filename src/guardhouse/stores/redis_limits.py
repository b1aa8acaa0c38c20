"""Counts of requests in Redis, as a storage of the library `limits`: exact for all machines.

Its own storage for Redis lets Redis measure the time, so that a clock of the house would mean nothing to it, opens
connections of its own, and cannot be used from one event loop after another.
"""

from __future__ import annotations

from collections.abc import Callable

from guardhouse.state.attempts import STRAGGLING
from guardhouse.stores.redis_link import OfEachLoop, RedisLink
from guardhouse.stores.redis_scripts import COUNT
from guardhouse.stores.redis_sweep import keys_of
from guardhouse.stores.store_limits import StoreLimits

LATE_SECONDS = 300


class RedisLimits(StoreLimits):
    """A storage beside the sessions. Counting is one step in the server."""

    def __init__(self, links: OfEachLoop[RedisLink], prefix: bytes, clock: Callable[[], float]) -> None:
        super().__init__()
        self._links = links
        self._prefix = prefix + b"l:"
        self._clock = clock

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return what is counted; the first begins the window."""
        given = (repr(float(self._clock())), repr(float(expiry)), amount, STRAGGLING, LATE_SECONDS)
        return int(await self._links.here().run(COUNT, self._at(key), *given))

    async def get(self, key: str) -> int:
        """Return what is counted."""
        hits, _ = await self._window(key, self._clock())
        return hits

    async def get_expiry(self, key: str) -> float:
        """Return the moment at which the window ends; now, where there is none."""
        _, ends = await self._window(key, self._clock())
        return ends

    async def reset(self) -> int:
        """Forget everything."""
        link = self._links.here()
        keys = [key async for key in keys_of(link, self._prefix)]
        return sum(await link.many([("DEL", key) for key in keys]))

    async def clear(self, key: str) -> None:
        """Forget one window."""
        await self._links.here().change(self._at(key), "DEL", self._at(key))

    async def _reach(self) -> None:
        await self._links.here().ask("PING")

    async def _window(self, key: str, now: float) -> tuple[int, float]:
        hits, began, ends = await self._links.here().ask("HMGET", self._at(key), "hits", "began", "ends")
        if hits is None or not float(began) - STRAGGLING <= now < float(ends):
            return 0, now
        return int(hits), float(ends)

    def _at(self, key: str) -> bytes:
        return self._prefix + key.encode()
