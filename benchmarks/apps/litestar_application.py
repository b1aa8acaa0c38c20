"""Litestar's session authentication and its CSRF middleware, over the store that is handed in."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, get, post
from litestar.config.csrf import CSRFConfig
from litestar.connection import ASGIConnection
from litestar.middleware.session.server_side import ServerSideSessionBackend, ServerSideSessionConfig
from litestar.security.session_auth import SessionAuth
from litestar.stores.base import Store

USERS = {42: {"id": 42}}


async def user_of(session: dict[str, Any], _: ASGIConnection[Any, Any, Any, Any]) -> dict[str, int] | None:
    """Find the user whom the session names."""
    return USERS.get(session.get("user_id", 0))


auth = SessionAuth[dict[str, int], ServerSideSessionBackend](
    retrieve_user_handler=user_of,
    session_backend_config=ServerSideSessionConfig(secure=True),
    exclude=["/open", "/login"],
)


@post("/login", status_code=200)
async def login(request: Request[Any, Any, Any]) -> dict[str, int]:
    """Remember the user."""
    request.set_session({"user_id": 42})
    return {}


@get("/me")
async def me(request: Request[dict[str, int], Any, Any]) -> dict[str, int]:
    """Answer who is logged in."""
    return {"id": request.user["id"]}


@post("/do", status_code=200)
async def do(request: Request[dict[str, int], Any, Any]) -> dict[str, int]:
    """Answer who is logged in."""
    return {"id": request.user["id"]}


@get("/open")
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}


def application(**stores: Store) -> Litestar:
    """Build the application; without a store named `sessions` they lie in memory."""
    return Litestar(
        [login, me, do, answer],
        on_app_init=[auth.on_app_init],
        csrf_config=CSRFConfig(secret="a secret of the benchmark", cookie_secure=True, exclude=["/login"]),  # noqa: S106
        openapi_config=None,
        logging_config=None,
        stores=dict(stores),
    )
