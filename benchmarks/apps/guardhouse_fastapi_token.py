"""guardhouse on FastAPI, personal access tokens in memory: one dependency, which is the user."""

from __future__ import annotations

from benchmarks.apps.guardhouse_fastapi_bearer import application

app = application("token")
