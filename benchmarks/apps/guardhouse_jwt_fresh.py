"""guardhouse on Starlette, JWTs of which every signature is verified."""

from __future__ import annotations

from benchmarks.apps.guardhouse_bearer import application

app = application("jwt", remember=0)
