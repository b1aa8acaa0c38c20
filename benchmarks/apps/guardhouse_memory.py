"""guardhouse on Starlette, sessions in memory."""

from __future__ import annotations

from benchmarks.apps.guardhouse_starlette import application

app = application("memory:")
