"""Tokens in the SQLite file of the sessions: found by their id in microseconds, gone for every process at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from anyio import to_thread

from guardhouse.errors import StoreError
from guardhouse.state.token import TokenRecord
from guardhouse.stores.sqlite_file import SQLiteFile

PRUNE_SLICE = 1000

_COLUMNS = "id, owner, name, abilities, created, digest, expires, used"
_FIND = f"SELECT {_COLUMNS} FROM guardhouse_tokens WHERE id = ?"  # noqa: S608 - a constant

T = TypeVar("T")


class SQLiteTokens:
    """A token store in the file of a session store."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    def token_now(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id, on the thread of the event loop."""
        try:
            row = self._file.row(_FIND, (token_id,))
        except sqlite3.Error as error:
            raise _broken(error) from error
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
        await self._write(lambda connection: connection.execute(statement, row))

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; a note from the past changes nothing."""
        statement = "UPDATE guardhouse_tokens SET used = max(coalesce(used, ?1), ?1) WHERE id = ?2"
        return await self._changed(statement, used, token_id) > 0

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first."""
        statement = f"SELECT {_COLUMNS} FROM guardhouse_tokens WHERE owner = ? ORDER BY created, id"  # noqa: S608 - a constant
        return self._read(statement, owner)

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user."""
        statement = "DELETE FROM guardhouse_tokens WHERE owner = ? AND id = ?"
        return await self._changed(statement, owner, token_id) > 0

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user."""
        return await self._changed("DELETE FROM guardhouse_tokens WHERE owner = ?", owner)

    async def prune_tokens(self, before: float) -> int:
        """Delete one slice of what expired before that moment."""
        statement = (
            "DELETE FROM guardhouse_tokens WHERE id IN "
            "(SELECT id FROM guardhouse_tokens WHERE expires < ? LIMIT ?)"
        )
        return await self._changed(statement, before, PRUNE_SLICE)

    def _read(self, statement: str, *values: object) -> list[TokenRecord]:
        try:
            rows = self._file.reader().execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _broken(error) from error
        return [_record(row) for row in rows]

    async def _changed(self, statement: str, *values: object) -> int:
        return await self._write(lambda connection: connection.execute(statement, values).rowcount)

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await to_thread.run_sync(self._write_now, work)

    def _write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._file.writing() as connection:
                return work(connection)
        except sqlite3.Error as error:
            raise _broken(error) from error


def _record(row: tuple[Any, ...]) -> TokenRecord:
    token_id, owner, name, abilities, *rest = row
    try:
        return TokenRecord(
            token_id, owner, name, tuple(msgspec.json.decode(abilities, type=list[str])), *rest
        )
    except msgspec.MsgspecError as error:
        raise StoreError(f"the token {token_id} cannot be read: {error}") from error


def _broken(error: sqlite3.Error) -> StoreError:
    return StoreError(f"SQLite says: {error}")
