"""Litestar's session authentication with its store in memory."""

from __future__ import annotations

from benchmarks.apps.litestar_application import application

app = application()
