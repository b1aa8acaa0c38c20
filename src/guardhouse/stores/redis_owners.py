"""Which sessions a user has, in an index of its own; in a cluster it lies elsewhere than the sessions.

What keeps the two true without a transaction is an order. An entry is written before its session can be found, and
taken out only when that is dead for good. So the index may name what is not there, and whoever reads it looks; but
no session is ever there that it does not name, whatever is cut short and wherever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from guardhouse.state.record import Record, UnreadableRecordError, opened
from guardhouse.stores.redis_link import RedisLink
from guardhouse.stores.redis_scripts import REGISTER

LATE_SECONDS = 600
"""How long an index is kept beyond its longest entry, and an entry beyond the end of its session."""
LONGEST_SECONDS = 400_000_000
"""A life of more than twelve years is none that Redis can be told of."""
TIDY_ABOVE = 16
"""From how many entries on a login looks for those that have ended."""


class Owners:
    """The indexes of one event loop."""

    def __init__(self, link: RedisLink, prefix: bytes) -> None:
        self._link = link
        self._prefix = prefix

    def index(self, owner: str) -> bytes:
        """Name the index of a user."""
        return self._prefix + b"o:" + owner.encode()

    async def add(self, owners: Iterable[str], key: bytes, record: Record) -> None:
        """Enter a session that is not there yet."""
        life = milliseconds(record.ends - record.seen, LATE_SECONDS)
        for owner in owners:
            await self._add(owner, key, record, life)

    async def _add(self, owner: str, key: bytes, record: Record, life: int) -> None:
        index, ends = self.index(owner), repr(float(record.ends))
        count = await self._link.run(REGISTER, index, life, ends, key, durable=True)
        if count > TIDY_ABOVE:
            await self._tidy(index, record.seen)

    async def drop(self, owners: Iterable[str], keys: Sequence[bytes]) -> None:
        """Take out sessions that are dead for good."""
        await self._link.many([("ZREM", self.index(owner), *keys) for owner in owners])

    async def keys(self, owner: str) -> list[bytes]:
        """List what a user may have."""
        return list(await self._link.ask("ZRANGE", self.index(owner), 0, -1))

    async def _tidy(self, index: bytes, now: float) -> None:
        """Take out what has ended and is not there: both, because a clock that is wrong must hide no session."""
        ended = await self._link.ask(
            "ZRANGEBYSCORE", index, "-inf", repr(now - LATE_SECONDS), b"LIMIT", 0, 100
        )
        bodies = await self._link.many([("GET", self._prefix + b"s:" + key) for key in ended], again=True)
        gone = [key for key, body in zip(ended, bodies, strict=True) if body is None]
        if gone:
            await self._link.change(index, "ZREM", index, *gone)


def owners_of(body: Any) -> frozenset[str]:  # noqa: ANN401 - what Redis gave
    """Say whose a body is; nobody's, where it cannot be read."""
    try:
        return opened(body).owners
    except UnreadableRecordError:
        return frozenset()


def milliseconds(seconds: float, late: float) -> int:
    """Say for how long Redis keeps something, a little longer than it is good for: what it says itself decides."""
    life = min(seconds, LONGEST_SECONDS) if seconds > 0 else 0.0
    return int((life + late) * 1000)
