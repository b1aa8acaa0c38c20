"""Counts of requests in the SQLite file of the sessions, as a storage of the library `limits`: exact for all processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from limits.aio.storage import Storage

from guardhouse.errors import StoreError
from guardhouse.state.attempts import STRAGGLING
from guardhouse.stores.sqlite_file import SQLiteFile
from guardhouse.stores.sqlite_work import row, write

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


class SQLiteLimits(Storage):
    """A storage in the file of a session store. Counting is one statement; looking does not wait for writers."""

    STORAGE_SCHEME = None  # no URL leads here: a store of the house does

    def __init__(self, file: SQLiteFile, clock: Callable[[], float]) -> None:
        super().__init__()
        self._file = file
        self._clock = clock

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when the file is away."""
        return StoreError

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

    async def check(self) -> bool:
        """Say whether the file can be read."""
        try:
            row(self._file, "SELECT 1")
        except StoreError:
            return False
        return True

    async def reset(self) -> int:
        """Forget everything."""
        return await write(
            self._file, lambda connection: connection.execute("DELETE FROM guardhouse_limits").rowcount
        )

    async def clear(self, key: str) -> None:
        """Forget one window."""
        statement = "DELETE FROM guardhouse_limits WHERE key = ?"
        await write(self._file, lambda connection: connection.execute(statement, (key,)))
