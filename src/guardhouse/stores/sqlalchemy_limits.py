"""Counts of requests in a database of SQLAlchemy, as a storage of the library `limits`: exact for all processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete, literal, select

from guardhouse.state.attempts import STRAGGLING
from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_row import CountedRow
from guardhouse.stores.sqlalchemy_schema import tables
from guardhouse.stores.store_limits import StoreLimits

_LIMITS = tables().tables["guardhouse_limits"]


class SQLAlchemyLimits(StoreLimits):
    """A storage in the database of a session store."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        super().__init__()
        self._database = database
        self._row = CountedRow(database, _LIMITS, "hits")
        self._clock = clock

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

    async def reset(self) -> int:
        """Forget everything."""
        return await self._database.write(delete(_LIMITS), {})

    async def clear(self, key: str) -> None:
        """Forget one window."""
        await self._database.write(delete(_LIMITS).where(_LIMITS.c.key == named(key)), {})

    async def _reach(self) -> None:
        await self._database.read(select(literal(1)), {})


def _live(row: Any, now: float) -> bool:  # noqa: ANN401 - as above
    """Whether it is now; a clock set back does not lengthen it, a request that was overtaken is in it."""
    return bool(row.began - STRAGGLING <= now < row.ends)
