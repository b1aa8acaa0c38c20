"""The tries of accounts in Redis: counted once for all machines, each decided by the one table and kept if it is still true."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from guardhouse.errors import StoreError
from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide
from guardhouse.stores.redis_link import OfEachLoop, RedisLink
from guardhouse.stores.redis_owners import milliseconds
from guardhouse.stores.redis_scripts import SWAP
from guardhouse.stores.redis_sweep import keys_of

LATE_SECONDS = 300
MOST_TURNS = 1000
"""Whoever must begin again was overtaken by somebody who counted, and an account has fewer tries than that."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Attempts).decode


class RedisAttempts:
    """An attempt store beside the sessions."""

    def __init__(self, links: OfEachLoop[RedisLink], prefix: bytes) -> None:
        self._links = links
        self._prefix = prefix + b"a:"

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in, or say how long to wait for it; a flood of tries that must wait writes nothing."""
        link, at = self._links.here(), self._prefix + key
        life = milliseconds(limit.window.total_seconds(), LATE_SECONDS)
        body = await link.ask("GET", at)
        for _ in range(MOST_TURNS):
            decided = decide(_read(body), limit, clock())
            if isinstance(decided, Wait):
                return decided
            said = await link.run(SWAP, at, body or b"", _encode(decided), life)
            if said == 1:
                return decided
            body = said
        raise StoreError("an account is tried too often at once to count it")

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries."""
        link = self._links.here()
        if key is not None:
            await link.change(self._prefix + key, "DEL", self._prefix + key)
            return
        keys = [found async for found in keys_of(link, self._prefix)]
        await link.many([("DEL", found) for found in keys])


def _read(body: bytes | None) -> Attempts:
    try:
        return NO_ATTEMPTS if body is None else _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(f"the tries of an account cannot be read: {error}") from error
