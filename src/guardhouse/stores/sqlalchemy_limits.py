"""Counts of requests in a database of SQLAlchemy, as a storage of the library `limits`: exact for all processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from limits.aio.storage import Storage
from sqlalchemy import delete, literal, select

from guardhouse.errors import StoreError
from guardhouse.state.attempts import STRAGGLING
from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_row import CountedRow
from guardhouse.stores.sqlalchemy_schema import tables

_LIMITS = tables().tables["guardhouse_limits"]


class SQLAlchemyLimits(Storage):
    """A storage in the database of a session store."""

    STORAGE_SCHEME = None  # no URL leads here: a store of the house does

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        super().__init__()
        self._database = database
        self._row = CountedRow(database, _LIMITS, "hits")
        self._clock = clock

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when the server is away."""
        return StoreError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return what is counted; the first begins the window."""

        def change(row: Any) -> tuple[int, Mapping[str, object]]:  # noqa: ANN401 - a row of SQLAlchemy
            now = self._clock()
            if row is not None and _live(row, now):
                hits = max(0, row.hits + amount)
                return hits, {"hits": hits}
            hits = max(0, amount)
            return hits, {"hits": hits, "began": now, "ends": now + expiry}

        return await self._row.change(named(key), change)

    async def get(self, key: str) -> int:
        """Return what is counted."""
        row = await self._row.find(named(key))
        return int(row.hits) if row is not None and _live(row, self._clock()) else 0

    async def get_expiry(self, key: str) -> float:
        """Return the moment at which the window ends; now, where there is none."""
        now = self._clock()
        row = await self._row.find(named(key))
        return float(row.ends) if row is not None and _live(row, now) else now

    async def check(self) -> bool:
        """Say whether the server can be reached."""
        try:
            await self._database.read(select(literal(1)), {})
        except StoreError:
            return False
        return True

    async def reset(self) -> int:
        """Forget everything."""
        return await self._database.write(delete(_LIMITS), {})

    async def clear(self, key: str) -> None:
        """Forget one window."""
        await self._database.write(delete(_LIMITS).where(_LIMITS.c.key == named(key)), {})


def _live(row: Any, now: float) -> bool:  # noqa: ANN401 - as above
    """Whether it is now; a clock set back does not lengthen it, a request that was overtaken is in it."""
    return bool(row.began - STRAGGLING <= now < row.ends)
