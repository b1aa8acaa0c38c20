"""guardhouse on Starlette, sessions sealed into the cookie, without a store."""

from __future__ import annotations

from benchmarks.apps.guardhouse_starlette import application

app = application("sealed:")
