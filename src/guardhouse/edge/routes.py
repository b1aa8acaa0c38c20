"""Every route of an application as one flat list, with what guards it: the ground under start checks and the CLI."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

from starlette.routing import BaseRoute, Host, Mount, Router

from guardhouse.core.facts import SAFE_METHODS
from guardhouse.core.stack import Stack

Kind: TypeAlias = Literal["http", "websocket", "mount", "other"]

PUBLIC_MARK = "__guardhouse_public__"
REQUIRED_MARK = "__guardhouse_required__"
"""On a function, what wrappers around it ask. A route that leads to the function itself does not ask it."""

_HANDLERS = ("get", "head", "post", "put", "patch", "delete", "options", "on_connect")
"""What a class endpoint answers with."""


@dataclass(frozen=True, slots=True)
class Guarding:
    """One guard found on a route: which stack it asks, through which means."""

    stack: Stack
    means: str
    house: Any = field(repr=False, compare=False)


Guardings: TypeAlias = tuple[Guarding, ...]


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """One route as a visitor can reach it."""

    path: str
    methods: tuple[str, ...]
    kind: Kind
    endpoint: Any
    route: BaseRoute
    context: Any = None
    """The effective route of FastAPI, where routers were included; it knows the guards of the inclusion."""
    guards: Guardings = ()
    public: bool = False
    path_format: str = ""
    """The path as OpenAPI writes it."""
    dropped: Guardings = ()
    """Layers that stand in the source of this route and not in the running application."""
    promised: Guardings = ()
    """What the routers around it ask by dependencies, which reach FastAPI's own kind of routes only."""

    @property
    def where(self) -> str:
        """Say in which file and line the endpoint stands."""
        return place_of(self.endpoint)

    @property
    def unsafe(self) -> bool:
        """Whether something may be changed here: by a method that is not safe, by any where none is named, by a WebSocket."""
        return self.kind != "http" or bool(set(self.methods or ("*",)) - SAFE_METHODS)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the applications and mounts around a route say about it."""

    prefix: str = ""
    guards: Guardings = ()
    promised: Guardings = ()
    public: bool = False


_NOTHING = _Around()


def walk(app: Any, around: _Around = _NOTHING) -> Iterator[RouteInfo]:  # noqa: ANN401 - any ASGI application
    """Walk an application: its routes, the included ones, and the mounted applications below."""
    inside = replace(around, guards=(*around.guards, *_layers_of_application(app)))
    promised = dict(_promises(getattr(app, "router", app), ()))
    for route, context in _effective(app):
        asked = promised.get(id(getattr(context, "original_route", route)), ())
        yield from _visit(route, context, replace(inside, promised=(*inside.promised, *asked)))


def _effective(app: Any) -> Iterator[tuple[BaseRoute, Any]]:  # noqa: ANN401 - any ASGI application
    """List the routes; FastAPI keeps included routers as a tree and offers its own public walk over it."""
    routes = list(getattr(app, "routes", None) or [])
    try:
        from fastapi.routing import iter_route_contexts  # noqa: PLC0415 - only where FastAPI is there
    except ImportError:
        yield from ((route, None) for route in routes)
        return
    for context in iter_route_contexts(routes):
        effective = getattr(context, "_route_context", None)
        starlette_route = getattr(effective, "starlette_route", None)
        yield starlette_route or context.original_route, context


def _promises(router: Any, outer: Guardings) -> Iterator[tuple[int, Guardings]]:  # noqa: ANN401 - a router of either framework
    """Say for each route, by its identity, what the routers around it ask by dependencies.

    FastAPI keeps an included router as a route that knows the router and the inclusion, under names of its own. A
    version without them promises nothing here, and only the check that reads this becomes blind.
    """
    asked = (*outer, *_guardings(getattr(router, "dependencies", ())))
    for route in getattr(router, "routes", None) or ():
        included = getattr(route, "original_router", None)
        if included is None:
            yield id(route), asked
        else:
            inclusion = getattr(getattr(route, "include_context", None), "dependencies", ())
            yield from _promises(included, (*asked, *_guardings(inclusion)))


def _guardings(dependencies: Any) -> Guardings:  # noqa: ANN401 - a list of FastAPI's Depends
    found = (getattr(getattr(item, "dependency", None), "guarding", None) for item in dependencies)
    return tuple(guarding for guarding in found if isinstance(guarding, Guarding))


def _visit(route: BaseRoute, context: Any, around: _Around) -> Iterator[RouteInfo]:  # noqa: ANN401 - FastAPI's own type, where it is there
    path = around.prefix + str(getattr(context, "path", None) or getattr(route, "path", ""))
    layers = layers_of(getattr(route, "app", None))
    found = (*around.guards, *layers)
    public = around.public or is_public(route)
    if isinstance(route, Mount | Host):
        inner = _innermost(route.app)
        public = public or is_public(inner)
        yield RouteInfo(
            path, (), "mount", inner, route, context, found, public, path, promised=around.promised
        )
        if getattr(inner, "routes", None):
            yield from walk(inner, _Around(path, found, around.promised, public))
        return
    endpoint = getattr(route, "endpoint", None)
    yield RouteInfo(
        path,
        tuple(sorted(getattr(context, "methods", None) or getattr(route, "methods", None) or ())),
        _kind(route),
        endpoint,
        route,
        context,
        (*found, *dependencies_of(context or route), *_wrapped(endpoint)),
        public or is_public(endpoint),
        around.prefix + str(getattr(context, "path_format", None) or getattr(route, "path_format", "")),
        _dropped(context, layers),
        around.promised,
    )


def _dropped(context: Any, at_work: Guardings) -> Guardings:  # noqa: ANN401 - FastAPI's own type
    """Compare a route with what FastAPI's include_router made of it."""
    written = layers_of(getattr(getattr(context, "original_route", None), "app", None))
    return tuple(layer for layer in written if layer not in at_work)


def layers_of(app: Any) -> Guardings:  # noqa: ANN401 - any ASGI application
    """Read the guarding middleware around an application, outermost first."""
    found: list[Guarding] = []
    while app is not None:
        guarding = getattr(app, "guarding", None)
        if isinstance(guarding, Guarding):
            found.append(guarding)
        app = getattr(app, "app", None) if not isinstance(app, Router) else None
    return tuple(found)


def _layers_of_application(app: Any) -> Guardings:  # noqa: ANN401 - any ASGI application
    """Read the guarding middleware that an application, or a router, has for all its routes."""
    if isinstance(app, Router):
        return layers_of(app.middleware_stack)
    added: list[Mapping[str, Any]] = [item.kwargs for item in getattr(app, "user_middleware", ())]
    found = [kwargs.get("guarding") for kwargs in added]
    return tuple(guarding for guarding in found if isinstance(guarding, Guarding))


def dependencies_of(route: Any) -> Guardings:  # noqa: ANN401 - a route or FastAPI's effective one
    """Read the guards among FastAPI's dependencies, those of the routers around it included."""
    found = (getattr(call, "guarding", None) for call in dependency_calls(getattr(route, "dependant", None)))
    return tuple(guarding for guarding in found if isinstance(guarding, Guarding))


def dependency_calls(dependant: Any) -> Iterator[Any]:  # noqa: ANN401 - FastAPI's own type
    """List what FastAPI calls before an endpoint, in its order."""
    for sub in getattr(dependant, "dependencies", ()):
        yield sub.call
        yield from dependency_calls(sub)


def _wrapped(endpoint: Any) -> Guardings:  # noqa: ANN401 - any callable
    """Read the guards of `requires`; a class is guarded when everything it answers with is."""
    if inspect.isclass(endpoint):
        handlers = [_wrapped(getattr(endpoint, name)) for name in _HANDLERS if hasattr(endpoint, name)]
        return tuple(found for handler in handlers for found in handler) if all(handlers) else ()
    found: dict[int, Guarding] = {}
    while endpoint is not None:
        guarding = getattr(endpoint, "guarding", None)
        if isinstance(guarding, Guarding):
            found[id(guarding)] = guarding
        endpoint = inner_of(endpoint)
    return tuple(found.values())


def inner_of(endpoint: Any) -> Any:  # noqa: ANN401 - any callable
    """Look one wrapper deeper: what `functools.wraps` or `functools.partial` was applied to."""
    return endpoint.func if isinstance(endpoint, partial) else getattr(endpoint, "__wrapped__", None)


def _innermost(app: Any) -> Any:  # noqa: ANN401 - any ASGI application
    """Look through middleware to the application that has routes."""
    while app is not None and not hasattr(app, "routes") and hasattr(app, "app"):
        app = app.app
    return app


def _kind(route: BaseRoute) -> Kind:
    name = type(route).__name__
    if "WebSocket" in name:
        return "websocket"
    return "http" if getattr(route, "endpoint", None) is not None else "other"


def is_public(endpoint: Any) -> bool:  # noqa: ANN401 - any callable
    """Whether somebody said that this is open to all."""
    while isinstance(endpoint, partial):
        endpoint = endpoint.func
    return bool(getattr(endpoint, PUBLIC_MARK, False))


def place_of(endpoint: Any) -> str:  # noqa: ANN401 - any callable
    """Say where something was written: the file and line of a function, the name of a class."""
    inner = endpoint
    while (deeper := inner_of(inner)) is not None:
        inner = deeper
    code = getattr(inner, "__code__", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    kind = inner if isinstance(inner, type) else type(inner)
    return f"{kind.__module__}.{kind.__qualname__}"
