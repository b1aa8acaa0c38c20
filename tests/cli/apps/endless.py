"""Endpoints and lifespans that do not end as they should."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from guardhouse.starlette import Guardhouse
from guardhouse.users.memory import MemoryUsers, User

house: Guardhouse[User] = Guardhouse(
    secret="ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM", users=MemoryUsers(), undeclared="open"
)


async def ticks() -> AsyncIterator[bytes]:
    while True:
        yield b"tick"
        await anyio.sleep(0.01)


@house.public
async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(ticks())


@house.public
async def wait(request: Request) -> None:
    await anyio.sleep_forever()


async def closed(socket: WebSocket) -> None:
    await socket.close()


app = Starlette(routes=[Route("/stream", stream), Route("/wait", wait), WebSocketRoute("/closed", closed)])
house.install(app)


@asynccontextmanager
async def stuck(app: Starlette) -> AsyncIterator[None]:
    yield
    raise OSError("it does not stop")


unstoppable = Starlette(routes=[Route("/stream", stream)], lifespan=stuck)
house.install(unstoppable)


class WithoutLifespan:
    """An application that knows nothing but requests, as older middleware does."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await self.app(scope, receive, send)


bare = WithoutLifespan(app)
