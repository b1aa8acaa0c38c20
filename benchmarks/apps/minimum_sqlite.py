"""The least that a session in an SQLite file costs; the file goes with the process."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from benchmarks.apps.minimum import in_sqlite

FOLDER = TemporaryDirectory(prefix="guardhouse-bench-")

app = in_sqlite(f"{FOLDER.name}/sessions.db")
