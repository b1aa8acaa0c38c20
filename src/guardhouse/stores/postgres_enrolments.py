"""Enrolments in PostgreSQL, beside the sessions: each verb is one statement, and on the disk when it is answered."""

from __future__ import annotations

from collections.abc import Sequence

from guardhouse.state.enrolment import Enrolment, Kind, require_next
from guardhouse.stores.postgres_pool import PostgresPool
from guardhouse.stores.server_enrolment import called, encode, enrolment_of, kind_name
from guardhouse.stores.server_schema import named

PRUNE_SLICE = 1000

_ENROL = """
INSERT INTO guardhouse_enrolments (kind, name, owner, created, ends, version, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING RETURNING version
"""
_FIND = "SELECT body FROM guardhouse_enrolments WHERE kind = $1 AND name = $2"
_LIST = """
SELECT body FROM guardhouse_enrolments WHERE owner = $1 AND ($2::bytea[] IS NULL OR kind = ANY ($2))
ORDER BY created, kind, name
"""
_CHANGE = """
UPDATE guardhouse_enrolments SET ends = $6, version = $7, body = $8
WHERE kind = $1 AND name = $2 AND owner = $3 AND created = $4 AND version = $5 RETURNING version
"""
_WITHDRAW = "DELETE FROM guardhouse_enrolments WHERE owner = $1 AND kind = $2 AND name = $3 RETURNING version"
_WITHDRAW_ALL = """
DELETE FROM guardhouse_enrolments WHERE owner = $1 AND ($2::bytea[] IS NULL OR kind = ANY ($2)) RETURNING version
"""
_PRUNE = """
DELETE FROM guardhouse_enrolments WHERE (kind, name) IN (
    SELECT kind, name FROM guardhouse_enrolments WHERE ends < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING version
"""


class PostgresEnrolments:
    """An enrolment store in the database of a session store."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one."""
        one = enrolment
        place = (kind_name(one.kind), named(one.name), named(one.owner))
        return bool(await self._pool.write(_ENROL, *place, one.created, one.ends, one.version, encode(one)))

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name."""
        rows = await self._pool.read(_FIND, kind_name(kind), named(name))
        return called(name, [enrolment_of(body) for (body,) in rows])

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has, the oldest first."""
        return [enrolment_of(body) for (body,) in await self._pool.read(_LIST, named(owner), _names(kinds))]

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`."""
        require_next(before, after)
        place = (kind_name(before.kind), named(before.name), named(before.owner))
        becomes = (after.ends, after.version, encode(after))
        return bool(await self._pool.write(_CHANGE, *place, before.created, before.version, *becomes))

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user."""
        return bool(await self._pool.write(_WITHDRAW, named(owner), kind_name(kind), named(name)))

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user."""
        return len(await self._pool.write(_WITHDRAW_ALL, named(owner), _names(kinds)))

    async def prune_enrolments(self, before: float) -> int:
        """Delete one slice of what ended before that moment."""
        return len(await self._pool.write(_PRUNE, before, PRUNE_SLICE))


def _names(kinds: Sequence[Kind]) -> list[bytes] | None:
    return [kind_name(kind) for kind in kinds] or None
