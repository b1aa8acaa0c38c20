"""starsessions, which loads the session before every request; it has no CSRF check."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starsessions import SessionAutoloadMiddleware, SessionMiddleware
from starsessions.stores.base import SessionStore


async def login(request: Request) -> JSONResponse:
    """Remember the user."""
    request.session["user_id"] = 42
    return JSONResponse({})


async def me(request: Request) -> JSONResponse:
    """Answer who is logged in."""
    user_id = request.session.get("user_id")
    if user_id is None:
        raise HTTPException(401)
    return JSONResponse({"id": user_id})


async def answer(_: Request) -> JSONResponse:
    """Answer everybody."""
    return JSONResponse({"id": 42})


def application(store: SessionStore) -> Starlette:
    """Build the application with its sessions in that store."""
    return Starlette(
        routes=[
            Route("/me", me),
            Route("/do", me, methods=["POST"]),
            Route("/open", answer),
            Route("/login", login, methods=["POST"]),
        ],
        middleware=[
            Middleware(SessionMiddleware, store=store, lifetime=3600),
            Middleware(SessionAutoloadMiddleware),
        ],
    )
