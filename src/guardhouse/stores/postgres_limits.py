"""Counts of requests in PostgreSQL, as a storage of the library `limits`: exact for all processes."""

from __future__ import annotations

from collections.abc import Callable

from guardhouse.state.attempts import STRAGGLING
from guardhouse.stores.postgres_pool import PostgresPool
from guardhouse.stores.server_schema import named
from guardhouse.stores.store_limits import StoreLimits

# A window that lies far in the future was begun by a clock that has been set back since, and must not last longer.
_LIVE = f"$2::double precision >= counted.began - {STRAGGLING} AND $2 < counted.ends"
# A count that a crash of the server loses is a few requests more; it need not wait for the disk.
_COUNT = f"""
INSERT INTO guardhouse_limits AS counted (key, hits, began, ends)
SELECT $1, greatest(0, $3::bigint), $2, $2 + $4::double precision
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN {_LIVE} THEN greatest(0, counted.hits + $3) ELSE excluded.hits END,
    began = CASE WHEN {_LIVE} THEN counted.began ELSE excluded.began END,
    ends = CASE WHEN {_LIVE} THEN counted.ends ELSE excluded.ends END
RETURNING hits
"""  # noqa: S608 - constants
_FIND = f"SELECT hits, ends FROM guardhouse_limits AS counted WHERE key = $1 AND {_LIVE}"  # noqa: S608 - constants


class PostgresLimits(StoreLimits):
    """A storage in the database of a session store. Counting is one statement."""

    def __init__(self, pool: PostgresPool, clock: Callable[[], float]) -> None:
        super().__init__()
        self._pool = pool
        self._clock = clock

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return what is counted; the first begins the window."""
        ((hits,),) = await self._pool.write(_COUNT, named(key), self._clock(), amount, float(expiry))
        return int(hits)

    async def get(self, key: str) -> int:
        """Return what is counted."""
        rows = await self._pool.read(_FIND, named(key), self._clock())
        return int(rows[0][0]) if rows else 0

    async def get_expiry(self, key: str) -> float:
        """Return the moment at which the window ends; now, where there is none."""
        now = self._clock()
        rows = await self._pool.read(_FIND, named(key), now)
        return float(rows[0][1]) if rows else now

    async def reset(self) -> int:
        """Forget everything."""
        return len(await self._pool.write("DELETE FROM guardhouse_limits RETURNING key"))

    async def clear(self, key: str) -> None:
        """Forget one window."""
        await self._pool.write("DELETE FROM guardhouse_limits WHERE key = $1", named(key))

    async def _reach(self) -> None:
        await self._pool.read("SELECT 1")
