"""Traps of the frameworks: handlers that swallow refusals, and middleware that asks the house from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.sources import names_in
from guardhouse.doctor.subject import Inner, Subject, below
from guardhouse.edge.asgi import Layer
from guardhouse.edge.routes import place_of
from guardhouse.gate.refused import Refused

_STATUSES = (401, 403, 404, 429, 503)
"""What refusals answer; a handler for a status goes before the one for our exception."""

_FRAMEWORKS = ("starlette.", "fastapi.", "guardhouse.")
_VERBS = frozenset(
    {"user", "identity_of", "caller", "can", "authorize", "auth", "session", "csrf_token", "enter", "admit"}
)
"""What can be asked about a request only after it has passed the layer of the house."""


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    for one in subject.inner:
        yield from _handlers(subject, one)
    yield from _outside(subject)


def _handlers(subject: Subject, one: Inner) -> Iterator[Finding]:
    """Find handlers that a refusal reaches before ours, and that do not pass its headers on."""
    if one.prefix and not _refuses_inside(subject, one):
        return
    handlers: dict[Any, Any] = dict(getattr(one.app, "exception_handlers", {}))
    keys = [*_STATUSES, *(() if Refused in handlers else (HTTPException,))]
    for key in keys:
        handler = handlers.get(key)
        if handler is not None and _swallows(handler):
            what = f"{_name(handler)} of {one.name} answers {getattr(key, '__name__', key)}, and leaves out error.headers."
            fix = "Hand them on, Response(..., headers=error.headers), so that the code of the refusal stays readable."
            yield found("handler-swallows", place_of(handler), what, fix)


def _refuses_inside(subject: Subject, one: Inner) -> bool:
    """Whether a guard stands inside of a mounted application, so that its refusals meet its own handlers."""
    for info in subject.answering:
        if below(info.path, one.prefix) and any(guarding not in one.outside for guarding in info.guards):
            return True
    return False


def _swallows(handler: Any) -> bool:  # noqa: ANN401 - any callable
    module = str(getattr(handler, "__module__", ""))
    names = names_in(handler)
    passes_on = "headers" in names or any(name.endswith("exception_handler") for name in names)
    return bool(names) and not passes_on and not module.startswith(_FRAMEWORKS)


def _name(handler: Any) -> str:  # noqa: ANN401 - as above
    return str(getattr(handler, "__name__", type(handler).__name__))


def _outside(subject: Subject) -> Iterator[Finding]:
    """Find middleware of the application that was added after the house, and asks it."""
    for item in subject.inner[0].middleware:
        if item.cls is Layer and item.kwargs.get("house") is subject.house:
            return
        asking = _asking(item)
        if asking is not None and names_in(asking) & _VERBS and _knows(asking, subject.house):
            fix = "Add the middleware before house.install(app): what is added last stands outermost."
            what = f"{_name(asking)} asks the house, and stands outside of it."
            yield found("middleware-outside", place_of(asking), what, fix)


def _asking(item: Any) -> Any:  # noqa: ANN401 - a Middleware of Starlette
    """Find the function that sees the request."""
    if item.cls is BaseHTTPMiddleware:
        return item.kwargs.get("dispatch")
    return getattr(item.cls, "dispatch", None) or getattr(item.cls, "__call__", None)  # noqa: B004 - the method itself is wanted


def _knows(function: Any, house: object) -> bool:  # noqa: ANN401 - any callable
    """Whether one of the names that a function uses stands for this house."""
    names = names_in(function)
    cells = getattr(function, "__closure__", None) or ()
    known = getattr(function, "__globals__", {})
    return any(known.get(name) is house for name in names) or any(_held(cell) is house for cell in cells)


def _held(cell: Any) -> object:  # noqa: ANN401 - a cell of a closure
    try:
        return cell.cell_contents
    except ValueError:  # it is not filled yet
        return None
