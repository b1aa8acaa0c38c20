"""Tokens in the SQLite file of the sessions: found by their id in microseconds, gone for every process at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from guardhouse.errors import StoreError
from guardhouse.state.token import TokenRecord
from guardhouse.stores.sqlite_file import SQLiteFile
from guardhouse.stores.sqlite_work import broken, changed, rows

PRUNE_SLICE = 1000

_COLUMNS = "id, owner, name, abilities, created, digest, expires, used"
_FIND = f"SELECT {_COLUMNS} FROM guardhouse_tokens WHERE id = ?"  # noqa: S608 - a constant


class SQLiteTokens:
    """A token store in the file of a session store."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def token_now(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id, on the thread of the event loop."""
        try:
            row = self._file.row(_FIND, (token_id,))
        except sqlite3.Error as error:
            raise broken(error) from error
        return None if row is None else _record(row)

    async def token(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        return self.token_now(token_id)

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a new token."""
        abilities = msgspec.json.encode(record.abilities).decode()
        row = (
            record.id,
            record.owner,
            record.name,
            abilities,
            record.created,
            record.digest,
            record.expires,
            record.used,
        )
        statement = f"INSERT INTO guardhouse_tokens ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
        await changed(self._file, statement, *row)

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; a note from the past changes nothing."""
        statement = "UPDATE guardhouse_tokens SET used = max(coalesce(used, ?1), ?1) WHERE id = ?2"
        return await changed(self._file, statement, used, token_id) > 0

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first."""
        statement = f"SELECT {_COLUMNS} FROM guardhouse_tokens WHERE owner = ? ORDER BY created, id"  # noqa: S608 - a constant
        return [_record(row) for row in rows(self._file, statement, owner)]

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user."""
        statement = "DELETE FROM guardhouse_tokens WHERE owner = ? AND id = ?"
        return await changed(self._file, statement, owner, token_id) > 0

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user."""
        return await changed(self._file, "DELETE FROM guardhouse_tokens WHERE owner = ?", owner)

    async def prune_tokens(self, before: float) -> int:
        """Delete one slice of what expired before that moment."""
        statement = (
            "DELETE FROM guardhouse_tokens WHERE id IN "
            "(SELECT id FROM guardhouse_tokens WHERE expires < ? LIMIT ?)"
        )
        return await changed(self._file, statement, before, PRUNE_SLICE)


def _record(row: tuple[Any, ...]) -> TokenRecord:
    token_id, owner, name, abilities, *rest = row
    try:
        return TokenRecord(
            token_id, owner, name, tuple(msgspec.json.decode(abilities, type=list[str])), *rest
        )
    except msgspec.MsgspecError as error:
        raise StoreError(f"the token {token_id} cannot be read: {error}") from error
