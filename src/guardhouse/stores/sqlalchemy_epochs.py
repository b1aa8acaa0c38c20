"""How often what lies with its bearers was called back, in a database of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_row import CountedRow
from guardhouse.stores.sqlalchemy_schema import tables

_EPOCHS = tables().tables["guardhouse_epochs"]
_READ = select(_EPOCHS.c.key, _EPOCHS.c.count).where(_EPOCHS.c.key.in_(bindparam("these", expanding=True)))


class SQLAlchemyEpochs:
    """An epoch store in the database of a session store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._row = CountedRow(database, _EPOCHS, "count")

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names in one round trip."""
        keys = [named(name) for name in names]
        counts = {bytes(key): int(count) for key, count in await self._database.read(_READ, {"these": keys})}
        return [counts.get(key, 0) for key in keys]

    async def advance(self, name: str, until: float | None = None) -> int:
        """Count one up, under the lock of its row."""

        def change(row: Any) -> tuple[int, Mapping[str, object]]:  # noqa: ANN401 - a row of SQLAlchemy
            if row is None:
                return 1, {"count": 1, "ends": until}
            ends = None if row.ends is None or until is None else max(row.ends, until)
            return row.count + 1, {"count": row.count + 1, "ends": ends}

        return await self._row.change(named(name), change)
