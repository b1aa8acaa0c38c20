"""guardhouse on Starlette, personal access tokens in an SQLite file that goes with the process."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from benchmarks.apps.guardhouse_bearer import application

FOLDER = TemporaryDirectory(prefix="guardhouse-bench-")

app = application("token", f"sqlite:///{FOLDER.name}/tokens.db")
