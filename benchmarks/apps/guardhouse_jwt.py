"""guardhouse on Starlette, JWTs of which the signature was verified before."""

from __future__ import annotations

from benchmarks.apps.guardhouse_bearer import application

app = application("jwt")
