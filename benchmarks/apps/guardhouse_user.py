"""guardhouse on Starlette, sessions in memory: a decorator guards, and the endpoint asks for the user."""

from __future__ import annotations

from benchmarks.apps.guardhouse_starlette import application

app = application("memory:", with_user=True)
