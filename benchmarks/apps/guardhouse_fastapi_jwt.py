"""guardhouse on FastAPI, JWTs of which the signature was verified before: one dependency, which is the user."""

from __future__ import annotations

from benchmarks.apps.guardhouse_fastapi_bearer import application

app = application("jwt")
