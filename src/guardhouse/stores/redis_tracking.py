"""Bodies that were read lately, served again for as long as Redis is known to tell of every change.

What vouches is a PING that was answered: a body may be served until `TRUST_SECONDS` after the last such PING was *sent*,
and no longer. So nobody has to notice that a connection is half dead. It is checked at each read, not by a timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Protocol, TypeAlias

from guardhouse.errors import StoreError
from guardhouse.stores.redis_url import RedisAddress
from guardhouse.stores.redis_wire import Wire, tls_of

TRUST_SECONDS = 0.5
PING_SECONDS = 0.1
AGE_SECONDS = 10.0
"""For how long a body is served at most: the bound where a master was replaced and does not know it."""
MOST_BYTES = 32 * 2**20
PAUSE_SECONDS = 0.5
"""How long to wait before connecting again."""

Body: TypeAlias = bytes | None
Node: TypeAlias = tuple[str, int]


class Masters(Protocol):
    """Says where the masters are."""

    async def __call__(self, *, again: bool) -> Sequence[Node]:
        """Say it; `again` where one that was known does not answer."""
        ...


class Tracking:
    """What one event loop keeps. Each master tells on a wire of its own; while one is missing, nothing is served."""

    def __init__(
        self,
        address: RedisAddress,
        read: Callable[[bytes], Awaitable[Body]],
        masters: Masters,
        node_of: Callable[[bytes], Node | None],
    ) -> None:
        self._address = address
        self._prefixes = [f"{address.prefix}:{kind}:".encode() for kind in "st"]
        self._read = read
        self._masters = masters
        self._node_of = node_of
        self._kept: dict[bytes, tuple[bytes, float]] = {}
        self._bytes = 0
        self._coming: dict[bytes, object] = {}
        """Reads under way, by key; one that is told of meanwhile is taken out, and not kept."""
        self._wires: dict[Node, Wire] = {}
        self._tls = tls_of(address)
        self._complete = False
        self.trusted_until = 0.0
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def read(self, key: bytes) -> Body:
        """Read what lies under a key: from here where that is vouched for, else from Redis."""
        now = monotonic()
        if now >= self.trusted_until:
            return await self._read(key)
        kept = self._kept.get(key)
        if kept is not None and now < kept[1]:
            return kept[0]
        return await self._read_and_keep(key, now)

    async def _read_and_keep(self, key: bytes, now: float) -> Body:
        reading = self._coming[key] = object()
        try:
            body = await self._read(key)
        finally:
            still = self._coming.get(key) is reading
            if still:
                del self._coming[key]
        if still and body is not None and self._node_of(key) in self._wires:
            self._drop(key)
            self._kept[key] = body, now + AGE_SECONDS
            self._bytes += len(body)
            while self._bytes > MOST_BYTES:
                self._drop(next(iter(self._kept)))
        return body

    def forget(self, key: bytes) -> None:
        """Drop what this process has changed itself: it must see that at once, not when it is told."""
        self._drop(key)
        self._coming.pop(key, None)

    async def close(self) -> None:
        """Hang up."""
        self._keeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeper
        for wire in list(self._wires.values()):
            wire.close()
        self._doubt()

    def _drop(self, key: bytes) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= len(dropped[0])

    # -- what vouches -----------------------------------------------------------------------------------------------

    def _told(self, keys: Sequence[bytes] | None) -> None:
        if keys is None:
            self._forget_all()
            return
        for key in keys:
            self.forget(key)

    def _confirmed(self) -> None:
        """Serve for a while, where every wire has answered."""
        oldest = min((wire.confirmed for wire in self._wires.values()), default=0.0)
        if self._complete and oldest:
            self.trusted_until = oldest + TRUST_SECONDS

    def _doubt(self) -> None:
        """Serve nothing from here, before every master has a wire again."""
        self._complete = False
        self.trusted_until = 0.0
        self._forget_all()

    def _forget_all(self) -> None:
        self._kept.clear()
        self._coming.clear()
        self._bytes = 0

    async def _keep(self) -> None:
        """Hold a wire to each master, and ask them all the time."""
        while True:
            pause = PING_SECONDS
            try:
                again = not self._wires or not all(wire.open for wire in self._wires.values())
                await self._connect(await self._masters(again=again))
            except (StoreError, OSError):
                self._doubt()
                pause = PAUSE_SECONDS
            for wire in self._wires.values():
                wire.ping()
            await asyncio.sleep(pause)

    async def _connect(self, masters: Sequence[Node]) -> None:
        for node, wire in list(self._wires.items()):
            if node not in masters or not wire.open:
                wire.close()
                del self._wires[node]
        missing = [node for node in masters if node not in self._wires]
        if missing:
            self._doubt()
        for host, port in missing:
            self._wires[host, port] = await self._wire(host, port)
        self._complete = all(wire.open for wire in self._wires.values())

    async def _wire(self, host: str, port: int) -> Wire:
        loop = asyncio.get_running_loop()
        wire = Wire(self._told, self._confirmed, self._doubt)
        try:
            async with asyncio.timeout(self._address.timeout):
                await loop.create_connection(lambda: wire, host, port, ssl=self._tls)
                await wire.greet(self._address, self._prefixes)
        except BaseException:
            wire.close()
            raise
        return wire
