"""The tries of accounts in the SQLite file of the sessions: counted once for all processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide, ends
from guardhouse.stores.sqlite_file import SQLiteFile
from guardhouse.stores.sqlite_work import row, write

_FIND = "SELECT count, began, opens FROM guardhouse_attempts WHERE key = ?"
_KEEP = "INSERT OR REPLACE INTO guardhouse_attempts (key, count, began, opens, ends) VALUES (?, ?, ?, ?, ?)"


class SQLiteAttempts:
    """An attempt store in the file of a session store."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in, or say how long to wait for it; a flood of tries that must wait writes nothing."""
        seen = decide(_read(row(self._file, _FIND, key)), limit, clock())
        if isinstance(seen, Wait):
            return seen

        def work(connection: sqlite3.Connection) -> Attempts | Wait:
            decided = decide(_read(connection.execute(_FIND, (key,)).fetchone()), limit, clock())
            if isinstance(decided, Attempts):
                kept = (key, decided.count, decided.began, decided.opens, ends(decided, limit))
                connection.execute(_KEEP, kept)
            return decided

        return await write(self._file, work)

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries."""
        statement = "DELETE FROM guardhouse_attempts WHERE key = ?1 OR ?1 IS NULL"
        await write(self._file, lambda connection: connection.execute(statement, (key,)))


def _read(found: tuple[int, float, float] | None) -> Attempts:
    return NO_ATTEMPTS if found is None else Attempts(*found)
