"""starsessions with its store in Redis."""

from __future__ import annotations

import os

import redis.asyncio
from starsessions.stores.redis import RedisStore

from benchmarks.apps.starsessions_application import application

client = redis.asyncio.Redis.from_url(os.environ["GUARDHOUSE_BENCH_REDIS"], max_connections=64)
app = application(RedisStore(connection=client))
