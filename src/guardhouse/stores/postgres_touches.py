"""That somebody was there, in PostgreSQL: who says so while another does goes along, and none of them waits for the disk.

A touch that a crash of the server loses ends a session a little early, which harms nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from guardhouse.stores.joined import Joined, JoinedAnywhere
from guardhouse.stores.postgres_pool import PostgresPool

Touch: TypeAlias = tuple[bytes, float]
"""The key of a session, and when somebody was there."""

_ONE = """
UPDATE guardhouse_sessions SET seen = greatest(seen, $2)
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed WHERE key = $1 RETURNING id
"""
# Rows are locked in the order of their numbers, as `revoke` does, so that no two wait for one another.
_MANY = """
WITH told AS (SELECT key, max(seen) AS seen FROM unnest($1::bytea[], $2::float8[]) AS each (key, seen) GROUP BY key),
there AS (
    SELECT id, told.key, told.seen FROM guardhouse_sessions AS kept JOIN told USING (key)
    ORDER BY id FOR NO KEY UPDATE OF kept
)
UPDATE guardhouse_sessions AS kept SET seen = greatest(kept.seen, there.seen)
FROM there, (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed
WHERE kept.id = there.id RETURNING there.key
"""


class PostgresTouches:
    """The touches of a session store."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._joined = JoinedAnywhere(lambda: Joined(self._one, self._many))

    async def touch(self, key: bytes, seen: float) -> bool:
        """Say that somebody was there; False where there is no such session."""
        return await self._joined.ask((key, seen))

    async def _one(self, touch: Touch) -> bool:
        return bool(await self._pool.write(_ONE, *touch))

    async def _many(self, touches: Sequence[Touch]) -> Sequence[bool]:
        keys, moments = zip(*touches, strict=True)
        there = {bytes(key) for (key,) in await self._pool.write(_MANY, list(keys), list(moments))}
        return [key in there for key in keys]
