"""The demo's package area: a panel that somebody else might have written, which only Ada may enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from guardhouse.core.promise import NeedsCsrf, NeedsIdentity, NeedsRule
from guardhouse.demo.books import PEOPLE
from guardhouse.packages import Package
from guardhouse.steps.can import Can
from guardhouse.users.memory import User

RULE = "view-admin"


def is_ada(user: User) -> bool:
    """Whether this is Ada: she may see the panel, and act in the place of others."""
    return user.email == PEOPLE[0][1]


def routes(house: Any) -> Sequence[BaseRoute]:  # noqa: ANN401 - the house that mounts it
    """Make the routes of the panel."""

    async def panel(request: Request) -> Response:
        user = await house.user(request)
        tokens = await house.tokens().list(user)
        return JSONResponse({"admin": user.email, "tokens": len(tokens)})

    return [Route("/", panel)]


ADMIN = Package(
    "admin",
    routes,
    guards=("web",),
    steps=(Can(RULE),),
    promises=(NeedsIdentity(), NeedsCsrf(), NeedsRule(RULE)),
)
