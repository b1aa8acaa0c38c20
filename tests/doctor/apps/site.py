"""Starlette's own examples: routes in a list, mounts, a host, class endpoints, WebSockets, middleware, pages with a login."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from guardhouse import Area, MemoryUsers, SessionGuard, User
from guardhouse.starlette import Guardhouse
from guardhouse.steps.throttle import Throttle

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([User(id="1", email="ada@example.com")]),
    guards={"web": SessionGuard()},
    areas={
        "pages": Area(guards=("web",), answers="page"),
        "guests": Area(guards=("web",), guests=True, steps=(Throttle(10),)),
    },
    login_url="/login",
    store=os.environ["APP_STORE"],
)


@house.public
async def homepage(request: Request) -> Response:
    return HTMLResponse(f"<p>{request.url.path}</p>", background=BackgroundTask(print, "later"))


async def login(request: Request) -> Response:
    return JSONResponse(await house.auth(request).attempt(dict(request.query_params)) is not None)


async def account(request: Request) -> Response:
    async def numbers() -> AsyncGenerator[str]:
        yield (await house.user(request)).email

    return StreamingResponse(numbers())


class Profile(HTTPEndpoint):
    @house.requires("pages")
    async def get(self, request: Request) -> Response:
        return PlainTextResponse(f"Hello, {request.path_params['username']}")


class Echo(WebSocketEndpoint):
    encoding = "text"


async def not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return HTMLResponse("<h1>lost</h1>", status, headers=headers)


async def server_error(request: Request, error: Exception) -> Response:
    return HTMLResponse("<h1>sorry</h1>", 500)


class CustomHeaderMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, int]]:
    yield {"routes": len(app.routes)}


api = Router([Route("/users", account), Route("/users/{username:str}", Profile)])

app = Starlette(
    routes=[
        Route("/", homepage),
        Route("/login", login, methods=["GET", "POST"], middleware=[house.layer("guests")]),
        Route("/account", account, middleware=[house.layer("pages")]),
        Route("/user/{username}", Profile),
        WebSocketRoute("/ws", Echo, middleware=[house.layer("web")]),
        Mount("/v1", api, middleware=[house.layer("web")]),
        Host("api.example.org", Mount("/", api, middleware=[house.layer("web")]), name="api"),
        Mount("/static", house.public(StaticFiles(directory=Path(__file__).parent)), name="static"),
    ],
    middleware=[
        Middleware(TrustedHostMiddleware, allowed_hosts=["example.org", "*.example.org"]),
        Middleware(HTTPSRedirectMiddleware),
        Middleware(SessionMiddleware, secret_key="a key of its own, for what OAuth keeps"),
        Middleware(GZipMiddleware),
        Middleware(CustomHeaderMiddleware),
    ],
    exception_handlers={404: not_found, 500: server_error},
    lifespan=lifespan,
)
house.install(app)
