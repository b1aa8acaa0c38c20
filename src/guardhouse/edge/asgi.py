"""The one layer around the application: hands every request a visit, and lets no response leave before it is stored.

Nothing is read before somebody asks: a request that no guard sees costs one small object and two plain calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guardhouse.core.answer import Refusal
from guardhouse.core.facts import NOTHING_PRESENTED, SAFE_METHODS, Facts, Header, by_name
from guardhouse.core.proxy import seen_through
from guardhouse.core.reasons import Reason
from guardhouse.edge.answers import answer
from guardhouse.edge.form import FormReader, disconnected
from guardhouse.errors import NotInstalledError, StoreError
from guardhouse.house import Guardhouse
from guardhouse.parts import Parts
from guardhouse.refused import refused
from guardhouse.visit import Visit

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

SCOPE_KEY = "guardhouse"

BeforeBody = Callable[["Passage", Scope], Awaitable[None]]

_MERGED = frozenset({b"vary", b"cache-control"})

_LEAVING = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


class Layer:
    """The ASGI middleware that `install` puts around an application."""

    def __init__(
        self,
        app: ASGIApp,
        house: Guardhouse[Any],
        before_body: BeforeBody | None = None,
        at_first: Callable[[Any], None] | None = None,
    ) -> None:
        self.app = app
        self.house = house
        self._before_body = before_body
        self._at_first = at_first

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Hand on the inner coroutine instead of wrapping it in one more."""
        if scope["type"] not in ("http", "websocket"):
            return self.app(scope, receive, send)
        if self._at_first is not None:
            self._at_first(scope.get("app"))
            self._at_first = None
        passage = Passage(self.house, receive, send)
        if SCOPE_KEY in scope:
            passage.outer = scope[SCOPE_KEY]
        if scope["type"] == "http":
            if scope["method"] not in SAFE_METHODS:
                passage.unsafe = scope["headers"]
            if self._before_body is not None:
                passage.expect_body(scope, self._before_body)
        scope[SCOPE_KEY] = passage
        return self.app(scope, passage.receive, passage.send)


class Passage:
    """One connection on its way through the layer.

    The defaults stand on the class, so that a request nobody asks about pays for three attributes and no more. It
    never holds the scope that holds it: a cycle would leave every request to the garbage collector.
    """

    outer: Passage | None = None
    unsafe: Sequence[Header] | None = None
    """The headers of a request whose body may hold a CSRF token."""
    _visit: Visit | None = None
    _form: FormReader | None = None
    _before_body: Callable[[], Awaitable[None]] | None = None
    _replaced = False

    def __init__(self, house: Guardhouse[Any], receive: Receive, send: Send) -> None:
        self.house = house
        self._receive = receive
        self._send = send

    def visit(self, scope: Scope) -> Visit:
        """Return the visit of this connection, made when somebody first asks for it."""
        visit = self._visit
        if visit is None:
            form = self._form or self._reader()
            visit = self._visit = Visit(self.house.parts, facts_of(scope, self.house), form)
        return visit

    # -- in -----------------------------------------------------------------------------------------------------

    def expect_body(self, scope: Scope, before_body: BeforeBody) -> None:
        """Let the guards of the route speak before the first byte of a body is read."""
        self._before_body = partial(before_body, self, scope)

    def receive(self) -> Awaitable[Message]:
        """Hand on what comes, after what was read ahead."""
        if self._before_body is not None:
            return self._receive_first()
        form = self._form or self._reader()
        return self._receive() if form is None else form.receive()

    def _reader(self) -> FormReader | None:
        if self.unsafe is not None:
            self._form = FormReader(self._receive, self.unsafe)
        return self._form

    async def _receive_first(self) -> Message:
        before_body, self._before_body = self._before_body, None
        if before_body is not None:
            await before_body()
        return await self.receive()

    # -- out ----------------------------------------------------------------------------------------------------

    def send(self, message: Message) -> Awaitable[None]:
        """Pass everything on but the moment of leaving, when what changed must be stored first."""
        kind = message["type"]
        if kind in _LEAVING:
            visit, self._before_body = self._visit, None
            if visit is None:
                return self._send(message)
            return self._send(_dressed(message, visit.vary)) if visit.clean else self._leave(message, visit)
        if self._replaced:
            return _nothing()
        if kind == "http.response.body" and not message.get("more_body"):
            return self._end(message)
        return self._send(message)

    def _end(self, message: Message) -> Awaitable[None]:
        """Let go of the server: its channels know the scope that knows us, and would wait for the collector."""
        send, self._send, self._receive = self._send, _swallow, disconnected
        if self._form is not None:
            self._form.end()
        return send(message)

    async def _leave(self, message: Message, visit: Visit) -> None:
        trouble = await _settled(visit)
        if trouble is None:
            await self._send(_dressed(message, visit.vary, visit.cookies()))
            return
        self._replaced = True
        refusal = (await refused(visit, trouble)).refusal
        kind = "websocket" if visit.facts.websocket else "http"
        await answer(refusal, visit.facts, self.house)({"type": kind}, self._receive, self._send)


def facts_of(scope: Scope, house: Guardhouse[Any]) -> Facts:
    """Read an ASGI scope; declared proxies may correct scheme and peer."""
    client = scope.get("client")
    peer = client[0] if client else None
    scheme = scope["scheme"]
    if house.proxies:
        peer, scheme = seen_through(peer, _page_scheme(scheme), scope["headers"], house.proxies)
    websocket = scope["type"] == "websocket"
    method = "GET" if websocket else scope["method"]
    headers, query = scope["headers"], scope.get("query_string", b"")
    # A safe request is asked for its cookie and little else; an unsafe one for all that tells where it comes from.
    single = None if method in SAFE_METHODS else by_name(headers)
    return Facts(method, scope["path"], headers, scheme, peer, websocket, query, NOTHING_PRESENTED, single)


def house_of(scope: Scope, parts: Parts | None = None) -> Guardhouse[Any]:
    """Find the house with these parts among those around a connection; without parts the innermost."""
    passage: Passage = scope[SCOPE_KEY]
    found: Passage | None = passage
    while found is not None and found.house.parts is not parts:
        found = found.outer
    return (found or passage).house


def visit_of(connection: HTTPConnection, house: Guardhouse[Any]) -> Visit:
    """Find the visit of a connection at this house."""
    return visit_in(connection.scope, house)


def visit_in(scope: Scope, house: Guardhouse[Any]) -> Visit:
    """Find the visit at this house; a mounted application may have put a passage of its own inside ours."""
    passage: Passage | None = scope.get(SCOPE_KEY)
    while passage is not None and passage.house is not house:
        passage = passage.outer
    if passage is None:
        raise NotInstalledError
    return passage.visit(scope)


async def _nothing() -> None:
    """Answer for a message that must not leave."""


def _swallow(_: Message) -> Awaitable[None]:
    return _nothing()


async def _settled(visit: Visit) -> Refusal | None:
    """Store what changed; when that fails, nothing of the response may leave as if it had not."""
    try:
        if await visit.settle():
            return None
    except StoreError as error:
        return Refusal(Reason.STORE_UNAVAILABLE, "store", {"trouble": str(error)}, retry_after=5)
    return Refusal(Reason.SESSION_GONE, "session")


def _dressed(message: Message, depends_on: frozenset[bytes], cookies: Sequence[bytes] = ()) -> Message:
    """Add what depends on the visitor: Vary, no-store, cookies."""
    if not depends_on:
        return message
    vary, cache = _vary_line(depends_on), b"no-store"
    headers: list[Header] = []
    for header in message.get("headers", ()):
        if header[0] not in _MERGED:
            headers.append(header)
        elif header[0] == b"vary":
            vary = _joined(header[1], vary)
        elif _private(header[1]) and not cookies:
            cache = header[1]
    headers += ((b"vary", vary), (b"cache-control", cache))
    if cookies:
        headers += [(b"set-cookie", line) for line in cookies]
    message["headers"] = headers
    return message


@lru_cache(maxsize=256)
def _vary_line(names: frozenset[bytes]) -> bytes:
    return b", ".join(sorted(names))


@lru_cache(maxsize=256)
def _joined(already: bytes, vary: bytes) -> bytes:
    present = {name.strip().lower() for name in already.split(b",")}
    if b"*" in present:
        return already
    return b", ".join([already, *(name for name in vary.split(b", ") if name.lower() not in present)])


@lru_cache(maxsize=256)
def _private(cache_control: bytes) -> bool:
    """Accept a bare `private` or `no-store` of the application; with an argument it is about one header only.

    Anything else could leave one visitor's answer to all.
    """
    directives = {part.strip() for part in cache_control.lower().split(b",")}
    return bool(directives & {b"private", b"no-store"}) and b"public" not in directives


def _page_scheme(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)
