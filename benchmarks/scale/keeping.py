"""The stores that are filled: how each is opened, filled quickly, read, and how large it is."""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from benchmarks.scale.sessions import fill, key_of, record_of
from guardhouse.stores.opening import open_store

PAGE = os.sysconf("SC_PAGE_SIZE")


class Keeper:
    """A store that is filled."""

    store: Any
    clock = staticmethod(time.perf_counter)
    """By which its reads are timed."""

    async def open(self) -> None:
        """Start what runs behind it."""

    async def fill(self, begins: int, ends: int) -> None:
        """Add sessions."""
        await fill(self.store.create, begins, ends)

    async def read(self, keys: Sequence[bytes]) -> int:
        """Read them one after the other; return how many are missing."""
        load, missing = self.store.load, 0
        for key in keys:
            if await load(key) is None:
                missing += 1
        return missing

    def size(self) -> int:
        """Return how many bytes are used."""
        raise NotImplementedError

    async def close(self) -> None:
        """Stop what was started."""
        await self.store.close()


class InMemory(Keeper):
    """A dict; its size is what the process grew by. A read waits for nobody, so that the processor's time is all of it."""

    clock = staticmethod(time.process_time)

    async def open(self) -> None:
        """Make it."""
        self.store = open_store("memory:")

    async def read(self, keys: Sequence[bytes]) -> int:
        """Read as a request does, without waiting."""
        load, missing = self.store.load_now, 0
        for key in keys:
            if load(key) is None:
                missing += 1
        return missing

    def size(self) -> int:
        """Return what the process has in memory."""
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE

    async def close(self) -> None:
        """Let go of it."""
        del self.store


class InSQLite(InMemory):
    """A file; its size is that of the file."""

    async def open(self) -> None:
        """Make it."""
        self._folder = Path(mkdtemp(prefix="guardhouse-scale-"))
        self.store = open_store(f"sqlite:///{self._folder}/sessions.db")
        await self.store.create(key_of(-1), record_of(-1))

    async def fill(self, begins: int, ends: int) -> None:
        """Add sessions by the store's own statements, ten thousand to a transaction, which leaves the same file."""
        from guardhouse.stores.sqlite import _insert  # noqa: PLC0415 - as above

        with closing(sqlite3.connect(self._folder / "sessions.db", isolation_level=None)) as connection:
            for first in range(begins, ends, 10_000):
                connection.execute("BEGIN IMMEDIATE")
                for number in range(first, min(ends, first + 10_000)):
                    _insert(connection, key_of(number), record_of(number))
                connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def size(self) -> int:
        """Return what the file takes."""
        return (self._folder / "sessions.db").stat().st_size

    async def close(self) -> None:
        """Remove it."""
        await self.store.close()
        rmtree(self._folder)


class InRedis(Keeper):
    """A server; its size is what it says itself."""

    async def open(self) -> None:
        """Start it."""
        from tests.services.redis import Node  # noqa: PLC0415 - only where it is asked for

        self._server = Node("--appendonly", "no")
        self.store = open_store(f"{self._server.url}?timeout=5")
        await self.store.load(key_of(0))

    def size(self) -> int:
        """Return its memory, without what its connections take."""
        said = self._server.info("memory")
        return int(said["used_memory"]) - int(said["mem_clients_normal"])

    async def close(self) -> None:
        """Stop it."""
        await self.store.close()
        self._server.remove()


class InPostgres(Keeper):
    """A server; its size is that of the two tables and their indexes."""

    async def open(self) -> None:
        """Start it."""
        from tests.services.desk import PostgresDesk  # noqa: PLC0415 - only where it is asked for
        from tests.services.postgres import Postgres  # noqa: PLC0415 - the same

        self._server = Postgres("shared_buffers=256MB", "max_wal_size=4GB")
        self.store = open_store(f"{self._server.url}?create=true&timeout=5&connect_timeout=5")
        self._desk = PostgresDesk(self._server.url)
        await self.store.open()

    async def fill(self, begins: int, ends: int) -> None:
        """Add sessions, and let the server tidy up."""
        await super().fill(begins, ends)
        self._desk("VACUUM ANALYZE guardhouse_sessions")
        self._desk("VACUUM ANALYZE guardhouse_owners")

    def size(self) -> int:
        """Return what both tables take."""
        tables = ("guardhouse_sessions", "guardhouse_owners")
        return sum(
            int(self._desk("SELECT pg_total_relation_size($1::text::regclass)", name)[0][0])
            for name in tables
        )

    async def close(self) -> None:
        """Stop it."""
        await self.store.close()
        self._desk.close()
        self._server.server.remove()


KEEPERS: dict[str, Callable[[], Keeper]] = {
    "memory": InMemory,
    "sqlite": InSQLite,
    "redis": InRedis,
    "postgres": InPostgres,
}
