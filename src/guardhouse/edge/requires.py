"""The decorator that guards an endpoint, whatever kind of function it is and wherever it takes its request."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.requests import HTTPConnection, Request

from guardhouse.edge.asgi import admit
from guardhouse.edge.routes import REQUIRED_MARK, Guarding, inner_of
from guardhouse.errors import ConfigError

Endpoint = Callable[..., Any]

_EXTRA = "guardhouse_connection"
"""The parameter through which FastAPI hands over the connection; it goes by the annotation."""


def guarded(endpoint: Endpoint, guarding: Guarding) -> Endpoint:
    """Wrap an endpoint; the mark on the inner one lets the start check find routes that bypass the wrapper."""
    _refuse_unwrappable(endpoint, guarding)
    asynchronous = _is_async(endpoint)
    house, stack = guarding.house, guarding.stack

    @functools.wraps(endpoint)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passes on what the framework gives
        connection = kwargs.pop(_EXTRA) if _EXTRA in kwargs else _connection(args, kwargs)
        await admit(connection.scope, house, stack)
        if asynchronous:
            return await endpoint(*args, **kwargs)
        return await run_in_threadpool(endpoint, *args, **kwargs)

    wrapper.__signature__ = _with_connection(endpoint)  # type: ignore[attr-defined]
    wrapper.guarding = guarding  # type: ignore[attr-defined]
    _mark(endpoint, guarding)
    return wrapper


def _refuse_unwrappable(endpoint: Endpoint, guarding: Guarding) -> None:
    if inspect.isclass(endpoint):
        fix = "Decorate its methods, or use Route(middleware=[house.layer(...)])."
        raise ConfigError("requires", endpoint.__name__, fix)
    if inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint):
        fix = (
            f'A generator starts after the answer; use dependencies=[house.require("{guarding.stack.name}")].'
        )
        raise ConfigError("requires", endpoint.__name__, fix)


def _is_async(endpoint: Endpoint) -> bool:
    called = getattr(endpoint, "__call__", None)  # noqa: B004 - an object with an async __call__ is meant
    return inspect.iscoroutinefunction(endpoint) or inspect.iscoroutinefunction(called)


def _mark(endpoint: Endpoint, guarding: Guarding) -> None:
    """Mark all that a route could lead to without passing the wrapper; a method of an instance takes no mark."""
    inner: Any = endpoint
    while inner is not None:
        with suppress(AttributeError):
            setattr(inner, REQUIRED_MARK, (*getattr(inner, REQUIRED_MARK, ()), guarding))
        inner = inner_of(inner)


def _with_connection(endpoint: Endpoint) -> inspect.Signature:
    """Ask FastAPI for the connection where the endpoint itself does not; Starlette hands it over in any case."""
    signature = _signature(endpoint)
    parameters = list(signature.parameters.values())
    if any(_is_connection(parameter.annotation) for parameter in parameters):
        return signature
    extra = inspect.Parameter(_EXTRA, inspect.Parameter.KEYWORD_ONLY, annotation=HTTPConnection)
    takes_all = bool(parameters) and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    parameters.insert(len(parameters) - takes_all, extra)
    return signature.replace(parameters=parameters)


def _signature(endpoint: Endpoint) -> inspect.Signature:
    try:
        return inspect.signature(endpoint, eval_str=True)
    except Exception:  # noqa: BLE001 - an annotation may be for type checkers only, and then raises what it likes
        return inspect.signature(endpoint)


def _is_connection(annotation: object) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, HTTPConnection)


def _connection(args: tuple[Any, ...], kwargs: dict[str, Any]) -> HTTPConnection:
    for value in (*args, *kwargs.values()):
        if type(value) is Request or isinstance(value, HTTPConnection):  # the exact type is cheaper to ask
            return cast("HTTPConnection", value)
    for value in args:
        if isinstance(value, HTTPEndpoint | WebSocketEndpoint):
            return HTTPConnection(value.scope)
    raise ConfigError("requires", "a call without a request", "Hand the request on to the guarded function.")
