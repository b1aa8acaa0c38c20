"""Tokens in a database of SQLAlchemy, beside the sessions: gone for every process at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Double, bindparam, case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from guardhouse.state.token import TokenRecord
from guardhouse.stores.server_schema import named
from guardhouse.stores.server_token import encode, token_of
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_schema import tables
from guardhouse.stores.twice import TOKEN_TWICE, never_twice

PRUNE_SLICE = 1000

_TOKENS = tables().tables["guardhouse_tokens"]
_THIS = _TOKENS.c.id == bindparam("at")
_THEIRS = _TOKENS.c.owner == bindparam("of")
_FIND = select(_TOKENS.c.body, _TOKENS.c.used).where(_THIS)
_LIST = select(_TOKENS.c.body, _TOKENS.c.used).where(_THEIRS).order_by(_TOKENS.c.created, _TOKENS.c.id)
_LATER = case(
    (_TOKENS.c.used >= bindparam("now"), _TOKENS.c.used), else_=bindparam("now", type_=Double[float]())
)
_TOUCH = update(_TOKENS).where(_THIS).values(used=_LATER)
_OVER = _TOKENS.c.expires < bindparam("before")
_EXPIRED = select(_TOKENS.c.id).where(_OVER).limit(bindparam("most"))
_PRUNE = delete(_TOKENS).where(_TOKENS.c.id.in_(bindparam("these", expanding=True)), _OVER)


class SQLAlchemyTokens:
    """A token store in the database of a session store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a new token."""
        row = {
            "id": named(record.id),
            "owner": named(record.owner),
            "body": encode(record),
            "created": record.created,
            "expires": record.expires,
            "used": record.used,
        }
        with never_twice(IntegrityError, TOKEN_TWICE):
            await self._database.write(insert(_TOKENS), row)

    async def token(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        rows = await self._database.read(_FIND, {"at": named(token_id)})
        return token_of(*rows[0]) if rows else None

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; a note from the past changes nothing."""
        return await self._database.write(_TOUCH, {"at": named(token_id), "now": used}) > 0

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first."""
        return [token_of(*row) for row in await self._database.read(_LIST, {"of": named(owner)})]

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user."""
        values = {"of": named(owner), "at": named(token_id)}
        return await self._database.write(delete(_TOKENS).where(_THEIRS, _THIS), values) > 0

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user."""
        return await self._database.write(delete(_TOKENS).where(_THEIRS), {"of": named(owner)})

    async def prune_tokens(self, before: float) -> int:
        """Delete one slice of what expired before that moment."""
        rows = await self._database.read(_EXPIRED, {"before": before, "most": PRUNE_SLICE})
        these = [token_id for (token_id,) in rows]
        return await self._database.write(_PRUNE, {"these": these, "before": before}) if these else 0
