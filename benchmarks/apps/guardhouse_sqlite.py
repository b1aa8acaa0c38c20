"""guardhouse on Starlette, sessions in an SQLite file that goes with the process."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from benchmarks.apps.guardhouse_starlette import application

FOLDER = TemporaryDirectory(prefix="guardhouse-bench-")

app = application(f"sqlite:///{FOLDER.name}/sessions.db")
