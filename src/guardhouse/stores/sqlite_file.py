"""One SQLite file as one process holds it: connections that read, one that writes, each made when first used."""

from __future__ import annotations

import os
import sqlite3
from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Literal, TypeAlias
from weakref import ref

from guardhouse.errors import ConfigError, StoreError
from guardhouse.stores.sqlite_turn import Turns, running

Synchronous: TypeAlias = Literal["NORMAL", "FULL"]

BUSY_MILLISECONDS = 2000
"""How long a write waits for another process before it is a 503."""

_FIRST = """
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
CREATE TABLE IF NOT EXISTS guardhouse_limits (
    key TEXT PRIMARY KEY, hits INTEGER NOT NULL, began REAL NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_limits_ends ON guardhouse_limits (ends);
CREATE TABLE IF NOT EXISTS guardhouse_attempts (
    key BLOB PRIMARY KEY, count INTEGER NOT NULL, began REAL NOT NULL, opens REAL NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_attempts_ends ON guardhouse_attempts (ends);
CREATE TABLE IF NOT EXISTS guardhouse_tokens (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, abilities TEXT NOT NULL,
    created REAL NOT NULL, digest BLOB NOT NULL, expires REAL, used REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_tokens_owner ON guardhouse_tokens (owner, created);
CREATE INDEX IF NOT EXISTS guardhouse_tokens_expires ON guardhouse_tokens (expires);
CREATE TABLE IF NOT EXISTS guardhouse_used (name BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_used_until ON guardhouse_used (until);
CREATE TABLE IF NOT EXISTS guardhouse_schema (version INTEGER NOT NULL);
"""
_SECOND = """
CREATE TABLE IF NOT EXISTS guardhouse_enrolments (
    kind BLOB NOT NULL, name BLOB NOT NULL, owner BLOB NOT NULL, created REAL NOT NULL, ends REAL,
    version INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_enrolments_owner ON guardhouse_enrolments (owner);
CREATE INDEX IF NOT EXISTS guardhouse_enrolments_ends ON guardhouse_enrolments (ends);
CREATE TABLE IF NOT EXISTS guardhouse_epochs (
    key BLOB PRIMARY KEY, count INTEGER NOT NULL, ends REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS guardhouse_epochs_ends ON guardhouse_epochs (ends);
"""

VERSIONS = (_FIRST, _SECOND)
"""What each version adds to the one before."""
SCHEMA_VERSION = len(VERSIONS)


def schema(since: int = 0) -> list[str]:
    """Write the statements that make a file of that version what it has to be; 0 is a file without tables."""
    if since >= SCHEMA_VERSION:
        return []
    added = [statement.strip() for step in VERSIONS[since:] for statement in step.split(";")]
    noted = f"INSERT INTO guardhouse_schema VALUES ({SCHEMA_VERSION})"  # noqa: S608 - a constant
    if since:
        noted = f"UPDATE guardhouse_schema SET version = {SCHEMA_VERSION}"  # noqa: S608 - a constant
    return [*filter(None, added), noted]


class SQLiteFile:
    """The file, and what this process holds open of it."""

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        self.path = path
        self._synchronous = synchronous
        self._lock = Lock()
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._turns: Turns | None = None
        self._inode = 0
        _close_around_forks(ref(self))

    def reader(self) -> sqlite3.Connection:
        """Return the connection that reads; WAL lets it read while anybody writes."""
        return self._reader or self._open_reader()

    def row(self, statement: str, values: tuple[object, ...]) -> Any:  # noqa: ANN401 - a row of whatever was asked for
        """Read one row, on an event loop together with what else is read in this turn; None where there is none."""
        loop, turns = running(), self._turns
        if turns is None or not turns.are_of(loop):
            turns = self._turns_of(loop)
        if turns is None:
            return self.reader().execute(statement, values).fetchone()
        return turns.row(statement, values)

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection, None, None]:
        """Write in one transaction, the only one of this process; wait for those of others."""
        with self._alone(), _transaction(self._open_writer()) as connection:
            yield connection

    def version(self) -> int:
        """Read which version the tables in the file have, 0 where there are none; looking makes nothing."""
        if not self.path.exists():
            return 0
        with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as connection:
            try:
                return _version(connection)
            except sqlite3.Error as error:
                raise StoreError(f"SQLite says: {error}") from error

    def close(self) -> None:
        """Close what is open; the next use opens it again."""
        with self._alone():
            self._close()

    def before_fork(self) -> None:
        """Close, and let nobody open anything before the fork is done."""
        self._lock.acquire()
        self._close()

    def after_fork(self) -> None:
        """Go on, in the parent as in the child; each opens connections of its own."""
        self._lock.release()

    @contextmanager
    def _alone(self) -> Generator[None, None, None]:
        """Keep the other threads out; waiting for them ends as waiting for another process does."""
        if not self._lock.acquire(timeout=BUSY_MILLISECONDS / 1000):
            raise StoreError("another write of this process takes too long")
        try:
            yield
        finally:
            self._lock.release()

    def _open_reader(self) -> sqlite3.Connection:
        with self._alone():
            self._open_writer()  # makes the file and its schema
            self._reader = reader = self._connect()
        return reader

    def _turns_of(self, loop: AbstractEventLoop | None) -> Turns | None:
        """Give turns to the first loop that reads, and to another when that one is closed; None for all others.

        They read by themselves: in a turn of somebody else they would see the file as it was before they came.
        """
        with self._alone():
            if loop is None or (self._turns is not None and not self._turns.over):
                return None
            if self._turns is not None:
                self._turns.close()
            self._open_writer()  # makes the file and its schema
            self._turns = turns = Turns(self._connect(), loop)
        return turns

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
        _let_readers_go_on(connection)
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _close(self) -> None:
        for held in (self._reader, self._writer, self._turns):
            if held is not None:
                held.close()
        self._reader = self._writer = self._turns = None


def _let_readers_go_on(connection: sqlite3.Connection) -> None:
    """Switch to WAL. Of two processes that do so at a fresh file one is refused at once, whatever the timeout says."""
    ends = monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > ends:
                raise
            sleep(0.01)
        else:
            return


def _close_around_forks(file: ref[SQLiteFile]) -> None:
    """Keep connections from crossing a fork.

    SQLite remembers per process which locks it holds, and a child would take over that memory without the locks:
    its own, new connections would then write unlocked (sqlite.org/howtocorrupt.html, 2.6).
    """

    def told(verb: Callable[[SQLiteFile], None]) -> Callable[[], None]:
        def tell() -> None:
            held = file()
            if held is not None:
                verb(held)

        return tell

    if hasattr(os, "register_at_fork"):  # Windows knows no fork
        after = told(SQLiteFile.after_fork)
        os.register_at_fork(before=told(SQLiteFile.before_fork), after_in_parent=after, after_in_child=after)


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
        found = _version(connection)
        if found > SCHEMA_VERSION:
            fix = f"This version of guardhouse knows schema {SCHEMA_VERSION}; upgrade guardhouse, or use a new file."
            raise ConfigError("store", f"schema {found}", fix)
        # Also what a file of this version should have already: it may come from before there was a table.
        missing = [*_FIRST.split(";"), *schema(found)] if found else schema()
        for statement in missing:
            connection.execute(statement)
    return connection


def _version(connection: sqlite3.Connection) -> int:
    there = "SELECT count(*) FROM sqlite_master WHERE name = 'guardhouse_schema'"
    if not connection.execute(there).fetchone()[0]:
        return 0
    row = connection.execute("SELECT version FROM guardhouse_schema").fetchone()
    return int(row[0]) if row else 0


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
