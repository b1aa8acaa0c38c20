"""A look into a database past the store that is tested: a connection of its own, on a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Coroutine
from functools import cache
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import asyncmy
import asyncpg


class Desk:
    """A database, asked from plain functions also where an event loop runs."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._do(self._connect(url))
        atexit.register(self.close)

    def __call__(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Do a statement; return its rows."""
        rows: list[tuple[Any, ...]] = self._do(self._ask(statement, values))
        return rows

    def close(self) -> None:
        """Let go of the connection."""
        atexit.unregister(self.close)
        self._do(self._disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _connect(self, url: str) -> Any:
        raise NotImplementedError

    async def _ask(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    async def _disconnect(self) -> None:
        raise NotImplementedError


class PostgresDesk(Desk):
    """PostgreSQL."""

    async def _connect(self, url: str) -> Any:
        return await asyncpg.connect(url, statement_cache_size=0)

    async def _ask(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(statement, *values)]

    async def _disconnect(self) -> None:
        self._connection.terminate()
        await asyncio.sleep(0.01)


class MariaDBDesk(Desk):
    """MariaDB."""

    async def _connect(self, url: str) -> Any:
        parts = urlsplit(url)
        return await asyncmy.connect(
            host=parts.hostname,
            port=parts.port or 3306,
            user=parts.username,
            password=parts.password or "",
            database=parts.path[1:],
            autocommit=True,
        )

    async def _ask(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement, values or None)
            return list(await cursor.fetchall())

    async def _disconnect(self) -> None:
        self._connection.close()
        await asyncio.sleep(0.01)


@cache
def desk(url: str) -> Desk:
    """Return the desk of a database, one for all tests of this process."""
    return PostgresDesk(url) if url.startswith("postgresql") else MariaDBDesk(url)
