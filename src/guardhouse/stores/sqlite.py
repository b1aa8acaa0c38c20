"""Sessions in one SQLite file: survives restarts, and several worker processes may share it.

Reads are a primary-key look-up of microseconds and run on the event loop; writes may wait for another process's
lock and run in a thread, one at a time. WAL lets both go on together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from anyio import to_thread

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.record import Changes, Record, UnreadableRecordError, encode, merged, opened, readable
from guardhouse.state.store import Migrated
from guardhouse.stores.server_record import rows_called
from guardhouse.stores.sqlite_attempts import SQLiteAttempts
from guardhouse.stores.sqlite_enrolments import SQLiteEnrolments
from guardhouse.stores.sqlite_epochs import SQLiteEpochs
from guardhouse.stores.sqlite_file import SCHEMA_VERSION, SQLiteFile, schema
from guardhouse.stores.sqlite_tokens import SQLiteTokens

PRUNE_SLICE = 1000

_LOAD = "SELECT body FROM guardhouse_sessions WHERE key = ?"

T = TypeVar("T")


class SQLiteStore:
    """A session store in a file. `full_sync` makes every commit survive a power failure, at the price of an fsync."""

    def __init__(self, path: str | Path, *, full_sync: bool = False) -> None:
        self.path = Path(path).absolute()
        if not self.path.parent.is_dir():
            fix = f"The folder {self.path.parent} does not exist: create it first."
            raise ConfigError("store", str(path), fix)
        self._file = SQLiteFile(self.path, "FULL" if full_sync else "NORMAL")
        self.tokens = SQLiteTokens(self._file)
        self.attempts = SQLiteAttempts(self._file)
        self.enrolments = SQLiteEnrolments(self._file)
        self.epochs = SQLiteEpochs(self._file)

    async def load(self, key: bytes) -> Record | None:
        """Read a record."""
        return self.load_now(key)

    def load_now(self, key: bytes) -> Record | None:
        """Read a record, on the thread of the event loop: that costs less than any way around it."""
        try:
            row = self._file.row(_LOAD, (key,))
        except sqlite3.Error as error:
            raise _broken(error) from error
        return None if row is None else opened(row[0])

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record."""

        def work(connection: sqlite3.Connection) -> None:
            _insert(connection, key, record)

        await self._write(work)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""

        def work(connection: sqlite3.Connection) -> bool:
            record = _load(connection, key)
            if record is None:
                return False
            _update(connection, key, record, merged(record, changes))
            return True

        return await self._write(work)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in."""

        def work(connection: sqlite3.Connection) -> bool:
            record = _load(connection, old)
            if record is None:
                return False
            _delete(connection, old)
            _insert(connection, new, merged(record, changes))
            return True

        return await self._write(work)

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        return await self._write(lambda connection: _delete(connection, key))

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        statement = "SELECT body FROM guardhouse_sessions JOIN guardhouse_owners USING (key) WHERE owner = ?"
        try:
            bodies = [body for (body,) in self._file.reader().execute(statement, (owner,))]
        except sqlite3.Error as error:
            raise _broken(error) from error
        return readable(bodies)

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`."""
        statement = (
            "DELETE FROM guardhouse_sessions WHERE key IN "
            "(SELECT key FROM guardhouse_owners WHERE owner = ?) AND key IS NOT ?"
        )
        return await self._write(lambda connection: connection.execute(statement, (owner, keep)).rowcount)

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it."""
        statement = "SELECT key, body, 0.0 FROM guardhouse_sessions JOIN guardhouse_owners USING (key) WHERE owner = ?"

        def work(connection: sqlite3.Connection) -> bool:
            ended = rows_called(connection.execute(statement, (owner,)).fetchall(), public_id)
            return sum(_delete(connection, key) for key in ended) > 0

        return await self._write(work)

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new."""
        statement = "INSERT INTO guardhouse_used VALUES (?, ?) ON CONFLICT DO NOTHING"
        return await self._write(lambda connection: connection.execute(statement, (name, until)).rowcount > 0)

    async def prune(self, now: float) -> int:
        """Delete one slice of what has expired; call it now and then."""
        statements = (
            "DELETE FROM guardhouse_used WHERE name IN (SELECT name FROM guardhouse_used WHERE until <= ?1 LIMIT ?2)",
            "DELETE FROM guardhouse_limits WHERE key IN (SELECT key FROM guardhouse_limits WHERE ends <= ?1 LIMIT ?2)",
            "DELETE FROM guardhouse_epochs WHERE key IN (SELECT key FROM guardhouse_epochs WHERE ends <= ?1 LIMIT ?2)",
            (
                "DELETE FROM guardhouse_attempts WHERE key IN "
                "(SELECT key FROM guardhouse_attempts WHERE ends <= ?1 LIMIT ?2)"
            ),
            (
                "DELETE FROM guardhouse_sessions WHERE key IN "
                "(SELECT key FROM guardhouse_sessions WHERE idle_until <= ?1 OR ends <= ?1 LIMIT ?2)"
            ),
        )

        def work(connection: sqlite3.Connection) -> int:
            return [connection.execute(each, (now, PRUNE_SLICE)).rowcount for each in statements][-1]

        return await self._write(work)

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Return where requests are counted."""
        from guardhouse.stores.sqlite_limits import SQLiteLimits  # noqa: PLC0415 - an extra, loaded where it is used

        return SQLiteLimits(self._file, clock)

    async def open(self) -> None:
        """Make the file and its schema; one of another schema, or that cannot be written, is an error."""
        await to_thread.run_sync(self._open)

    def _open(self) -> None:
        try:
            self._file.reader()
        except sqlite3.Error as error:
            raise _broken(error) from error

    async def migrate(self) -> Migrated:
        """Make the file and its schema, as its first use would."""
        before = await to_thread.run_sync(self._file.version)
        await self.open()
        return Migrated(before, SCHEMA_VERSION)

    def schema(self, since: int = 0) -> Sequence[str]:
        """Write the statements that do so."""
        return schema(since)

    async def close(self) -> None:
        """Close the connections; the next use opens them again."""
        await to_thread.run_sync(self._file.close)

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await to_thread.run_sync(self._write_now, work)

    def _write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._file.writing() as connection:
                return work(connection)
        except sqlite3.Error as error:
            raise _broken(error) from error


def _load(connection: sqlite3.Connection, key: bytes) -> Record | None:
    row = connection.execute(_LOAD, (key,)).fetchone()
    try:
        return None if row is None else opened(row[0])
    except UnreadableRecordError:
        return None  # nothing can be merged into it; the reader reports it


def _insert(connection: sqlite3.Connection, key: bytes, record: Record) -> None:
    row = (key, encode(record), record.idle_until, record.ends)
    connection.execute("INSERT INTO guardhouse_sessions VALUES (?, ?, ?, ?)", row)
    _own(connection, key, record)


def _update(connection: sqlite3.Connection, key: bytes, was: Record, becomes: Record) -> None:
    row = (encode(becomes), becomes.idle_until, becomes.ends, key)
    connection.execute("UPDATE guardhouse_sessions SET body = ?, idle_until = ?, ends = ? WHERE key = ?", row)
    if was.owners != becomes.owners:
        connection.execute("DELETE FROM guardhouse_owners WHERE key = ?", (key,))
        _own(connection, key, becomes)


def _own(connection: sqlite3.Connection, key: bytes, record: Record) -> None:
    rows = [(owner, key) for owner in record.owners]
    connection.executemany("INSERT INTO guardhouse_owners VALUES (?, ?)", rows)


def _delete(connection: sqlite3.Connection, key: bytes) -> bool:
    return connection.execute("DELETE FROM guardhouse_sessions WHERE key = ?", (key,)).rowcount > 0


def _broken(error: sqlite3.Error) -> StoreError:
    return StoreError(f"SQLite says: {error}")
