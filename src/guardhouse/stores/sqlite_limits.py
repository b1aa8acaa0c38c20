"""Counts of requests in the SQLite file of the sessions, as a storage of the library `limits`: exact for all processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from guardhouse.state.attempts import STRAGGLING
from guardhouse.stores.sqlite_file import SQLiteFile
from guardhouse.stores.sqlite_work import row, write
from guardhouse.stores.store_limits import StoreLimits

# A window that lies far in the future was begun by a clock that has been set back since, and must not last longer.
_LIVE = f"{{now}} >= began - {STRAGGLING} AND {{now}} < ends"
_HERE = _LIVE.format(now=":now")
_COUNT = f"""
INSERT INTO guardhouse_limits (key, hits, began, ends) VALUES (:key, max(0, :amount), :now, :now + :expiry)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN {_HERE} THEN max(0, hits + :amount) ELSE excluded.hits END,
    began = CASE WHEN {_HERE} THEN began ELSE excluded.began END,
    ends = CASE WHEN {_HERE} THEN ends ELSE excluded.ends END
RETURNING hits
"""  # noqa: S608 - constants
_FIND = f"SELECT hits, ends FROM guardhouse_limits WHERE key = ?1 AND {_LIVE.format(now='?2')}"  # noqa: S608 - constants


class SQLiteLimits(StoreLimits):
    """A storage in the file of a session store. Counting is one statement; looking does not wait for writers."""

    def __init__(self, file: SQLiteFile, clock: Callable[[], float]) -> None:
        super().__init__()
        self._file = file
        self._clock = clock

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return what is counted; the first begins the window."""

        def work(connection: sqlite3.Connection) -> int:
            values = {"key": key, "amount": amount, "expiry": expiry, "now": self._clock()}
            # All rows, of which there is one: a statement that is not read to its end stays open over the commit.
            return int(connection.execute(_COUNT, values).fetchall()[0][0])

        return await write(self._file, work)

    async def get(self, key: str) -> int:
        """Return what is counted."""
        found = row(self._file, _FIND, key, self._clock())
        return int(found[0]) if found else 0

    async def get_expiry(self, key: str) -> float:
        """Return the moment at which the window ends; now, where there is none."""
        now = self._clock()
        found = row(self._file, _FIND, key, now)
        return float(found[1]) if found else now

    async def reset(self) -> int:
        """Forget everything."""
        return await write(
            self._file, lambda connection: connection.execute("DELETE FROM guardhouse_limits").rowcount
        )

    async def clear(self, key: str) -> None:
        """Forget one window."""
        statement = "DELETE FROM guardhouse_limits WHERE key = ?"
        await write(self._file, lambda connection: connection.execute(statement, (key,)))

    async def _reach(self) -> None:
        row(self._file, "SELECT 1")
