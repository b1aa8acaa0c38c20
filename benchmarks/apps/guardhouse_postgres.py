"""guardhouse on Starlette, sessions in PostgreSQL."""

from __future__ import annotations

import os

from benchmarks.apps.guardhouse_starlette import application

app = application(os.environ["GUARDHOUSE_BENCH_POSTGRES"] + "?create=true")
