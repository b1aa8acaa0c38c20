"""A look into a database past the store that is tested: a connection of its own, on a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Coroutine
from functools import cache
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pymysql  # type: ignore[import-untyped]  # it says nothing of types


class PostgresDesk:
    """PostgreSQL, asked from plain functions also where an event loop runs."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._do(asyncpg.connect(url, statement_cache_size=0))
        atexit.register(self.close)

    def __call__(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Do a statement; return its rows."""
        return [tuple(row) for row in self._do(self._connection.fetch(statement, *values))]

    def close(self) -> None:
        """Let go of the connection."""
        atexit.unregister(self.close)
        self._connection.terminate()
        self._do(asyncio.sleep(0.01))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)


class MariaDBDesk:
    """MariaDB, the same."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = pymysql.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            database=parts.path[1:],
            autocommit=True,
        )
        atexit.register(self.close)

    def __call__(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Do a statement; return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def close(self) -> None:
        """Let go of the connection."""
        atexit.unregister(self.close)
        self._connection.close()


@cache
def desk(url: str) -> PostgresDesk | MariaDBDesk:
    """Return the desk of a database, one for all tests of this process."""
    return PostgresDesk(url) if url.startswith("postgresql") else MariaDBDesk(url)
