"""guardhouse on Starlette, sessions sealed into the cookie, with epochs in memory."""

from __future__ import annotations

from benchmarks.apps.guardhouse_starlette import application

app = application("sealed:memory:")
