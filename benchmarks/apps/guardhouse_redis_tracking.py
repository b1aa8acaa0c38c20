"""guardhouse on Starlette, sessions in Redis, kept in the process while Redis tells of changes."""

from __future__ import annotations

import os

from benchmarks.apps.guardhouse_starlette import application

app = application(os.environ["GUARDHOUSE_BENCH_REDIS"] + "?cache=tracking")
