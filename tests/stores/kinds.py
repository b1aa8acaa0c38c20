"""The stores there are. A new one joins the contract and the state machine by one line in `KINDS`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Raw

from guardhouse.state.record import Login, Record, encode
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.sqlite import SQLiteStore

from . import sql_kinds as sql
from .redis_kinds import count_redis, make_redis, spoil_redis

KEY, OTHER_KEY, NEW_KEY = (letter * 32 for letter in (b"k", b"o", b"n"))
ADA, BOB = Login("ada", "users", "web", 100.0, "v1.k.m"), Login("bob", "users", "web", 100.0)


def record(*logins: Login, public_id: str = "public", **data: object) -> Record:
    """Make a record that lives from 100 to 1000 and is idle for 50 at most."""
    kept = {key: Raw(encode(value)) for key, value in data.items()}
    return Record(public_id, 100.0, 100.0, 50.0, 1000.0, {login.user_id: login for login in logins}, kept)


class Kind(NamedTuple):
    """How to make a store in a folder, put a body under a key that it did not write, and count what it holds."""

    make: Callable[[Path], Any]
    spoil: Callable[[Any, bytes, bytes], None]
    count: Callable[[Any], int]


def make_sqlite(folder: Path) -> SQLiteStore:
    """Make a store in a file of this folder."""
    return SQLiteStore(folder / "sessions.db")


def in_sqlite(store: SQLiteStore, statement: str, *values: object) -> list[Any]:
    """Look into the file, past the store."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def spoil_sqlite(store: SQLiteStore, key: bytes, body: bytes) -> None:
    """Write a body as somebody else might."""
    in_sqlite(store, "UPDATE guardhouse_sessions SET body = ? WHERE key = ?", body, key)


def count_sqlite(store: SQLiteStore) -> int:
    """Count the rows of all tables, so that none is left over."""
    counted = "(SELECT count(*) FROM guardhouse_sessions) + (SELECT count(*) FROM guardhouse_logins)"
    return int(in_sqlite(store, f"SELECT {counted}")[0][0])


def spoil_memory(store: MemoryStore, key: bytes, body: bytes) -> None:
    """Put a body into the dict."""
    store._bodies[key] = body


def count_memory(store: MemoryStore) -> int:
    """Count records and owners."""
    return len(store) + len(store._owners)


def redis_kind(layout: str) -> Kind:
    """Make stores on servers of one layout."""
    return Kind(lambda folder: make_redis(folder, layout), spoil_redis, count_redis)


KINDS = {
    "memory": Kind(lambda _: MemoryStore(), spoil_memory, count_memory),
    "sqlite": Kind(make_sqlite, spoil_sqlite, count_sqlite),
    "redis": redis_kind("single"),
    "sentinel": redis_kind("sentinel"),
    "cluster": redis_kind("cluster"),
    "postgres": Kind(sql.make_postgres, sql.spoil_postgres, sql.count_postgres),
    "mariadb": Kind(sql.make_mariadb, sql.spoil_mariadb, sql.count_mariadb),
    "sqlalchemy-postgres": Kind(sql.make_sqlalchemy_postgres, sql.spoil_postgres, sql.count_postgres),
    "sqlalchemy-sqlite": Kind(sql.make_aiosqlite, sql.spoil_aiosqlite, sql.count_aiosqlite),
}
