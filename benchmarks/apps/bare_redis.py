"""Starlette, and one GET through redis-py: the least that a session in Redis costs without guardhouse."""

from __future__ import annotations

import os
from hashlib import sha256

import redis.asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KEY = b"bare:" + sha256(b"session").digest()
client = redis.asyncio.Redis.from_url(os.environ["GUARDHOUSE_BENCH_REDIS"], max_connections=64)


async def me(_: Request) -> JSONResponse:
    """Read what the benchmark put there."""
    body = await client.get(KEY)
    assert body is not None, "the benchmark puts a value there"
    return JSONResponse({"id": 42})


async def answer(_: Request) -> JSONResponse:
    """Answer everybody."""
    return JSONResponse({"id": 42})


app = Starlette(
    routes=[Route("/me", me), Route("/do", me, methods=["POST"]), Route("/open", answer)],
)
