"""Starlette's own SessionMiddleware and AuthenticationMiddleware: a signed cookie, no revocation, no CSRF check."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser, SimpleUser, requires
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import Route


class SessionBackend(AuthenticationBackend):
    """Believe what the signed session says."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        """Make a user of the name in the session."""
        name = conn.session.get("user")
        return None if name is None else (AuthCredentials(["authenticated"]), SimpleUser(name))


async def login(request: Request) -> JSONResponse:
    """Remember the user."""
    request.session["user"] = "42"
    return JSONResponse({})


@requires("authenticated", status_code=401)
async def me(request: Request) -> JSONResponse:
    """Answer who is logged in."""
    return JSONResponse({"id": int(request.user.display_name)})


async def answer(_: Request) -> JSONResponse:
    """Answer everybody."""
    return JSONResponse({"id": 42})


app = Starlette(
    routes=[
        Route("/me", me),
        Route("/do", me, methods=["POST"]),
        Route("/open", answer),
        Route("/login", login, methods=["POST"]),
    ],
    middleware=[
        Middleware(SessionMiddleware, secret_key="a secret of the benchmark", https_only=True),  # noqa: S106
        Middleware(AuthenticationMiddleware, backend=SessionBackend()),
    ],
)
