"""The tries of accounts in PostgreSQL: counted once for all processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide, ends
from guardhouse.stores.postgres_pool import Connection, PostgresPool
from guardhouse.stores.server_schema import named

_FIND = "SELECT count, began, opens FROM guardhouse_attempts WHERE key = $1"
# A row to lock where there is none yet, so that of two first tries one waits for the other.
_LOCK = """
INSERT INTO guardhouse_attempts (key, count, began, opens, ends) VALUES ($1, 0, 0, 0, 0)
ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING count, began, opens
"""
_KEEP = "UPDATE guardhouse_attempts SET count = $2, began = $3, opens = $4, ends = $5 WHERE key = $1"


class PostgresAttempts:
    """An attempt store in the database of a session store."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in, or say how long to wait for it; a flood of tries that must wait writes nothing."""
        name = named(key)
        seen = decide(_read(await self._pool.read(_FIND, name)), limit, clock())
        if isinstance(seen, Wait):
            return seen

        async def work(connection: Connection) -> Attempts | Wait:
            decided = decide(_read(await connection.fetch(_LOCK, name)), limit, clock())
            if isinstance(decided, Attempts):
                kept = (decided.count, decided.began, decided.opens, ends(decided, limit))
                await connection.execute(_KEEP, name, *kept)
            return decided

        return await self._pool.transaction(work)

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries."""
        if key is None:
            await self._pool.write("DELETE FROM guardhouse_attempts")
        else:
            await self._pool.write("DELETE FROM guardhouse_attempts WHERE key = $1", named(key))


def _read(rows: Sequence[Any]) -> Attempts:
    return Attempts(*rows[0]) if rows else NO_ATTEMPTS
