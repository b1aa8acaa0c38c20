"""Enrolments in the SQLite file of the sessions: each verb is one statement, and what is gone is gone for every process."""

from __future__ import annotations

from collections.abc import Sequence

from guardhouse.state.enrolment import Enrolment, Kind, require_next
from guardhouse.stores.server_enrolment import called, encode, enrolment_of, kind_name
from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlite_file import SQLiteFile
from guardhouse.stores.sqlite_work import rows, write

PRUNE_SLICE = 1000

_ENROL = """
INSERT INTO guardhouse_enrolments (kind, name, owner, created, ends, version, body)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_FIND = "SELECT body FROM guardhouse_enrolments WHERE kind = ? AND name = ?"
_LIST = "SELECT body FROM guardhouse_enrolments WHERE owner = ?"
_ORDER = " ORDER BY created, kind, name"
_CHANGE = """
UPDATE guardhouse_enrolments SET ends = ?, version = ?, body = ?
WHERE kind = ? AND name = ? AND owner = ? AND created = ? AND version = ?
"""
_WITHDRAW = "DELETE FROM guardhouse_enrolments WHERE owner = ? AND kind = ? AND name = ?"
_WITHDRAW_ALL = "DELETE FROM guardhouse_enrolments WHERE owner = ?"
_PRUNE = """
DELETE FROM guardhouse_enrolments WHERE (kind, name) IN (
    SELECT kind, name FROM guardhouse_enrolments WHERE ends < ? LIMIT ?
)
"""


class SQLiteEnrolments:
    """An enrolment store in the file of a session store."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one."""
        one = enrolment
        place = (kind_name(one.kind), named(one.name), named(one.owner))
        return await self._changed(_ENROL, *place, one.created, one.ends, one.version, encode(one)) > 0

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name."""
        found = rows(self._file, _FIND, kind_name(kind), named(name))
        return called(name, [enrolment_of(body) for (body,) in found])

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has, the oldest first."""
        found = rows(self._file, _LIST + _among(kinds) + _ORDER, named(owner), *map(kind_name, kinds))
        return [enrolment_of(body) for (body,) in found]

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`."""
        require_next(before, after)
        becomes = (after.ends, after.version, encode(after))
        place = (kind_name(before.kind), named(before.name), named(before.owner))
        return await self._changed(_CHANGE, *becomes, *place, before.created, before.version) > 0

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user."""
        return await self._changed(_WITHDRAW, named(owner), kind_name(kind), named(name)) > 0

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user."""
        return await self._changed(_WITHDRAW_ALL + _among(kinds), named(owner), *map(kind_name, kinds))

    async def prune_enrolments(self, before: float) -> int:
        """Delete one slice of what ended before that moment."""
        return await self._changed(_PRUNE, before, PRUNE_SLICE)

    async def _changed(self, statement: str, *values: object) -> int:
        return await write(self._file, lambda connection: connection.execute(statement, values).rowcount)


def _among(kinds: Sequence[Kind]) -> str:
    """Narrow a statement to these kinds; none named is every kind."""
    return f" AND kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
