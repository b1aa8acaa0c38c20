"""One SQLite file as one process holds it: a connection that reads, one that writes, both made when first used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias

from guardhouse.errors import ConfigError, StoreError

Synchronous: TypeAlias = Literal["NORMAL", "FULL"]

BUSY_MILLISECONDS = 2000
"""How long a write waits for another process before it is a 503."""

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS guardhouse_sessions (
    key BLOB PRIMARY KEY, body BLOB NOT NULL, idle_until REAL NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_sessions_idle ON guardhouse_sessions (idle_until);
CREATE INDEX IF NOT EXISTS guardhouse_sessions_ends ON guardhouse_sessions (ends);
CREATE TABLE IF NOT EXISTS guardhouse_owners (
    owner TEXT NOT NULL, key BLOB NOT NULL REFERENCES guardhouse_sessions (key) ON DELETE CASCADE,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_owners_key ON guardhouse_owners (key);
CREATE TABLE IF NOT EXISTS guardhouse_schema (version INTEGER NOT NULL);
"""


class SQLiteFile:
    """The file, and what this process holds open of it."""

    _lock: Lock
    _reader: sqlite3.Connection | None
    _writer: sqlite3.Connection | None

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self.path = path
        self._synchronous = synchronous
        self._process = 0
        self._of_parents: list[sqlite3.Connection] = []
        self._begin()

    def reader(self) -> sqlite3.Connection:
        """Return the connection that reads; WAL lets it read while anybody writes."""
        if self._process != os.getpid():
            self._begin()
        return self._reader or self._open_reader()

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Write in one transaction, the only one of this process; wait for those of others."""
        if self._process != os.getpid():
            self._begin()
        with self._alone(), _transaction(self._open_writer()) as connection:
            yield connection

    def close(self) -> None:
        """Close what is open; the next use opens it again."""
        if self._process == os.getpid():
            with self._alone():
                self._close()

    @contextmanager
    def _alone(self) -> Generator[None, None, None]:
        """Keep the other threads out; waiting for them ends as waiting for another process does."""
        if not self._lock.acquire(timeout=BUSY_MILLISECONDS / 1000):
            raise StoreError("another write of this process takes too long")
        try:
            yield
        finally:
            self._lock.release()

    def _begin(self) -> None:
        """Start with nothing open in this process.

        A connection must not be used across a fork, and not even closed: closing ends the parent's locks. So the
        child keeps it and leaves it alone. The lock is a new one, for the old one may be held by no thread of ours.
        """
        if self._process:
            self._of_parents += [held for held in (self._reader, self._writer) if held is not None]
        self._process = os.getpid()
        self._lock = Lock()
        self._reader = self._writer = None
        self._inode = 0

    def _open_reader(self) -> sqlite3.Connection:
        with self._alone():
            self._open_writer()  # makes the file and its schema
            self._reader = reader = self._connect()
        return reader

    def _open_writer(self) -> sqlite3.Connection:
        if self._writer is not None and self._inode != _inode(self.path):
            self._close()  # somebody replaced the file: what is written to the old one would be lost
        if self._writer is None:
            _create_private(self.path)
            self._writer = _prepared(self._connect())
            self._inode = _inode(self.path)
        return self._writer

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _close(self) -> None:
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _create_private(path: Path) -> None:
    """Make the file readable for its owner only, before SQLite makes it for everybody; its WAL takes over the mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"the file of the sessions cannot be made: {error}") from error


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Make what is missing in the file, and refuse one that another version made."""
    with _transaction(connection):
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        row = connection.execute("SELECT version FROM guardhouse_schema").fetchone()
        if row is None:
            connection.execute("INSERT INTO guardhouse_schema VALUES (?)", (SCHEMA_VERSION,))
        elif row[0] != SCHEMA_VERSION:
            fix = f"This version of guardhouse knows schema {SCHEMA_VERSION}; upgrade guardhouse, or use a new file."
            raise ConfigError("store", f"schema {row[0]}", fix)
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Connection, None, None]:
    """Take the write lock first: a read that later wants to write could be refused for good (SQLITE_BUSY_SNAPSHOT)."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors, such as a full disk, have ended it already
            connection.execute("ROLLBACK")
        raise
