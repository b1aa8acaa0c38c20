"""How often what lies with its bearers was called back, in the SQLite file of a session store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlite_file import SQLiteFile
from guardhouse.stores.sqlite_work import rows, write

_ADVANCE = """
INSERT INTO guardhouse_epochs (key, count, ends) VALUES (?1, 1, ?2) ON CONFLICT (key) DO UPDATE SET
    count = count + 1, ends = CASE WHEN ends IS NULL OR ?2 IS NULL THEN NULL ELSE max(ends, ?2) END
"""
_COUNT = "SELECT count FROM guardhouse_epochs WHERE key = ?"


class SQLiteEpochs:
    """An epoch store in the file of a session store."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def epochs_now(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names, on the thread of the event loop: that costs less than any way around it."""
        keys = [named(name) for name in names]
        marks = ", ".join("?" * len(keys))
        statement = f"SELECT key, count FROM guardhouse_epochs WHERE key IN ({marks})"  # noqa: S608 - marks only
        counts: dict[bytes, int] = dict(rows(self._file, statement, *keys))
        return [counts.get(key, 0) for key in keys]

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names."""
        return self.epochs_now(names)

    async def advance(self, name: str, until: float | None = None) -> int:
        """Count one up, in one transaction."""
        key = named(name)

        def work(connection: sqlite3.Connection) -> int:
            connection.execute(_ADVANCE, (key, until))
            return int(connection.execute(_COUNT, (key,)).fetchone()[0])

        return await write(self._file, work)
