"""How often what lies with its bearers was called back, in PostgreSQL: one statement counts, one reads."""

from __future__ import annotations

from collections.abc import Sequence

from guardhouse.stores.postgres_pool import PostgresPool
from guardhouse.stores.server_schema import named

_READ = "SELECT key, count FROM guardhouse_epochs WHERE key = ANY($1::bytea[])"
_ADVANCE = """
INSERT INTO guardhouse_epochs AS counted (key, count, ends) VALUES ($1, 1, $2) ON CONFLICT (key) DO UPDATE SET
    count = counted.count + 1,
    ends = CASE WHEN counted.ends IS NULL OR excluded.ends IS NULL THEN NULL ELSE greatest(counted.ends, excluded.ends) END
RETURNING count
"""


class PostgresEpochs:
    """An epoch store in the database of a session store."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names in one round trip."""
        keys = [named(name) for name in names]
        counts = {bytes(key): int(count) for key, count in await self._pool.read(_READ, keys)}
        return [counts.get(key, 0) for key in keys]

    async def advance(self, name: str, until: float | None = None) -> int:
        """Count one up."""
        ((count,),) = await self._pool.write(_ADVANCE, named(name), until)
        return int(count)
