"""What the demo says where it has nothing: below a guarded prefix its guards speak first, and no cache keeps an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from fastapi import Request, Response
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Router
from starlette.types import Receive, Scope, Send


class Beyond:
    """The rest below a prefix, mounted after its routes: 405 where a path has other methods, 404 where there is none.

    Without it a router answers these before any guard, so that nobody is told of a forged DELETE, and everybody can
    find out which paths there are.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._router = Router([*routes], redirect_slashes=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the routes once more, under the whole path: that none of them answers is certain, what it says is not."""
        await self._router({**scope, "root_path": scope["app_root_path"]}, receive, send)


async def unkept(request: Request, error: Exception) -> Response:
    """Answer as FastAPI does; without a word a cache may keep a 404 or 405 for everybody (RFC 9110 15.1)."""
    response = await http_exception_handler(request, cast("HTTPException", error))
    response.headers.setdefault("Cache-Control", "no-store")
    return response
