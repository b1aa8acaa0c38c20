"""One connection on which Redis tells what has changed, and which is asked all the time whether it still would.

Answers and tellings come in one order: the answer to a PING proves that whatever changed before it has been told. An
`asyncio.Protocol` of its own, because what is told must count the moment it arrives, not when a task gets its turn.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any, TypeAlias, cast

import hiredis

from guardhouse.errors import StoreError
from guardhouse.stores.redis_url import RedisAddress

Told: TypeAlias = Callable[[Sequence[bytes] | None], None]
"""Called with the keys that have changed; None is all of them."""


class Wire(asyncio.Protocol):
    """A connection that tells of every key that begins with one of the prefixes."""

    def __init__(self, told: Told, confirmed: Callable[[], None], lost: Callable[[], None]) -> None:
        self._told = told
        self._on_confirmed = confirmed
        self._on_loss = lost
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._pings: deque[float] = deque()
        self._greeting: deque[asyncio.Future[Any]] = deque()
        self.confirmed = 0.0
        """Everything that changed before this moment has been told."""

    @property
    def open(self) -> bool:
        """Whether it is connected, as far as anybody knows."""
        return self._transport is not None

    async def greet(self, address: RedisAddress, prefixes: Iterable[bytes]) -> None:
        """Ask to be told. Raise `StoreError` where that is refused, or this is no master."""
        who = (
            (b"AUTH", (address.username or "default").encode(), address.password.encode())
            if address.password
            else ()
        )
        hello = await self._ask(b"HELLO", b"3", *who, b"SETNAME", b"guardhouse-tracking")
        role = cast("dict[bytes, Any]", hello).get(b"role") if isinstance(hello, dict) else None
        if role != b"master":
            raise StoreError(f"a {role!r} tells of no changes in time")
        wanted = [word for prefix in prefixes for word in (b"PREFIX", prefix)]
        await self._ask(b"CLIENT", b"TRACKING", b"ON", b"BCAST", *wanted)

    def ping(self) -> None:
        """Ask whether it is still there."""
        if self._transport is not None and not self._transport.is_closing():
            self._pings.append(monotonic())
            self._transport.write(_packed(b"PING"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whoever hung up."""
        self._transport = None
        for waiting in self._greeting:
            if not waiting.done():
                waiting.set_exception(StoreError(f"the connection that tells of changes was closed: {exc}"))
        self._on_loss()

    def data_received(self, data: bytes) -> None:
        """Take what was told, and answers."""
        self._reader.feed(data)
        try:
            while (said := self._reader.gets()) is not False:
                self._take(said)
        except hiredis.HiredisError:
            self.close()

    def _take(self, said: Any) -> None:  # noqa: ANN401 - as Redis answers
        if isinstance(said, hiredis.PushNotification):
            kind, keys = cast("list[Any]", said)[:2]
            if kind == b"invalidate":
                self._told(keys)
        elif self._greeting:
            self._greeting.popleft().set_result(said)
        elif said == b"PONG" and self._pings:
            self.confirmed = self._pings.popleft()
            self._on_confirmed()
        else:
            self.close()  # it says something else, so what it says is not understood

    async def _ask(self, *words: bytes) -> Any:  # noqa: ANN401 - as Redis answers
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            raise StoreError("the connection that tells of changes was closed")
        self._greeting.append(answer)
        self._transport.write(_packed(*words))
        said = await answer
        if isinstance(said, hiredis.ReplyError):
            raise StoreError(f"Redis tells of no changes: {said}")
        return said


def tls_of(address: RedisAddress) -> ssl.SSLContext | None:
    """Make what a connection trusts, if it is to be TLS."""
    return ssl.create_default_context(cafile=address.ca) if address.tls else None


def _packed(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
