"""The house on Starlette: install it, guard routes and mounts, and ask who is there."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar, TypeVar, Unpack, cast

from anyio import create_task_group
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from guardhouse import house
from guardhouse.auth import Auth
from guardhouse.config import settings
from guardhouse.core.area import Area, Stacked, Step
from guardhouse.core.rule import Granted
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Caller, Decision, Identity
from guardhouse.edge import ruling
from guardhouse.edge.also import Also, also
from guardhouse.edge.answers import Closing, answer
from guardhouse.edge.asgi import (
    BeforeBody,
    Layer,
    admit,
    asked,
    deniable,
    facts_of,
    house_of,
    passage_in,
    user_in,
    visit_of,
)
from guardhouse.edge.checks import check
from guardhouse.edge.net import Net
from guardhouse.edge.requires import guarded
from guardhouse.edge.routes import PUBLIC_MARK, Guarding
from guardhouse.errors import ConfigError, StoreError
from guardhouse.gate.outage import unavailable
from guardhouse.gate.refused import Refused
from guardhouse.packages import Package
from guardhouse.stacks import Asked
from guardhouse.state.session import Session

U = TypeVar("U")
F = TypeVar("F", bound=Callable[..., Any])
A = TypeVar("A", bound=Any)


class Guardhouse(house.Guardhouse[U]):
    """A house for Starlette applications."""

    _unquotes: ClassVar[bool] = False
    """Whether the framework unquotes all cookies of every request, wanted or not."""

    def install(self, app: Starlette, *, public: Sequence[str] = ()) -> None:
        """Put the house around an application, before it starts.

        Adds one ASGI layer, the rendering of refusals, and the checks at start: a route that looks guarded and is
        not stops the application. `public` are paths of routes that the framework added by itself and that are
        open to everybody, such as `/docs`.
        """
        layer = cast("Any", Layer)
        if any(item.cls is layer and item.kwargs.get("house") is self for item in app.user_middleware):
            raise ConfigError(
                "install", "this house, a second time", "Install a house once on an application."
            )
        app.add_middleware(
            layer,
            house=self,
            before_body=self._before_body(),
            at_first=functools.partial(self._start, app),
            net=Net(app, self) if self.undeclared == "refuse" else None,
            unquotes=self._unquotes,
        )
        self.installed_on = app
        app.add_exception_handler(Refused, _on_refused)
        app.add_exception_handler(StoreError, _on_store_error)
        app.router.lifespan_context = self._checked_lifespan(app, app.router.lifespan_context)
        _open(app, public)
        self.freeze()

    def layer(self, *asked: Asked, **wanted: Unpack[Also]) -> Middleware:
        """Guard a route or a mount: `Route(..., middleware=[house.layer("api", "throttle:60,1", factors=2)])`."""
        guarding = Guarding(self.stack(*also(asked, **wanted)), "layer", self)
        return Middleware(cast("Any", GuardLayer), guarding=guarding)

    def requires(self, *asked: Asked, **wanted: Unpack[Also]) -> Callable[[F], F]:
        """Guard an endpoint: `@house.requires("web", fresh=timedelta(minutes=10))`.

        Written above the decorator that makes it a route, it is an error at start.
        """
        guarding = Guarding(self.stack(*also(asked, **wanted)), "requires", self)

        def guard(endpoint: F) -> F:
            return cast("F", guarded(endpoint, guarding))

        return guard

    def public(self, endpoint: A) -> A:
        """Say that an endpoint, or a mounted application, is open to everybody."""
        setattr(endpoint, PUBLIC_MARK, True)
        return endpoint

    async def user(self, connection: HTTPConnection, *names: str) -> U:
        """Return the user whom this connection's guard let in, or whom the named guards let in now."""
        stack = self.stack(*names) if names else self._answered(connection)
        found: U = await user_in(connection.scope, self, stack, self.admit_user, enters=False)
        return found

    def identity_of(self, connection: HTTPConnection, *names: str) -> Awaitable[Identity]:
        """Return whom this connection's guard believed, without looking the user up."""
        stack = self.stacks.of_all(names) if names else self._answered(connection)
        return asked(connection.scope, self, stack, self.admit)

    def caller(self, connection: HTTPConnection, *names: str) -> Awaitable[Caller]:
        """Return the user's identity, or the program that called in its own name."""
        stack = self.stack(*names) if names else self._answered(connection)
        return asked(connection.scope, self, stack, self.admit_caller)

    async def can(self, connection: HTTPConnection, ability: object, /, *about: Any) -> bool:  # noqa: ANN401 - any things
        """Whether a rule lets whoever sends this connection do that: `house.can(request, "update", post)`."""
        return await ruling.can(self, connection, ability, *about)

    async def authorize(self, connection: HTTPConnection, ability: object, /, *about: Any) -> Granted:  # noqa: ANN401 - as above
        """Ask a rule, and raise the refusal for a no: 403, 404 where it hides the thing, 401 for nobody."""
        return await ruling.authorize(self, connection, ability, *about)

    def auth(self, connection: HTTPConnection, name: str | None = None) -> Auth[U]:
        """Return the desk of a session guard: `attempt`, `login`, `logout`."""
        return self.desk(visit_of(connection, self), name)

    async def session(self, connection: HTTPConnection) -> Session:
        """Load the visitor's session; what is changed in it is stored before the response leaves."""
        return await visit_of(connection, self).carried.open()

    def csrf_token(self, connection: HTTPConnection) -> str:
        """Make a CSRF token for a page: for a meta tag, or for the hidden field `_token`."""
        return visit_of(connection, self).carried.csrf_token()

    async def csrf_cookie(self, request: Request) -> Response:
        """Answer 204 with the XSRF-TOKEN cookie; mount it as an endpoint for single-page applications."""
        visit_of(request, self).carried.offer_csrf_cookie()
        return Response(status_code=204)

    def mount(  # noqa: PLR0913 - keyword-only, each with the safe default
        self,
        app: Starlette,
        path: str,
        package: Package,
        *,
        area: str | None = None,
        guards: Sequence[str] = (),
        steps: Sequence[Step | Stacked] = (),
        without: Sequence[str] = (),
        name: str = "",
    ) -> Stack:
        """Mount a package, and return the stack that it gets; `print` it to read what runs.

        `guards` replace those that the package proposes, `steps` are added, `without` names steps of the package to
        leave out; `area` puts it into an area of yours, whose guards and steps come first. Raises `ConfigError` when
        what becomes of it breaks a promise that the package relies on.
        """
        within = self._area(area) if area is not None else None
        asked = guards or (within.guards if within else package.guards) or (self.default,)
        made = package.area(asked, steps, without)
        if within is not None:
            made = replace(
                within,
                guards=made.guards,
                steps=(*within.steps, *made.steps),
                notes=(*within.notes, *made.notes),
            )
        stack = self.add_area(name or package.name, made)
        package.refuse_broken(made, stack)
        app.router.routes.append(
            Mount(path, routes=package.routes(self), middleware=[self.layer(stack.name)])
        )
        return stack

    def _area(self, name: str) -> Area:
        if name not in self.areas:
            raise settings.unknown("area", name, self.areas)
        return self.areas[name]

    def check(self, app: Starlette) -> None:
        """Raise `ConfigError` for a route that looks guarded and is not, or for a step that could not work."""
        check(app, self)
        self.stacks.check(self.parts)

    def _before_body(self) -> BeforeBody | None:
        """Name what must speak before a body is read; on Starlette the guards of a route do so by themselves."""
        return None

    def _answered(self, connection: HTTPConnection) -> Stack:
        """Go on with the guard that let this connection in, not with whatever is the default."""
        return passage_in(connection.scope, self).by or self.stack()

    def _start(self, app: Starlette, _: object = None) -> None:
        self.check(app)

    def _checked_lifespan(self, app: Starlette, inner: Any) -> Any:  # noqa: ANN401 - Starlette's lifespan type
        @asynccontextmanager
        async def lifespan(asgi: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401 - as above
            self._start(app)
            try:
                await self.open()
                async with _beside(self.sweep), inner(asgi) as state:
                    yield state
            finally:
                await self.close()

        return lifespan


@asynccontextmanager
async def _beside(work: Callable[[], Coroutine[Any, Any, None]]) -> AsyncGenerator[None, None]:
    """Let something run as long as the application does; what the application raises stays what it is."""
    try:
        async with create_task_group() as tasks:
            tasks.start_soon(work)
            yield
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


class GuardLayer:
    """ASGI middleware that lets nobody pass whom its stack does not believe; on a route, a router or a mount."""

    def __init__(self, app: ASGIApp, guarding: Guarding) -> None:
        self.app = app
        self.guarding = guarding
        self._answers = _handlers_inside(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            house, stack = self.guarding.house, self.guarding.stack
            try:
                await admit(scope, house, stack)
            except Refused as error:
                await self._refuse(error, scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _refuse(self, error: HTTPException, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise for the handlers around a route; around a whole application there are none, so answer here."""
        if not self._answers:
            raise error
        response = await _on_refused(HTTPConnection(scope), error)
        await response(scope, receive, send)


def _open(app: Starlette, paths: Sequence[str]) -> None:
    """Mark the routes of these paths as public."""
    for path in paths:
        found = [route for route in app.routes if getattr(route, "path", None) == path]
        if not found:
            raise settings.unknown(
                "install(public=...)", path, [getattr(route, "path", "") for route in app.routes]
            )
        for route in found:
            setattr(route, PUBLIC_MARK, True)


def _handlers_inside(app: Any) -> bool:  # noqa: ANN401 - any ASGI application
    """Whether the exception handlers stand inside of this middleware, where nothing raised here reaches them."""
    while app is not None and not isinstance(app, ExceptionMiddleware):
        app = getattr(app, "app", None)
    return app is not None


async def _on_refused(connection: HTTPConnection, error: Exception) -> Response:
    refusal = cast("Refused", error)
    house = house_of(connection.scope, refusal.parts)
    if _unanswerable(connection):
        return Closing(refusal.refusal, house.explain)
    return answer(refusal.refusal, facts_of(connection.scope, house), house)


def _unanswerable(connection: HTTPConnection) -> bool:
    """Whether this is a WebSocket that can only be closed: it was accepted, or its server cannot deny it in words."""
    if connection.scope["type"] != "websocket":
        return False
    accepted = isinstance(connection, WebSocket) and connection.application_state is WebSocketState.CONNECTED
    return accepted or not deniable(connection.scope)


async def _on_store_error(connection: HTTPConnection, error: Exception) -> Response:
    house, trouble = house_of(connection.scope), unavailable(cast("StoreError", error))
    refusal = await house.refused(visit_of(connection, house), Decision("", trouble, (trouble,)))
    return await _on_refused(connection, refusal)
