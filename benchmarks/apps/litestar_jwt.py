"""Litestar's JWT authentication with the token in Authorization, and its users in a dict."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, get, post
from litestar.connection import ASGIConnection
from litestar.security.jwt import JWTAuth, Token

USERS = {"42": {"id": 42}}


async def user_of(token: Token, _: ASGIConnection[Any, Any, Any, Any]) -> dict[str, int] | None:
    """Find the user whom the token is about."""
    return USERS.get(token.sub)


auth = JWTAuth[dict[str, int]](
    retrieve_user_handler=user_of,
    token_secret="a secret of the benchmark, thirty-two bytes or more",  # noqa: S106
    exclude=["/open", "/login"],
)


@post("/login", status_code=200)
async def login() -> dict[str, str]:
    """Hand out a token."""
    return {"access_token": auth.create_token("42")}


@get("/me")
async def me(request: Request[dict[str, int], Token, Any]) -> dict[str, int]:
    """Answer who is logged in."""
    return {"id": request.user["id"]}


@post("/do", status_code=200)
async def do(request: Request[dict[str, int], Token, Any]) -> dict[str, int]:
    """Answer who is logged in."""
    return {"id": request.user["id"]}


@get("/open")
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}


app = Litestar(
    [login, me, do, answer], on_app_init=[auth.on_app_init], openapi_config=None, logging_config=None
)
