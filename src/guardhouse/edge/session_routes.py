"""A user's own sessions over HTTP: list them as devices, end one, end all the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import to_builtins
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guardhouse.auth import Auth
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Identity
from guardhouse.edge.bodies import unprocessable
from guardhouse.errors import ConfigError
from guardhouse.guards.session import SessionGuard
from guardhouse.stacks import Asked
from guardhouse.steps.confirmed import WITHIN, Confirmed
from guardhouse.tokens import desks_of

NO_STORE = {"Cache-Control": "no-store"}


def session_routes(
    house: Any,  # noqa: ANN401 - a house of either framework
    *asked: Asked,
    path: str = "/sessions",
    fresh: timedelta = WITHIN,
) -> Sequence[BaseRoute]:
    """Make the routes `GET path`, `DELETE path/{id}` and `DELETE path`, behind the stack that is asked for.

    Who asks must have given his password within `fresh` (ASVS 7.5.2), at the login or through `auth.confirm(password)`:
    so no token lists or ends a session. Raises `ConfigError` where the store cannot tell whose a session is.
    """
    devices = house.devices(_session_guard(house.stack(*asked)))
    devices.refuse_unlisted()
    guard = devices.guard
    token_desks = desks_of(house, guard.provider)
    layer = [house.layer(*asked, Confirmed(fresh))]

    async def desk(request: Request) -> Auth[Any]:
        await house.user(request)  # who is gone, or has another password by now, is told so
        identity: Identity = await house.identity_of(request)
        found: Auth[Any] = house.auth(request, identity.guard)
        return found

    async def listed(request: Request) -> Response:
        devices = await (await desk(request)).devices()
        return JSONResponse({"sessions": to_builtins(devices)}, 200, NO_STORE)

    async def end(request: Request) -> Response:
        there = await (await desk(request)).end_device(request.path_params["id"])
        return Response(status_code=204 if there else 404, headers=NO_STORE)

    async def end_others(request: Request) -> Response:
        tokens_too = request.query_params.get("tokens", "false")
        if tokens_too not in {"true", "false"}:
            return unprocessable("tokens", "it is true or false")
        told = {"ended": await (await desk(request)).end_other_devices()}
        if tokens_too == "true":
            user = await house.user(request)
            told["tokens"] = sum([await tokens.revoke_all(user) for tokens in token_desks])
        return JSONResponse(told, 200, NO_STORE)

    return [
        Route(path, listed, methods=["GET"], middleware=layer),
        Route(path, end_others, methods=["DELETE"], middleware=layer),
        Route(f"{path}/{{id}}", end, methods=["DELETE"], middleware=layer),
    ]


def _session_guard(stack: Stack) -> str:
    """Find the guard whose users have sessions to list."""
    for guard in stack.ambient:
        if isinstance(guard, SessionGuard):
            return guard.name
    fix = "None of its guards keeps a session, so there is none to list: name a session guard."
    raise ConfigError("session_routes", stack.name, fix)
