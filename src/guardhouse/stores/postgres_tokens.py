"""Tokens in PostgreSQL, beside the sessions: found by their id in one round trip, gone for every process at once."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg.exceptions import UniqueViolationError

from guardhouse.state.token import TokenRecord
from guardhouse.stores.postgres_pool import PostgresPool
from guardhouse.stores.server_schema import named
from guardhouse.stores.server_token import encode, token_of
from guardhouse.stores.twice import TOKEN_TWICE, never_twice

PRUNE_SLICE = 1000

_ADD = """
INSERT INTO guardhouse_tokens (id, owner, body, created, expires, used) VALUES ($1, $2, $3, $4, $5, $6)
"""
_FIND = "SELECT body, used FROM guardhouse_tokens WHERE id = $1"
_LIST = "SELECT body, used FROM guardhouse_tokens WHERE owner = $1 ORDER BY created, id"
# As with a touch of a session: it need not wait for the disk.
_TOUCH = """
UPDATE guardhouse_tokens SET used = greatest(used, $2)
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed WHERE id = $1 RETURNING id
"""
_REVOKE = "DELETE FROM guardhouse_tokens WHERE owner = $1 AND id = $2 RETURNING id"
_REVOKE_ALL = "DELETE FROM guardhouse_tokens WHERE owner = $1 RETURNING id"
_PRUNE = """
DELETE FROM guardhouse_tokens WHERE id IN (
    SELECT id FROM guardhouse_tokens WHERE expires < $1 LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING id
"""


class PostgresTokens:
    """A token store in the database of a session store."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a new token."""
        moments = (record.created, record.expires, record.used)
        with never_twice(UniqueViolationError, TOKEN_TWICE):
            await self._pool.write(_ADD, named(record.id), named(record.owner), encode(record), *moments)

    async def token(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        rows = await self._pool.read(_FIND, named(token_id))
        return token_of(*rows[0]) if rows else None

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; a note from the past changes nothing."""
        return bool(await self._pool.write(_TOUCH, named(token_id), used))

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first."""
        return [token_of(*row) for row in await self._pool.read(_LIST, named(owner))]

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user."""
        return bool(await self._pool.write(_REVOKE, named(owner), named(token_id)))

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user."""
        return len(await self._pool.write(_REVOKE_ALL, named(owner)))

    async def prune_tokens(self, before: float) -> int:
        """Delete one slice of what expired before that moment."""
        return len(await self._pool.write(_PRUNE, before, PRUNE_SLICE))
