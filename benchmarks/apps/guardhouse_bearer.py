"""guardhouse on Starlette, for programs that send a token in Authorization: no cookie is read."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.apps.bearers import ADA, SECRET, USERS, issuer, jwt_guard
from guardhouse import TokenGuard
from guardhouse.starlette import Guardhouse


def application(guard: str, store: str = "memory:", *, remember: int = 1024) -> Starlette:
    """Build the application with that guard before its routes: `token`, or `jwt` of which so many are remembered."""
    house = Guardhouse(
        secret=SECRET,
        users=USERS,
        store=store,
        guards={"token": TokenGuard(), "jwt": jwt_guard(remember)},
        public_url="https://bench.example",
        undeclared="open",  # `me` asks by itself, which no check can see
    )

    async def me(request: Request) -> JSONResponse:
        identity = await house.identity_of(request, guard)
        return JSONResponse({"id": int(identity.user_id)})

    @house.public
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({"id": 42})

    @house.public
    async def login(_: Request) -> JSONResponse:
        token = (
            issuer.issue(ADA.id)
            if guard == "jwt"
            else (await house.tokens("token").issue(ADA, "bench")).plain
        )
        return JSONResponse({"access_token": token})

    app = Starlette(
        routes=[
            Route("/me", me),
            Route("/do", me, methods=["POST"]),
            Route("/open", answer),
            Route("/login", login, methods=["POST"]),
        ],
    )
    house.install(app)
    return app
