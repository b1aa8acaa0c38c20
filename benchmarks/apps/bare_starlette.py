"""Starlette alone: what every other cost is divided by."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def answer(_: Request) -> JSONResponse:
    """Answer everybody."""
    return JSONResponse({"id": 42})


app = Starlette(
    routes=[Route("/me", answer), Route("/do", answer, methods=["POST"]), Route("/open", answer)],
)
