"""Litestar alone."""

from __future__ import annotations

from litestar import Litestar, get, post


@get(["/me", "/open"])
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}


@post("/do", status_code=200)
async def do() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}


app = Litestar([answer, do], openapi_config=None, logging_config=None)
