"""The tries of accounts in a database of SQLAlchemy: counted once for all processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import delete

from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide, ends
from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_row import CountedRow
from guardhouse.stores.sqlalchemy_schema import tables

_ATTEMPTS = tables().tables["guardhouse_attempts"]


class SQLAlchemyAttempts:
    """An attempt store in the database of a session store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._row = CountedRow(database, _ATTEMPTS, "count")

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in, or say how long to wait for it; a flood of tries that must wait writes nothing."""
        name = named(key)
        seen = decide(_read(await self._row.find(name)), limit, clock())
        if isinstance(seen, Wait):
            return seen

        def change(row: Any) -> tuple[Attempts | Wait, Mapping[str, object] | None]:  # noqa: ANN401 - a row of SQLAlchemy
            decided = decide(_read(row), limit, clock())
            if isinstance(decided, Wait):
                return decided, None
            return decided, {
                "count": decided.count,
                "began": decided.began,
                "opens": decided.opens,
                "ends": ends(decided, limit),
            }

        return await self._row.change(name, change)

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries."""
        statement = delete(_ATTEMPTS)
        if key is not None:
            statement = statement.where(_ATTEMPTS.c.key == named(key))
        await self._database.write(statement, {})


def _read(row: Any) -> Attempts:  # noqa: ANN401 - as above
    return NO_ATTEMPTS if row is None else Attempts(row.count, row.began, row.opens)
