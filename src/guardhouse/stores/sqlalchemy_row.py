"""One row that several change: locked by writing it, made where it is missing, and decided about in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from guardhouse.errors import StoreError
from guardhouse.stores.sqlalchemy_engine import Database

T = TypeVar("T")

TRIES = 3
"""How often a row is made that somebody else has made first, and somebody else has dropped since."""


class CountedRow:
    """A row of a table with the primary key `key` and a column that counts."""

    def __init__(self, database: Database, table: Table, counts: str) -> None:
        self._database = database
        self._table = table
        this = table.c.key == bindparam("at")
        self._lock = update(table).where(this).values({counts: table.c[counts]})
        self._find = select(*table.c).where(this)
        self._keep = update(table).where(this)

    async def find(self, name: bytes) -> Any:  # noqa: ANN401 - a row, or None
        """Read the row; nobody is kept from it."""
        rows = await self._database.read(self._find, {"at": name})
        return rows[0] if rows else None

    async def change(self, name: bytes, change: Callable[[Any], tuple[T, Mapping[str, object] | None]]) -> T:
        """Let `change` see the row, or None, alone; what it returns beside its answer is what the row becomes."""

        async def work(connection: AsyncConnection) -> T:
            found = None
            if cast("CursorResult[Any]", await connection.execute(self._lock, {"at": name})).rowcount:
                found = (await connection.execute(self._find, {"at": name})).first()
            answer, becomes = change(found)
            if becomes is not None and found is not None:
                await connection.execute(self._keep.values(becomes), {"at": name})
            elif becomes is not None:
                await connection.execute(insert(self._table), {"key": name, **becomes})
            return answer

        for left in reversed(range(TRIES)):
            try:
                return await self._database.transaction(work)
            except StoreError as error:
                if not (left and isinstance(error.__cause__, IntegrityError)):
                    raise
        raise StoreError("nothing was tried")  # pragma: no cover - the last try returns or raises
