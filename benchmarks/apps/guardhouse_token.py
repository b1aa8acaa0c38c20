"""guardhouse on Starlette, personal access tokens in memory."""

from __future__ import annotations

from benchmarks.apps.guardhouse_bearer import application

app = application("token")
