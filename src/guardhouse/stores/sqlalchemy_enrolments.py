"""Enrolments in a database of SQLAlchemy, beside the sessions: each verb is one statement that every database understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind, require_next
from guardhouse.stores.server_enrolment import called, encode, enrolment_of, kind_name
from guardhouse.stores.server_schema import named
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_schema import tables

PRUNE_SLICE = 1000

_KEPT = tables().tables["guardhouse_enrolments"]
_THIS = (_KEPT.c.kind == bindparam("of_kind"), _KEPT.c.name == bindparam("at"))
_THEIRS = _KEPT.c.owner == bindparam("of")
_AMONG = _KEPT.c.kind.in_(bindparam("kinds", expanding=True))
_OVER = _KEPT.c.ends < bindparam("before")
_FIND = select(_KEPT.c.body).where(*_THIS)
_LIST = select(_KEPT.c.body).where(_THEIRS).order_by(_KEPT.c.created, _KEPT.c.kind, _KEPT.c.name)
_CHANGE = (
    update(_KEPT)
    .where(*_THIS, _THEIRS, _KEPT.c.created == bindparam("made"), _KEPT.c.version == bindparam("was"))
    .values(ends=bindparam("until"), version=bindparam("becomes"), body=bindparam("holds"))
)
_WITHDRAW = delete(_KEPT).where(_THEIRS, *_THIS)
_WITHDRAW_ALL = delete(_KEPT).where(_THEIRS)
_ENDED = select(_KEPT.c.kind, _KEPT.c.name).where(_OVER).limit(bindparam("most"))
# Kind by kind: pairs in a list are understood by some databases only.
_PRUNE = delete(_KEPT).where(
    _KEPT.c.kind == bindparam("of_kind"), _KEPT.c.name.in_(bindparam("these", expanding=True)), _OVER
)


class SQLAlchemyEnrolments:
    """An enrolment store in the database of a session store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one: of several with one name the database lets one."""
        row = {
            "kind": kind_name(enrolment.kind),
            "name": named(enrolment.name),
            "owner": named(enrolment.owner),
            "created": enrolment.created,
            "ends": enrolment.ends,
            "version": enrolment.version,
            "body": encode(enrolment),
        }
        try:
            await self._database.write(insert(_KEPT), row)
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name."""
        rows = await self._database.read(_FIND, {"of_kind": kind_name(kind), "at": named(name)})
        return called(name, [enrolment_of(body) for (body,) in rows])

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has, the oldest first."""
        statement = _LIST.where(_AMONG) if kinds else _LIST
        return [enrolment_of(body) for (body,) in await self._database.read(statement, _theirs(owner, kinds))]

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`."""
        require_next(before, after)
        values = {
            "of_kind": kind_name(before.kind),
            "at": named(before.name),
            "of": named(before.owner),
            "made": before.created,
            "was": before.version,
            "until": after.ends,
            "becomes": after.version,
            "holds": encode(after),
        }
        return await self._database.write(_CHANGE, values) > 0

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user."""
        values = {"of": named(owner), "of_kind": kind_name(kind), "at": named(name)}
        return await self._database.write(_WITHDRAW, values) > 0

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user."""
        statement = _WITHDRAW_ALL.where(_AMONG) if kinds else _WITHDRAW_ALL
        return await self._database.write(statement, _theirs(owner, kinds))

    async def prune_enrolments(self, before: float) -> int:
        """Delete one slice of what ended before that moment."""
        ended = await self._database.read(_ENDED, {"before": before, "most": PRUNE_SLICE})
        pruned = 0
        for kind in sorted({kind for kind, _ in ended}):
            these = [name for its, name in ended if its == kind]
            pruned += await self._database.write(_PRUNE, {"of_kind": kind, "these": these, "before": before})
        return pruned


def _theirs(owner: str, kinds: Sequence[Kind]) -> dict[str, Any]:
    return {"of": named(owner)} | ({"kinds": [kind_name(kind) for kind in kinds]} if kinds else {})
