"""fastapi-users with a token in a cookie that Redis knows, and its users in a dict: no CSRF check."""

from __future__ import annotations

import os

import redis.asyncio
from fastapi_users.authentication import CookieTransport, RedisStrategy

from benchmarks.apps.fastapi_users_application import User, application

client = redis.asyncio.Redis.from_url(
    os.environ["GUARDHOUSE_BENCH_REDIS"], decode_responses=True, max_connections=64
)


def by_redis() -> RedisStrategy[User, int]:
    """Look the token up, as the documentation does."""
    return RedisStrategy(client, lifetime_seconds=3600)


app = application("redis", CookieTransport(cookie_secure=True), by_redis)
