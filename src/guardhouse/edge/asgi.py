"""The one layer around the application: hands every request a visit, and lets no response leave before it is stored.

Nothing is read before somebody asks: a request that no guard sees costs one small object and two plain calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guardhouse.core.answer import Refusal
from guardhouse.core.facts import SAFE_METHODS, Facts, Header, by_name
from guardhouse.core.proxy import seen_through
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Deny, Identity
from guardhouse.edge.answers import Closing, answer
from guardhouse.edge.form import FormReader, disconnected
from guardhouse.edge.net import Net
from guardhouse.edge.unquoting import MOST_BACKSLASHES, backslashes, turned_away
from guardhouse.errors import NotInstalledError, StoreError
from guardhouse.gate.glance import Glance, glance
from guardhouse.gate.lookup import Users, user_of
from guardhouse.gate.parts import Parts
from guardhouse.gate.refused import refused
from guardhouse.gate.visit import Visit
from guardhouse.house import Guardhouse

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

SCOPE_KEY = "guardhouse"

Admit = Callable[[Visit, Stack], Awaitable[Any]]

BeforeBody = Callable[["Passage", Scope], Awaitable[None]]

_MERGED = frozenset({b"vary", b"cache-control"})

_LEAVING = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


class Layer:
    """The ASGI middleware that `install` puts around an application."""

    def __init__(  # noqa: PLR0913 - handed on by Starlette, each with a default but the first two
        self,
        app: ASGIApp,
        house: Guardhouse[Any],
        before_body: BeforeBody | None = None,
        at_first: Callable[[Any], None] | None = None,
        net: Net | None = None,
        *,
        unquotes: bool = False,
    ) -> None:
        self.app = app
        self._unquotes = unquotes
        self._net = net
        self.house = house
        self._before_body = before_body
        self._at_first = at_first

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Hand on the inner coroutine instead of wrapping it in one more."""
        kind = scope["type"]
        if self._at_first is not None and kind != "lifespan":
            self._at_first(scope.get("app"))
            self._at_first = None
        if kind == "http":
            passage = Passage(self.house, scope.get(SCOPE_KEY))
            if scope["method"] not in SAFE_METHODS:
                passage.form = FormReader(receive, scope["headers"])
                receive = passage.form.receive
            if self._before_body is not None:
                passage.before_body = self._before_body
                receive = partial(_receive, passage, scope, receive)
        elif kind == "lifespan":
            return self.app(scope, receive, send)
        else:
            passage = Passage(self.house, scope.get(SCOPE_KEY), deniable=deniable(scope))
        scope[SCOPE_KEY] = passage
        if self._unquotes and backslashes(scope["headers"]) > MOST_BACKSLASHES:
            return _turn_away(passage, scope, receive, send)
        return self.app(scope, receive, _Leaving(passage, scope, self._net, send).send)


class Passage(Struct, eq=False):
    """One connection on its way through the layer.

    It holds neither the scope that holds it nor the server's channels, which know the scope: a cycle would leave every
    request to the garbage collector. A struct, because it is made for every request, also where nobody asks.
    """

    house: Guardhouse[Any]
    outer: Passage | None = None
    form: FormReader | None = None
    """Reads the body of an unsafe request, which may hold a CSRF token."""
    before_body: BeforeBody | None = None
    """What must speak before the first byte of a body is read."""
    seen: Glance | None = None
    entered: Visit | None = None
    users: Users | None = None
    by: Stack | None = None
    """What has let this connection in last."""
    left: bool = False
    """Whether the headers of the answer are on their way."""
    replaced: bool = False
    """Whether an answer of ours went out in place of the application's."""
    deniable: bool = True
    """Whether a WebSocket can be answered as a request is, before it is accepted."""

    def __repr__(self) -> str:
        return f"Passage({self.entered!r})"

    def identity(self, scope: Scope, stack: Stack) -> Identity | None:
        """Say at a glance whom the stack believes; None is no answer, for that the visit is there."""
        if self.entered is not None:
            return None if stack.guests else self.visit(scope).identity_in(stack)
        seen = self.seen
        if seen is None:
            if stack.sole is None or scope["type"] != "http":
                return None
            seen = self.seen = glance(self.house.parts, stack, scope["headers"], safe=self.form is None)
        return seen.identity if seen.stack == stack.name else None

    def known(self) -> Users:
        """Return the users whom somebody has looked up for this connection, to be added to."""
        if self.users is None:
            self.users = {}
        return self.users

    def visit(self, scope: Scope) -> Visit:
        """Return the visit of this connection, made when somebody first asks for it."""
        visit = self.entered
        if visit is None:
            visit = self.entered = Visit(
                self.house.parts, facts_of(scope, self.house), self.form, self.known()
            )
            if self.seen is not None:
                visit.take_up(self.seen)
        if self.left:
            _note_left(visit)
        params = scope.get("path_params")
        if params and params != visit.params:
            visit.stand_at(params)
        visit.route = scope.get("route")
        endpoint = scope.get("endpoint")
        if endpoint is not None:
            visit.endpoint = _name_of(endpoint)
        return visit


async def _turn_away(passage: Passage, scope: Scope, receive: Receive, send: Send) -> None:
    response = await turned_away(passage, passage.visit(scope))
    await response(scope, receive, _Leaving(passage, scope, None, send).send)


def _name_of(endpoint: object) -> str:
    """Name a function, a class, or the class of a mounted application."""
    named: Any = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{named.__module__}.{named.__qualname__}"


def _receive(passage: Passage, scope: Scope, receive: Receive) -> Awaitable[Message]:
    """Let the guards of the route speak before the application hears the first of a body."""
    before_body, passage.before_body = passage.before_body, None
    return (
        receive()
        if before_body is None or passage.left
        else _receive_after(before_body(passage, scope), receive)
    )


async def _receive_after(asked: Awaitable[None], receive: Receive) -> Message:
    await asked
    return await receive()


class _Leaving(Struct, eq=False):
    """The way out of one connection. Only who answers holds it, so the passage in the scope makes no cycle of it."""

    passage: Passage
    scope: Scope
    net: Net | None
    out: Send

    def send(self, message: Message) -> Awaitable[None]:
        """Pass everything on but the moment of leaving, when what changed must be stored first."""
        kind, passage = message["type"], self.passage
        if kind in _LEAVING:
            visit, seen, passage.left = passage.entered, passage.seen, True
            if seen is None and passage.by is None and self.net is not None:
                self._look(self.net, message)
            if visit is None:
                return self.out(message if seen is None else _dressed(message, seen.vary))
            if visit.clean:
                return self.out(_dressed(message, visit.vary))
            return _leave(passage, visit, self.out, message)
        if passage.replaced:
            return _nothing()
        if passage.form is not None and kind == "http.response.body" and not message.get("more_body"):
            passage.form.end()
        return self.out(message)

    def _look(self, net: Net, message: Message) -> None:
        if id(self.scope.get("endpoint")) not in net.passed:
            net.look(self.passage, self.scope, message)


async def _leave(passage: Passage, visit: Visit, send: Send, message: Message) -> None:
    trouble = await _settled(visit)
    _note_left(visit)
    if trouble is None:
        await send(_dressed(message, visit.vary, visit.cookies(), visit.said))
        return
    passage.replaced = True
    refusal = (await refused(visit, trouble)).refusal
    if passage.deniable:
        kind = "websocket" if visit.facts.websocket else "http"

        async def dressed(said: Message) -> None:
            await send(_dressed(said, visit.vary, (), visit.said) if said["type"] in _LEAVING else said)

        await answer(refusal, visit.facts, passage.house)({"type": kind}, disconnected, dressed)
    else:
        await Closing(refusal, passage.house.explain)({"type": "websocket"}, disconnected, send)


def _note_left(visit: Visit) -> None:
    """Let whoever changes the session from now on hear that it is too late."""
    visit.carried.leave(partial(visit.parts.watch.note_late, endpoint=visit.endpoint))


def facts_of(scope: Scope, house: Guardhouse[Any]) -> Facts:
    """Read an ASGI scope; declared proxies may correct scheme and peer."""
    headers, scheme, client = scope["headers"], scope["scheme"], scope.get("client")
    peer = client[0] if client else None
    if house.proxies:
        peer, scheme = seen_through(peer, _page_scheme(scheme), headers, house.proxies)
    path, query, raw = scope["path"], scope.get("query_string", b""), scope.get("raw_path") or b""
    if scope["type"] == "websocket":
        single = by_name(headers)
        return Facts(
            "GET", path, headers, scheme, peer, websocket=True, query=query, single=single, raw_path=raw
        )
    method = scope["method"]
    # A safe request is asked for its cookie and little else; an unsafe one for all that tells where it comes from.
    single = None if method in SAFE_METHODS else by_name(headers)
    return Facts(method, path, headers, scheme, peer, query=query, single=single, raw_path=raw)


def deniable(scope: Scope) -> bool:
    """Whether the server can answer a WebSocket as it does a request (ASGI, Websocket Denial Response)."""
    return "websocket.http.response" in (scope.get("extensions") or {})


def house_of(scope: Scope, parts: Parts | None = None) -> Guardhouse[Any]:
    """Find the house with these parts among those around a connection; without parts the innermost."""
    passage: Passage = scope[SCOPE_KEY]
    found: Passage | None = passage
    while found is not None and found.house.parts is not parts:
        found = found.outer
    return (found or passage).house


def visit_of(connection: HTTPConnection, house: Guardhouse[Any]) -> Visit:
    """Find the visit of a connection at this house."""
    return passage_in(connection.scope, house).visit(connection.scope)


def passage_in(scope: Scope, house: Guardhouse[Any]) -> Passage:
    """Find the passage through this house; a mounted application may have put one of its own inside ours."""
    passage: Passage | None = scope.get(SCOPE_KEY)
    while passage is not None and passage.house is not house:
        passage = passage.outer
    if passage is None:
        raise NotInstalledError
    return passage


async def admit(scope: Scope, house: Guardhouse[Any], stack: Stack) -> Any:  # noqa: ANN401 - a caller, or None for a guest
    """Let this connection in as whom the stack believes it is, or raise the refusal: what stands at a route asks this."""
    passage = passage_in(scope, house)
    caller: Any = passage.identity(scope, stack)
    if caller is None:
        caller = await house.enter(passage.visit(scope), stack)
    passage.by = stack
    return caller


async def asked(scope: Scope, house: Guardhouse[Any], stack: Stack, admit: Admit) -> Any:  # noqa: ANN401 - whoever `admit` lets in
    """Return the user whom the stack believes, or whom `admit` lets in; only a question, not a guard of the route."""
    passage: Passage | None = scope.get(SCOPE_KEY)
    if (
        passage is None or passage.house is not house
    ):  # mostly it is the innermost, and no call is needed to find it
        passage = passage_in(scope, house)
    return passage.identity(scope, stack) or await admit(passage.visit(scope), stack)


async def user_in(
    scope: Scope, house: Guardhouse[Any], stack: Stack, admit: Admit, *, enters: bool = True
) -> Any:  # noqa: ANN401 - the application's own type
    """Return the user whom the stack believes about this connection; `admit` deals with what a glance cannot."""
    passage = passage_in(scope, house)
    identity = passage.identity(scope, stack)
    try:
        found = None if identity is None else await user_of(house.parts, identity, passage.known())
    except StoreError:
        found = None
    if found is None or type(found) is Deny:  # what is wrong, the visit says
        found = await admit(passage.visit(scope), stack)
    if enters:
        passage.by = stack
    return found


async def _nothing() -> None:
    """Answer for a message that must not leave."""


async def _settled(visit: Visit) -> Refusal | None:
    """Store what changed; when that fails, nothing of the response may leave as if it had not."""
    try:
        if await visit.settle():
            return None
    except StoreError as error:
        return Refusal(Reason.STORE_UNAVAILABLE, "store", {"trouble": str(error)}, retry_after=5)
    return Refusal(Reason.SESSION_GONE, "session")


def _dressed(
    message: Message,
    depends_on: frozenset[bytes],
    cookies: Sequence[bytes] = (),
    said: tuple[Header, ...] = (),
) -> Message:
    """Add what depends on the visitor: Vary, no-store, cookies, and what the steps had to say."""
    if not (depends_on or said):
        return message
    dressed = {**message}  # not by `|`, nor beside another entry: both make one more dict, at every answer
    headers: list[Header] = [*message.get("headers", ()), *said]
    dressed["headers"] = headers
    if depends_on:
        for name, _ in headers:
            if name == b"vary" or name == b"cache-control":  # noqa: PLR1714 - a set would hash each name of every answer
                headers[:] = _merged(headers, depends_on, keep=not cookies)
                break
        else:
            headers += _marks(depends_on)
        if cookies:
            headers += [(b"set-cookie", line) for line in cookies]
    return dressed


def _merged(headers: Sequence[Header], depends_on: frozenset[bytes], *, keep: bool) -> list[Header]:
    """Join what the application says itself about caching, where it keeps the answer to one visitor."""
    merged: list[Header] = [header for header in headers if header[0] not in _MERGED]
    (_, vary), (_, cache) = _marks(depends_on)
    for name, value in headers:
        if name == b"vary":
            vary = _joined(value, vary)
        elif name == b"cache-control" and keep and _private(value):
            cache = value
    return [*merged, (b"vary", vary), (b"cache-control", cache)]


@cache  # a house has few stacks
def _marks(depends_on: frozenset[bytes]) -> tuple[Header, Header]:
    return (b"vary", b", ".join(sorted(depends_on))), (b"cache-control", b"no-store")


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
