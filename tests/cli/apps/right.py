"""An application in which there is nothing to mend."""

from __future__ import annotations

import secrets

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse import SessionGuard, User
from guardhouse.starlette import Guardhouse
from guardhouse.users.memory import MemoryUsers

house = Guardhouse(
    secret=secrets.token_urlsafe(32),
    users=MemoryUsers([User(id="1", email="ada@example.com")]),
    guards={"web": SessionGuard()},
    debug=True,
)


async def login(request: Request) -> Response:
    """Log in."""
    return JSONResponse(await house.auth(request).attempt(await request.json()) is not None)


@house.requires("web")
async def me(request: Request) -> Response:
    """Answer whoever is logged in."""
    return JSONResponse((await house.user(request)).email)


app = Starlette(routes=[Route("/login", house.public(login), methods=["POST"]), Route("/me", me)])
house.install(app)
