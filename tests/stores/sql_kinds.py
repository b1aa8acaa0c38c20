"""Stores on database servers: tests share one database of a server, which is emptied for each, and look past the store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from guardhouse.stores.opening import open_store
from guardhouse.stores.postgres import PostgresStore
from guardhouse.stores.server_schema import VERSIONS
from guardhouse.stores.sqlalchemy import SQLAlchemyStore
from tests.services import Missing
from tests.services.desk import desk
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url

PATIENT = "connect_timeout=20&timeout=20"
"""Machines that test are busy; the tests about time-outs say their own."""

ROWS = "(SELECT count(*) FROM guardhouse_sessions) + (SELECT count(*) FROM guardhouse_owners)"


def started(url_of: Callable[[], str]) -> str:
    """Return the URL of a server that runs; where none can be started the test is skipped."""
    try:
        return url_of()
    except Missing as missing:
        pytest.skip(str(missing))


def emptied(url: str) -> str:
    """Make the tables if there are none yet, and empty them."""
    migrated(url)
    for table in reversed([table.name for tables in VERSIONS for table in tables]):
        desk(url)(f"DELETE FROM {table}")  # noqa: S608 - constants
    return url


@cache
def migrated(url: str) -> None:
    """Make the tables, once."""
    store: Any = open_store(f"{url}?{PATIENT}")
    work = store.migrate()
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
    else:
        in_a_thread(work)


def in_a_thread(work: Any) -> None:
    """Run it on an event loop of its own, where one runs already."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work).result()


# -- PostgreSQL -----------------------------------------------------------------------------------------------------


def make_postgres(_: Path) -> PostgresStore:
    """Make a store in an empty database of PostgreSQL."""
    return PostgresStore(f"{emptied(started(postgres_url))}?{PATIENT}")


def make_sqlalchemy_postgres(_: Path) -> SQLAlchemyStore:
    """Make a store in the same database, through SQLAlchemy."""
    url = emptied(started(postgres_url)).replace("postgresql:", "postgresql+asyncpg:")
    return SQLAlchemyStore(f"{url}?{PATIENT}")


def in_postgres(statement: str, *values: object) -> list[Any]:
    """Look into the database, past the store."""
    return desk(postgres_url())(statement, *values)


def spoil_postgres(_: object, key: bytes, body: bytes) -> None:
    """Write a body as somebody else might."""
    in_postgres("UPDATE guardhouse_sessions SET body = $1 WHERE key = $2", body, key)


def count_postgres(_: object) -> int:
    """Count the rows of all tables, so that none is left over."""
    return int(in_postgres(f"SELECT {ROWS}")[0][0])


# -- MariaDB --------------------------------------------------------------------------------------------------------


def make_mariadb(_: Path) -> SQLAlchemyStore:
    """Make a store in an empty database of MariaDB."""
    store = open_store(f"{emptied(started(mariadb_url))}?{PATIENT}")
    assert isinstance(store, SQLAlchemyStore)
    return store


def in_mariadb(statement: str, *values: object) -> list[Any]:
    """Look into the database, past the store."""
    return desk(mariadb_url())(statement, *values)


def spoil_mariadb(_: object, key: bytes, body: bytes) -> None:
    """Write a body as somebody else might."""
    in_mariadb("UPDATE guardhouse_sessions SET body = %s WHERE `key` = %s", body, key)


def count_mariadb(_: object) -> int:
    """Count the rows of all tables, so that none is left over."""
    return int(in_mariadb(f"SELECT {ROWS}")[0][0])


# -- SQLite, through SQLAlchemy -------------------------------------------------------------------------------------


def make_aiosqlite(folder: Path) -> SQLAlchemyStore:
    """Make a store in a file of this folder."""
    return SQLAlchemyStore(f"sqlite+aiosqlite:///{folder}/sessions.db?create=true&{PATIENT}")


def in_aiosqlite(store: SQLAlchemyStore, statement: str, *values: object) -> list[Any]:
    """Look into the file, past the store."""
    path = store._database._url.database or ""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def spoil_aiosqlite(store: SQLAlchemyStore, key: bytes, body: bytes) -> None:
    """Write a body as somebody else might."""
    in_aiosqlite(store, "UPDATE guardhouse_sessions SET body = ? WHERE key = ?", body, key)


def count_aiosqlite(store: SQLAlchemyStore) -> int:
    """Count the rows of all tables, so that none is left over; a file that was never opened has no tables."""
    try:
        return int(in_aiosqlite(store, f"SELECT {ROWS}")[0][0])
    except sqlite3.OperationalError:
        return 0
