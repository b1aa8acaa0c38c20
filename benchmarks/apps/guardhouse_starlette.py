"""guardhouse on Starlette, over the store that is handed in."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import MemoryUsers, User
from guardhouse.starlette import Guardhouse

ADA = User(id="42", email="ada@example.com")


def application(store: str, *, with_user: bool = False) -> Starlette:
    """Build the application with its sessions in that store; ask for the identity, or for the user as the README does."""
    house = Guardhouse(
        secret="a secret of the benchmark, thirty-two bytes or more",  # noqa: S106
        users=MemoryUsers([ADA]),
        store=store,
        public_url="https://bench.example",
        undeclared="open",  # `me` asks by itself, which no check can see
    )

    async def me(request: Request) -> JSONResponse:
        identity = await house.identity_of(request, "web")
        return JSONResponse({"id": int(identity.user_id)})

    @house.requires("web")
    async def who(request: Request) -> JSONResponse:
        return JSONResponse({"id": int((await house.user(request)).id)})

    mine = who if with_user else me

    @house.public
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({"id": 42})

    @house.public
    async def login(request: Request) -> JSONResponse:
        await house.auth(request).login(ADA)
        return JSONResponse({})

    app = Starlette(
        routes=[
            Route("/me", mine),
            Route("/do", mine, methods=["POST"]),
            Route("/open", answer),
            Route("/login", login, methods=["POST"]),
        ],
    )
    house.install(app)
    return app
