"""Work at an SQLite file: what reads runs on the event loop, what writes in a thread, and what fails is a StoreError."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from anyio import to_thread

from guardhouse.errors import StoreError
from guardhouse.stores.sqlite_file import SQLiteFile

T = TypeVar("T")


def row(file: SQLiteFile, statement: str, *values: object) -> Any:  # noqa: ANN401 - a row of whatever was asked for
    """Read one row; None where there is none."""
    try:
        return file.reader().execute(statement, values).fetchone()
    except sqlite3.Error as error:
        raise broken(error) from error


def rows(file: SQLiteFile, statement: str, *values: object) -> list[Any]:
    """Read all rows."""
    try:
        return file.reader().execute(statement, values).fetchall()
    except sqlite3.Error as error:
        raise broken(error) from error


async def write(file: SQLiteFile, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do the work in one transaction, while no other process writes."""

    def working() -> T:
        try:
            with file.writing() as connection:
                return work(connection)
        except sqlite3.Error as error:
            raise broken(error) from error

    return await to_thread.run_sync(working)


async def changed(file: SQLiteFile, statement: str, *values: object) -> int:
    """Do one statement; return how many rows it changed."""
    return await write(file, lambda connection: connection.execute(statement, values).rowcount)


def broken(error: sqlite3.Error) -> StoreError:
    """Word an error of SQLite as what a store raises."""
    return StoreError(f"SQLite says: {error}")
