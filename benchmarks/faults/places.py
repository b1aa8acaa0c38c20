"""The stores that are harmed: real servers of the bench's own, made anew for each run and gone after it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from typing import Any, cast

from guardhouse.state.store import Migratable
from guardhouse.stores.opening import open_store


class Place:
    """A store, by its URL. `servers` is what runs behind it, for faults that know that kind."""

    servers: Any = None

    def __init__(self, url: str) -> None:
        self.url = url

    async def prepare(self) -> None:
        """Make the tables, where it has some."""
        store = open_store(self.url)
        if isinstance(store, Migratable):
            await store.migrate()
        await cast("Any", store).close()

    def remove(self) -> None:
        """Stop what was started."""


class SQLitePlace(Place):
    """A file."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="guardhouse-faults-"))
        super().__init__(f"sqlite:///{self.folder}/sessions.db?synchronous=full")

    def remove(self) -> None:
        """Remove it."""
        rmtree(self.folder, ignore_errors=True)


class RedisPlace(Place):
    """One server, a watched master or a cluster."""

    def __init__(self, layout: str, query: str = "", *options: str) -> None:
        from tests.services.redis import Cluster, Node, Watched  # noqa: PLC0415 - only where it is asked for

        makers: dict[str, Callable[..., Any]] = {"redis": Node, "sentinel": Watched, "cluster": Cluster}
        self.servers = makers[layout](*options)
        super().__init__(f"{self.servers.url}?{query}" if query else self.servers.url)

    def remove(self) -> None:
        """Stop all of them."""
        self.servers.remove()


class PostgresPlace(Place):
    """A server with a database."""

    def __init__(self, *options: str) -> None:
        from tests.services.postgres import Postgres  # noqa: PLC0415 - only where it is asked for

        self.servers = Postgres(*options)
        super().__init__(self.servers.url)

    def remove(self) -> None:
        """Stop it."""
        self.servers.server.remove()


class MariaDBPlace(Place):
    """A server with a database."""

    def __init__(self) -> None:
        from tests.services.mariadb import MariaDB  # noqa: PLC0415 - only where it is asked for

        self.servers = MariaDB()
        super().__init__(self.servers.url)

    def remove(self) -> None:
        """Stop it."""
        self.servers.server.remove()


EVERY = ("sqlite", "redis", "sentinel", "cluster", "postgres", "mariadb")
SINGLE = ("sqlite", "redis", "postgres", "mariadb")
"""Those of one server, or none."""
REPLICATED = "durability=replicated"
PLACES: dict[str, Callable[[], Place]] = {
    "sqlite": SQLitePlace,
    "redis": lambda: RedisPlace("redis"),
    "sentinel": lambda: RedisPlace("sentinel", REPLICATED),
    "cluster": lambda: RedisPlace("cluster", REPLICATED),
    "postgres": PostgresPlace,
    "mariadb": MariaDBPlace,
}
