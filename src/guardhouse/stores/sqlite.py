"""Sessions in one SQLite file: survives restarts, and several worker processes may share it.

Reads are a primary-key look-up of microseconds and run on the event loop; writes may wait for another process's
lock and run in a thread, one at a time. WAL lets both go on together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from anyio import to_thread

from guardhouse.errors import ConfigError
from guardhouse.state.record import Changes, Record, UnreadableRecordError, encode, merged, opened, readable
from guardhouse.state.store import Migrated
from guardhouse.stores.server_record import rows_called, sweep_at
from guardhouse.stores.sqlite_attempts import SQLiteAttempts
from guardhouse.stores.sqlite_enrolments import SQLiteEnrolments
from guardhouse.stores.sqlite_epochs import SQLiteEpochs
from guardhouse.stores.sqlite_file import SCHEMA_VERSION, SQLiteFile, schema
from guardhouse.stores.sqlite_tokens import SQLiteTokens
from guardhouse.stores.sqlite_work import broken, changed, rows, write

PRUNE_SLICE = 1000

_LOAD = "SELECT body FROM guardhouse_sessions WHERE key = ?"


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
            raise broken(error) from error
        return None if row is None else opened(row[0])

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record."""

        def work(connection: sqlite3.Connection) -> None:
            _insert(connection, key, record)

        await write(self._file, work)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""
        return await write(self._file, lambda connection: _change(connection, key, changes) is not None)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in."""
        statement = "UPDATE guardhouse_sessions SET key = ? WHERE id = ?"

        def work(connection: sqlite3.Connection) -> bool:
            number = _change(connection, old, changes)
            if number is not None:
                connection.execute(statement, (new, number))
            return number is not None

        return await write(self._file, work)

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        statement = "DELETE FROM guardhouse_sessions WHERE key = ?"
        return await changed(self._file, statement, key) > 0

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        statement = (
            "SELECT body FROM guardhouse_logins JOIN guardhouse_sessions ON id = session WHERE owner = ?"
        )
        return readable([body for (body,) in rows(self._file, statement, owner)])

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`."""
        statement = (
            "DELETE FROM guardhouse_sessions WHERE id IN "
            "(SELECT session FROM guardhouse_logins WHERE owner = ?) AND key IS NOT ?"
        )
        return await changed(self._file, statement, owner, keep)

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it."""
        statement = "SELECT id, body, 0.0 FROM guardhouse_logins JOIN guardhouse_sessions ON id = session WHERE owner = ?"

        def work(connection: sqlite3.Connection) -> bool:
            ended = rows_called(connection.execute(statement, (owner,)).fetchall(), public_id)
            connection.executemany(
                "DELETE FROM guardhouse_sessions WHERE id = ?", [(number,) for number in ended]
            )
            return bool(ended)

        return await write(self._file, work)

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new."""
        statement = "INSERT INTO guardhouse_used VALUES (?, ?) ON CONFLICT DO NOTHING"
        return await changed(self._file, statement, name, until) > 0

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
                "DELETE FROM guardhouse_sessions WHERE id IN "
                "(SELECT id FROM guardhouse_sessions WHERE due <= ?1 LIMIT ?2)"
            ),
        )

        def work(connection: sqlite3.Connection) -> int:
            return [connection.execute(each, (now, PRUNE_SLICE)).rowcount for each in statements][-1]

        return await write(self._file, work)

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
            raise broken(error) from error

    async def migrate(self) -> Migrated:
        """Make the file and its schema, as its first use would."""
        before = await to_thread.run_sync(self._file.version)
        await self.open()
        # Another process may have done it since; and a file that was open before was as new as it is now.
        return Migrated(max(before, self._file.found), SCHEMA_VERSION)

    def schema(self, since: int = 0) -> Sequence[str]:
        """Write the statements that do so, for whoever runs them by hand: all or nothing."""
        statements = schema(since)
        return ["BEGIN IMMEDIATE", *statements, "COMMIT"] if statements else []

    async def close(self) -> None:
        """Close the connections; the next use opens them again."""
        await to_thread.run_sync(self._file.close)


def _insert(connection: sqlite3.Connection, key: bytes, record: Record) -> None:
    statement = "INSERT INTO guardhouse_sessions (due, key, body) VALUES (?, ?, ?)"
    number = connection.execute(statement, (sweep_at(record), key, encode(record))).lastrowid
    _own(connection, number, record)


def _change(connection: sqlite3.Connection, key: bytes, changes: Changes) -> int | None:
    """Merge changes into the record under that key; return its number, or None where there is none."""
    row = connection.execute("SELECT id, body FROM guardhouse_sessions WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    number, body = row
    try:
        was = opened(body)
    except UnreadableRecordError:
        return None  # nothing can be merged into it; the reader reports it
    becomes = merged(was, changes)
    statement = "UPDATE guardhouse_sessions SET due = ?, body = ? WHERE id = ?"
    connection.execute(statement, (sweep_at(becomes), encode(becomes), number))
    if was.owners != becomes.owners:
        connection.execute("DELETE FROM guardhouse_logins WHERE session = ?", (number,))
        _own(connection, number, becomes)
    return int(number)


def _own(connection: sqlite3.Connection, number: int | None, record: Record) -> None:
    rows = [(number, owner) for owner in record.owners]
    connection.executemany("INSERT INTO guardhouse_logins (session, owner) VALUES (?, ?)", rows)
