"""Litestar's session authentication with its store in Redis."""

from __future__ import annotations

import os

from litestar.stores.redis import RedisStore

from benchmarks.apps.litestar_application import application

app = application(sessions=RedisStore.with_client(url=os.environ["GUARDHOUSE_BENCH_REDIS"]))
