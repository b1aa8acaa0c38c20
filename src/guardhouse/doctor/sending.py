"""Requests into an application of this process, by the letters of ASGI: started, asked once or often, and stopped again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from guardhouse.core.facts import DEFAULT_PORTS, WEBSOCKET, Header
from guardhouse.edge.asgi import SCOPE_KEY, Passage

_ACCEPTED, _CLOSED = 101, 403
PATIENCE = 30.0
"""Seconds after which an answer that has not ended is taken as it is."""

LONGEST_BODY = 1 << 20
"""Bytes after which the rest of an answer is not kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it is sent."""

    method: str
    url: str
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    def scope(self) -> dict[str, Any]:
        """Write the ASGI scope."""
        parts = urlsplit(self.url)
        socket = self.method == WEBSOCKET
        scheme = {"http": "ws", "https": "wss"}[parts.scheme] if socket else parts.scheme
        own = (
            []
            if any(name == b"host" for name, _ in self.headers)
            else [(b"host", parts.netloc.encode("ascii", "replace"))]
        )
        extensions: dict[str, Any] = {"websocket.http.response": {}} if socket else {}
        scope: dict[str, Any] = {
            "type": "websocket" if socket else "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": scheme,
            "path": unquote(parts.path) or "/",
            "raw_path": parts.path.encode("ascii", "ignore"),
            "query_string": parts.query.encode("ascii", "ignore"),
            "root_path": "",
            "headers": [*own, *self.headers],
            "client": ("127.0.0.1", 50000),
            "server": (parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]),
            "extensions": extensions,
        }
        own_keys: dict[str, Any] = {"subprotocols": []} if socket else {"method": self.method}
        return scope | own_keys


@dataclass(slots=True)
class Answered:
    """What came back; `failure` is the exception that the application raised, `scope` what it made of the request."""

    scope: Scope
    status: int | None = None
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    """The beginning of what came, as long as it is not too long to be a page."""
    failure: Exception | None = None

    @property
    def passages(self) -> Iterator[Passage]:
        """The passages through the houses, the outermost first."""
        found: list[Passage] = []
        passage: Passage | None = self.scope.get(SCOPE_KEY)
        while passage is not None:
            found.append(passage)
            passage = passage.outer
        return reversed(found)

    async def take(self, message: Message) -> None:
        """Take one message of the application."""
        kind: str = message["type"]
        if kind in ("http.response.start", "websocket.http.response.start"):
            self.status, self.headers = message["status"], tuple(message.get("headers", ()))
        elif kind == "http.response.body" and len(self.body) < LONGEST_BODY:
            self.body += message.get("body", b"")
        elif kind == "websocket.accept":
            self.status, self.headers = _ACCEPTED, tuple(message.get("headers", ()))
        elif kind == "websocket.close" and self.status is None:
            self.status = _CLOSED


class LifespanError(Exception):
    """The application did not start, or did not stop; the cause is what it raised."""


@dataclass(frozen=True, slots=True)
class Running:
    """An application that was started and takes requests."""

    app: ASGIApp
    state: Mapping[str, Any]

    async def send(self, asked: Asked, around: AbstractContextManager[object]) -> Answered:
        """Send one request inside of `around`."""
        answered = Answered(asked.scope() | {"state": dict(self.state)})
        # A response may stream without end; all there is to know left with its headers.
        with around, anyio.move_on_after(PATIENCE) as waiting:
            try:
                await self.app(answered.scope, _incoming(asked), answered.take)
            except WebSocketDisconnect:
                pass  # what an endpoint meets when the visitor leaves, as this one does at once
            except Exception as error:  # noqa: BLE001 - whatever an endpoint raises; a server would log it and go on
                answered.failure = error
        if waiting.cancelled_caught and answered.status is None:
            answered.failure = TimeoutError()
        return answered


async def send(app: ASGIApp, asked: Asked, around: AbstractContextManager[object]) -> Answered:
    """Start the application, send it one request inside of `around`, and stop it."""
    async with started(app) as running:
        return await running.send(asked, around)


def _incoming(asked: Asked) -> Receive:
    """Hand in the request, then nothing but that the visitor has left."""
    socket = asked.method == WEBSOCKET
    first: Message = {"type": "websocket.connect"} if socket else {"type": "http.request", "body": asked.body}
    last: Message = {"type": "websocket.disconnect", "code": 1000} if socket else {"type": "http.disconnect"}
    waiting = iter([first])

    async def receive() -> Message:
        return next(waiting, last)

    return receive


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncGenerator[Running]:
    """Run the lifespan around requests, so that the checks at start run and what they open is closed."""
    lifespan = _Lifespan(app)
    up, trouble = False, None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lifespan.run)
        await lifespan.settled.wait()
        up = lifespan.failure is None
        if up:
            try:
                yield Running(app, lifespan.state)
            except Exception as error:  # noqa: BLE001 - of whoever asks: it leaves as itself, and after the application has stopped
                trouble = error
        lifespan.leaving.set()
    if trouble is not None:
        raise trouble
    if lifespan.failure is not None:
        raise LifespanError("stopping" if up else "starting") from lifespan.failure


class _Lifespan:
    """The lifespan of an application; one that does not know the protocol is taken as started, as servers do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._asked = False
        self.state: dict[str, Any] = {}
        self.settled = anyio.Event()
        self.leaving = anyio.Event()
        self.failure: BaseException | None = None

    async def run(self) -> None:
        """Run the application's lifespan to its end."""
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        send_to: Send = self._take
        try:
            await self._app(scope, self._receive, send_to)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an application does at its start
            if self._asked:
                self.failure = error
        self.settled.set()

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        await self.leaving.wait()
        return {"type": "lifespan.shutdown"}

    async def _take(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            self.settled.set()


def header(text: str) -> Header:
    """Read `Name: value`."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not text.isprintable():
        raise ValueError("write 'Name: value'")
    return name.strip().lower().encode("ascii"), value.strip().encode("latin-1")


def cookie_header(pairs: Sequence[str]) -> tuple[Header, ...]:
    """Put cookies into the one header that browsers send."""
    return ((b"cookie", "; ".join(pairs).encode("latin-1")),) if pairs else ()
