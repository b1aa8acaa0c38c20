"""Starlette, and one read over a pool of asyncpg: the least that a session in PostgreSQL costs without guardhouse."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KEY = sha256(b"session").digest()
pool: dict[str, Any] = {}


async def me(_: Request) -> JSONResponse:
    """Read what the benchmark put there."""
    if not pool:
        pool["pool"] = await asyncpg.create_pool(
            os.environ["GUARDHOUSE_BENCH_POSTGRES"], min_size=10, max_size=10
        )
    async with pool["pool"].acquire() as connection:
        body = await connection.fetchval("SELECT body FROM bare_sessions WHERE key = $1", KEY)
    assert body is not None, "the benchmark puts a row there"
    return JSONResponse({"id": 42})


async def answer(_: Request) -> JSONResponse:
    """Answer everybody."""
    return JSONResponse({"id": 42})


app = Starlette(
    routes=[Route("/me", me), Route("/do", me, methods=["POST"]), Route("/open", answer)],
)
