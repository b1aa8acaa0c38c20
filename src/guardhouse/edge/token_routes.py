"""A user's own tokens over HTTP: issue one and see it this once, list them, take one back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guardhouse.core.verdict import Identity
from guardhouse.edge.bodies import read_json, unprocessable
from guardhouse.stacks import Asked
from guardhouse.tokens import FARTHEST, TokenWishError, TooBroadError, token_document

NO_STORE = {"Cache-Control": "no-store"}


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody wants: a name, what the token is to be good for, and for how many seconds."""

    name: str
    abilities: list[str] = msgspec.field(default_factory=lambda: ["*"])
    expires_in: Annotated[int, msgspec.Meta(le=int(FARTHEST))] | None = None


def token_routes(
    house: Any,  # noqa: ANN401 - a house of either framework
    *asked: Asked,
    path: str = "/tokens",
    guard: str | None = None,
) -> Sequence[BaseRoute]:
    """Make the routes `POST path`, `GET path` and `DELETE path/{id}`, behind the stack that is asked for.

    Who comes by token gets none that may do more than his own, or lives longer. `guard` names the token guard whose
    tokens they are, where a house has several.
    """
    tokens = house.tokens(guard)
    layer = [house.layer(*asked)]

    async def issue(request: Request) -> Response:
        wish = await read_json(request, Wish)
        identity: Identity = await house.identity_of(request)
        user = await house.user(request)
        ends = None if wish.expires_in is None else house.parts.clock() + wish.expires_in
        try:
            issued = await tokens.issue(user, wish.name, abilities=wish.abilities, expires=ends, by=identity)
        except TokenWishError as error:
            return unprocessable(
                error.field, error.problem, status=403 if isinstance(error, TooBroadError) else 422
            )
        return JSONResponse(token_document(issued.record) | {"token": issued.plain}, 201, NO_STORE)

    async def listed(request: Request) -> Response:
        records = await tokens.list(await house.user(request))
        return JSONResponse({"tokens": [token_document(record) for record in records]}, 200, NO_STORE)

    async def revoke(request: Request) -> Response:
        there = await tokens.revoke(await house.user(request), request.path_params["id"])
        return Response(status_code=204 if there else 404, headers=NO_STORE)

    return [
        Route(path, issue, methods=["POST"], middleware=layer),
        Route(path, listed, methods=["GET"], middleware=layer),
        Route(f"{path}/{{id}}", revoke, methods=["DELETE"], middleware=layer),
    ]
