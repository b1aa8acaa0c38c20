"""Sessions in whatever database SQLAlchemy knows, in statements that all of them understand.

A change is made by compare-and-set on a version, and where others were quicker under the lock of its row, which is taken by
writing it: that locks everywhere. Proven on MariaDB, PostgreSQL and SQLite.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Double, bindparam, case, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from guardhouse.errors import StoreError
from guardhouse.state.examined import Remark
from guardhouse.state.record import Changes, Record, UnreadableRecordError, encode, merged
from guardhouse.state.store import Migrated
from guardhouse.stores.server_record import only_touched, readable_rows, record_of, rows_called, sweep_at
from guardhouse.stores.server_schema import VERSIONS, named
from guardhouse.stores.server_url import options_of
from guardhouse.stores.sqlalchemy_attempts import SQLAlchemyAttempts
from guardhouse.stores.sqlalchemy_engine import Database
from guardhouse.stores.sqlalchemy_enrolments import SQLAlchemyEnrolments
from guardhouse.stores.sqlalchemy_epochs import SQLAlchemyEpochs
from guardhouse.stores.sqlalchemy_examine import look_at, weigh
from guardhouse.stores.sqlalchemy_schema import statements, tables
from guardhouse.stores.sqlalchemy_tokens import SQLAlchemyTokens
from guardhouse.stores.twice import SESSION_TWICE, never_twice

PRUNE_SLICE = 1000

logger = logging.getLogger("guardhouse.sqlalchemy")

_TABLES = tables().tables
_SESSIONS, _OWNERS = _TABLES["guardhouse_sessions"], _TABLES["guardhouse_owners"]
_USED = _TABLES["guardhouse_used"]
_THIS = _SESSIONS.c.key == bindparam("at")
_NOW, _OVER = bindparam("now", type_=Double[float]()), bindparam("over", type_=Double[float]())
_LATER = case((_SESSIONS.c.seen < bindparam("now"), _NOW), else_=_SESSIONS.c.seen)
_SOONER = case((_SESSIONS.c.sweep > bindparam("over"), _OVER), else_=_SESSIONS.c.sweep)
_UNTIL = case(
    (_SESSIONS.c.ends < _SESSIONS.c.seen + _SESSIONS.c.idle, _SESSIONS.c.ends),
    else_=_SESSIONS.c.seen + _SESSIONS.c.idle,
)

_LOAD = select(_SESSIONS.c.body, _SESSIONS.c.seen).where(_THIS)
_READ = select(_SESSIONS.c.id, _SESSIONS.c.body, _SESSIONS.c.seen, _SESSIONS.c.version).where(_THIS)
_LOCK = update(_SESSIONS).where(_THIS).values(version=_SESSIONS.c.version)
_TOUCH = update(_SESSIONS).where(_THIS).values(seen=_LATER)
_CHANGE = (
    update(_SESSIONS)
    .where(_THIS, _SESSIONS.c.version == bindparam("was"))
    .values(
        key=bindparam("becomes"),
        body=bindparam("holds"),
        seen=_LATER,
        idle=bindparam("length"),
        ends=bindparam("end"),
        sweep=_SOONER,
        version=_SESSIONS.c.version + 1,
    )
)
_DELETE = delete(_SESSIONS).where(_THIS)
_OWNED = (
    select(_SESSIONS.c.body, _SESSIONS.c.seen)
    .join(_OWNERS, _OWNERS.c.session == _SESSIONS.c.id)
    .where(_OWNERS.c.owner == bindparam("of"))
)
_LISTED = _OWNED.with_only_columns(_SESSIONS.c.id, _SESSIONS.c.body, _SESSIONS.c.seen)
# By the number of the row, which a move does not change: one that is under way is waited for, and found.
_REVOKE = delete(_SESSIONS).where(
    _SESSIONS.c.id.in_(select(_OWNERS.c.session).where(_OWNERS.c.owner == bindparam("of")))
)
_REVOKE_OTHERS = _REVOKE.where(_SESSIONS.c.key != bindparam("kept"))
_DUE = (
    select(_SESSIONS.c.id)
    .where(_SESSIONS.c.sweep <= bindparam("now"))
    .order_by(_SESSIONS.c.sweep)
    .limit(bindparam("most"))
)
_THESE = _SESSIONS.c.id.in_(bindparam("these", expanding=True))
_END = delete(_SESSIONS).where(
    _THESE,
    or_(
        _SESSIONS.c.seen + _SESSIONS.c.idle <= bindparam("now"),
        _SESSIONS.c.ends <= bindparam("now"),
    ),
)
_LOOK_LATER = update(_SESSIONS).where(_THESE, _SESSIONS.c.sweep <= bindparam("now")).values(sweep=_UNTIL)
_SWEPT = (
    (_USED, _USED.c.name, _USED.c.until),
    *(
        (_TABLES[name], _TABLES[name].c.key, _TABLES[name].c.ends)
        for name in ("guardhouse_limits", "guardhouse_attempts", "guardhouse_epochs")
    ),
)


class SQLAlchemyStore:
    """A session store in a database, by its URL: `mariadb+asyncmy://user@host/database`."""

    def __init__(self, url: str) -> None:
        bare, options = options_of(url, None)
        self._database = Database(bare, options)
        self.tokens = SQLAlchemyTokens(self._database)
        self.attempts = SQLAlchemyAttempts(self._database)
        self.enrolments = SQLAlchemyEnrolments(self._database)
        self.epochs = SQLAlchemyEpochs(self._database)

    def __repr__(self) -> str:
        return f"SQLAlchemyStore({self._database.where!r})"

    async def load(self, key: bytes) -> Record | None:
        """Read a record."""
        rows = await self._database.read(_LOAD, {"at": key})
        return record_of(*rows[0]) if rows else None

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record."""
        row = {
            "key": key,
            "body": encode(record),
            "seen": record.seen,
            "idle": record.idle,
            "ends": record.ends,
            "sweep": sweep_at(record),
            "version": 0,
        }

        async def work(connection: AsyncConnection) -> None:
            made = cast("CursorResult[Any]", await connection.execute(insert(_SESSIONS), row))
            await _own(connection, cast("Any", made.inserted_primary_key)[0], record.owners)

        with never_twice(IntegrityError, SESSION_TWICE):
            await self._database.transaction(work)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""
        if (seen := only_touched(changes)) is not None:
            return await self._database.write(_TOUCH, {"at": key, "now": seen}) > 0
        return await self._change(key, key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in."""
        with never_twice(IntegrityError, SESSION_TWICE):
            return await self._change(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        return await self._database.write(_DELETE, {"at": key}) > 0

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        return readable_rows(await self._database.read(_OWNED, {"of": named(owner)}))

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`."""
        statement = _REVOKE if keep is None else _REVOKE_OTHERS
        values = {"of": named(owner)} | ({} if keep is None else {"kept": keep})

        async def work(connection: AsyncConnection) -> int:
            return cast("CursorResult[Any]", await connection.execute(statement, values)).rowcount

        return await self._database.transaction(work)

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it; by its row, which a move does not change."""
        listed = await self._database.read(_LISTED, {"of": named(owner)})
        ended = rows_called(listed, public_id)

        async def work(connection: AsyncConnection) -> int:
            found = await connection.execute(delete(_SESSIONS).where(_THESE), {"these": ended})
            return cast("CursorResult[Any]", found).rowcount

        return bool(ended) and await self._database.transaction(work) > 0

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new: of several who write it down at once, the database lets one."""
        try:
            await self._database.write(insert(_USED), {"name": named(name), "until": until})
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True

    async def prune(self, now: float) -> int:
        """Delete one slice of what has expired; call it now and then."""
        for table, key, moment in _SWEPT:
            names = [
                name
                for (name,) in await self._database.read(
                    select(key).where(moment <= now).limit(PRUNE_SLICE), {}
                )
            ]
            if names:
                await self._database.write(delete(table).where(key.in_(names), moment <= now), {})
        ended, due = 0, PRUNE_SLICE
        while not ended and due >= PRUNE_SLICE:  # a slice in which everybody came back was only looked at
            these = [row for (row,) in await self._database.read(_DUE, {"now": now, "most": PRUNE_SLICE})]
            ended, due = await self._sweep(sorted(these), now), len(these)
        return ended

    async def _sweep(self, these: Sequence[int], now: float) -> int:
        if not these:
            return 0
        ended = await self._database.write(_END, {"these": these, "now": now})
        await self._database.write(_LOOK_LATER, {"these": these, "now": now})
        return ended

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Return where requests are counted."""
        from guardhouse.stores.sqlalchemy_limits import (  # noqa: PLC0415 - an extra, loaded where it is used
            SQLAlchemyLimits,
        )

        return SQLAlchemyLimits(self._database, clock)

    async def open(self) -> None:
        """Reach the server; one that has not the tables of this guardhouse is an error, and what is unsafe is logged."""
        await self._database.open()
        for remark in await self.examine():
            logger.warning("%s", remark)

    async def examine(self) -> Sequence[Remark]:
        """Say what is unsafe about the database as it stands, each with the next step."""
        dialect, asked = self._database.dialect.name, look_at(self._database.dialect.name)
        if asked is None:
            return ()
        (said,) = await self._database.read(asked, {})
        return weigh(dialect, said, self._database.where, time.time(), self._database.options.pool)

    async def migrate(self) -> Migrated:
        """Make or upgrade the tables."""
        return await self._database.migrate()

    def schema(self, since: int = 0) -> Sequence[str]:
        """Write the statements that do so."""
        return statements(self._database.dialect, VERSIONS, since)

    async def close(self) -> None:
        """Close the connections; the next use opens them again."""
        await self._database.close()

    async def _change(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Merge, by compare-and-set at first; whom others outrun takes the lock, behind which every turn comes."""
        read = _Read.of(await self._database.read(_READ, {"at": old}))
        if read is None:
            return False
        if await self._database.transaction(lambda connection: read.apply(connection, old, new, changes)):
            return True

        async def locked(connection: AsyncConnection) -> bool:
            await connection.execute(_LOCK, {"at": old})
            now = _Read.of((await connection.execute(_READ, {"at": old})).all())
            return now is not None and await now.apply(connection, old, new, changes)

        return await self._database.transaction(locked)


class _Read:
    """A row as it was read, to be changed where it still is as it was."""

    def __init__(self, row: int, version: int, record: Record) -> None:
        self._row = row
        self._version = version
        self._record = record

    @classmethod
    def of(cls, rows: Sequence[Any]) -> _Read | None:
        """Read what could be merged into; one that cannot be read is none, which the reader reports."""
        if not rows:
            return None
        row, body, seen, version = rows[0]
        try:
            return cls(row, version, record_of(body, seen))
        except UnreadableRecordError:
            return None

    async def apply(self, connection: AsyncConnection, old: bytes, new: bytes, changes: Changes) -> bool:
        """Write the record with the changes merged in; False, and nothing written, where others were quicker."""
        becomes = merged(self._record, changes)
        values: Mapping[str, object] = {
            "at": old,
            "was": self._version,
            "becomes": new,
            "holds": encode(becomes),
            "now": becomes.seen,
            "length": becomes.idle,
            "end": becomes.ends,
            "over": sweep_at(becomes),
        }
        if not cast("CursorResult[Any]", await connection.execute(_CHANGE, values)).rowcount:
            return False
        gone = [named(owner) for owner in self._record.owners - becomes.owners]
        if gone:
            theirs = (_OWNERS.c.session == self._row, _OWNERS.c.owner.in_(gone))
            await connection.execute(delete(_OWNERS).where(*theirs))
        await _own(connection, self._row, becomes.owners - self._record.owners)
        return True


async def _own(connection: AsyncConnection, row: int, owners: frozenset[str]) -> None:
    rows = [{"session": row, "owner": named(owner)} for owner in sorted(owners)]
    if rows:
        await connection.execute(insert(_OWNERS), rows)
