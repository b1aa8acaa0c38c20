"""How often what lies with its bearers was called back, in Redis: once for all machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from guardhouse.stores.redis_link import OfEachLoop, RedisLink
from guardhouse.stores.redis_owners import milliseconds
from guardhouse.stores.redis_scripts import ADVANCE

LATE_SECONDS = 24 * 3600
"""For so long everything is kept beyond its time, and at least: the clock of the house may be another than ours."""
FOREVER = b""


class RedisEpochs:
    """An epoch store beside the sessions."""

    def __init__(self, links: OfEachLoop[RedisLink], prefix: bytes, clock: Callable[[], float]) -> None:
        self._links = links
        self._prefix = prefix + b"e:"
        self._clock = clock

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names together."""
        commands = [("GET", self._at(name)) for name in names]
        return [int(count or 0) for count in await self._links.here().many(commands, again=True)]

    async def advance(self, name: str, until: float | None = None) -> int:
        """Count one up; acknowledged, where that is asked for, only when replicas have it."""
        at = self._at(name)
        life = FOREVER if until is None else milliseconds(until - self._clock(), LATE_SECONDS)
        return int(await self._links.here().run(ADVANCE, at, life, durable=True))

    def _at(self, name: str) -> bytes:
        return self._prefix + name.encode("utf-8", "surrogatepass")
