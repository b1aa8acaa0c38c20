"""Sessions in PostgreSQL: one round trip to read one, or all that are asked for meanwhile, and every change is one statement or one transaction.

A change is made by compare-and-set on what was read, and where others were quicker under the lock of its row. Under READ
COMMITTED, which every connection asks for, that loses nothing; no statement can create what is not there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from asyncpg.exceptions import UniqueViolationError

from guardhouse.state.examined import Remark
from guardhouse.state.record import Changes, Record, UnreadableRecordError, encode, merged
from guardhouse.state.store import Migrated
from guardhouse.stores.joined import Joined, JoinedAnywhere
from guardhouse.stores.postgres_attempts import PostgresAttempts
from guardhouse.stores.postgres_enrolments import PostgresEnrolments
from guardhouse.stores.postgres_epochs import PostgresEpochs
from guardhouse.stores.postgres_examine import LOOK, remarks
from guardhouse.stores.postgres_pool import Connection, PostgresPool
from guardhouse.stores.postgres_schema import statements
from guardhouse.stores.postgres_tokens import PostgresTokens
from guardhouse.stores.postgres_touches import PostgresTouches
from guardhouse.stores.server_record import only_touched, readable_rows, record_of, rows_called, sweep_at
from guardhouse.stores.server_schema import VERSIONS, named
from guardhouse.stores.server_url import options_of
from guardhouse.stores.twice import SESSION_TWICE, never_twice

logger = logging.getLogger("guardhouse.postgres")

Row: TypeAlias = tuple[bytes, float]
"""A body, and when somebody was there last."""

PRUNE_SLICE = 1000

DRIVER_OPTIONS = frozenset(
    {
        *("host", "port", "user", "password", "passfile", "database", "dbname", "krbsrvname", "gsslib"),
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
        *("application_name", "search_path"),
    }
)
"""What may stand in the query of a URL beside our own options: what asyncpg reads there, and two settings."""

_LOAD = "SELECT body, seen FROM guardhouse_sessions WHERE key = $1"
_LOAD_MANY = "SELECT key, body, seen FROM guardhouse_sessions WHERE key = ANY($1::bytea[])"
_READ = "SELECT body, seen, version FROM guardhouse_sessions WHERE key = $1"
_CREATE = """
WITH made AS (
    INSERT INTO guardhouse_sessions (key, body, seen, idle, ends, sweep, version)
    VALUES ($1, $2, $3, $4, $5, $6, 0) RETURNING id
)
INSERT INTO guardhouse_owners (session, owner) SELECT id, unnest($7::bytea[]) FROM made
"""
_CHANGE = """
UPDATE guardhouse_sessions
SET key = $2, body = $3, seen = greatest(seen, $4), idle = $5, ends = $6, sweep = least(sweep, $7), version = version + 1
WHERE key = $1 AND version = $8 RETURNING id
"""
_CHANGE_OWNERS = f"""
WITH changed AS ({_CHANGE}),
gone AS (DELETE FROM guardhouse_owners USING changed WHERE session = changed.id AND owner = ANY($9::bytea[])),
come AS (
    INSERT INTO guardhouse_owners (session, owner) SELECT id, unnest($10::bytea[]) FROM changed ON CONFLICT DO NOTHING
)
SELECT id FROM changed
"""  # noqa: S608 - constants
_DELETE = "DELETE FROM guardhouse_sessions WHERE key = $1 RETURNING id"
_OWNED = """
SELECT body, seen FROM guardhouse_sessions JOIN guardhouse_owners ON session = id WHERE owner = $1
"""
_LISTED = """
SELECT id, body, seen FROM guardhouse_sessions JOIN guardhouse_owners ON session = id WHERE owner = $1
"""
_END = "DELETE FROM guardhouse_sessions WHERE id = ANY($1::bigint[]) RETURNING id"
# By the number of the row, which a move does not change: one that is under way is waited for, and found. In one order,
# so that two who end each other's sessions do not wait for one another.
_REVOKE = """
WITH theirs AS (
    SELECT id FROM guardhouse_sessions
    WHERE id IN (SELECT session FROM guardhouse_owners WHERE owner = $1) AND key IS DISTINCT FROM $2
    ORDER BY id FOR UPDATE
)
DELETE FROM guardhouse_sessions USING theirs WHERE guardhouse_sessions.id = theirs.id RETURNING theirs.id
"""
_ONCE = "INSERT INTO guardhouse_used (name, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING name"
# What another sweep, or a request, is at work on is left out: it is there the next time.
_SWEEP = """
WITH due AS (
    SELECT id, least(ends, seen + idle) AS over FROM guardhouse_sessions
    WHERE sweep <= $1 ORDER BY sweep LIMIT $2 FOR UPDATE SKIP LOCKED
),
ended AS (
    DELETE FROM guardhouse_sessions USING due WHERE guardhouse_sessions.id = due.id AND over <= $1 RETURNING 1
),
kept AS (
    UPDATE guardhouse_sessions SET sweep = over FROM due WHERE guardhouse_sessions.id = due.id AND over > $1
)
SELECT (SELECT count(*) FROM ended) AS ended, (SELECT count(*) FROM due) AS due
"""
_SWEEPS = tuple(
    f"DELETE FROM {table} WHERE {key} IN ("  # noqa: S608 - constants
    f"SELECT {key} FROM {table} WHERE {moment} <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)"
    for table, key, moment in (
        ("guardhouse_used", "name", "until"),
        ("guardhouse_limits", "key", "ends"),
        ("guardhouse_attempts", "key", "ends"),
        ("guardhouse_epochs", "key", "ends"),
    )
)


class PostgresStore:
    """A session store in a PostgreSQL database, by its URL: `postgresql://user@host/database`."""

    def __init__(self, url: str) -> None:
        bare, options = options_of(url, DRIVER_OPTIONS)
        self._pool = PostgresPool(bare, options)
        self._touches = PostgresTouches(self._pool)
        self._loads = JoinedAnywhere(lambda: Joined(self._load_one, self._load_many))
        self.tokens = PostgresTokens(self._pool)
        self.attempts = PostgresAttempts(self._pool)
        self.enrolments = PostgresEnrolments(self._pool)
        self.epochs = PostgresEpochs(self._pool)

    def __repr__(self) -> str:
        return f"PostgresStore({self._pool.where!r})"

    async def load(self, key: bytes) -> Record | None:
        """Read a record."""
        row = await self._loads.ask(key)
        return None if row is None else record_of(*row)

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record."""
        owners = [named(owner) for owner in record.owners]
        values = (encode(record), record.seen, record.idle, record.ends, sweep_at(record), owners)
        with never_twice(UniqueViolationError, SESSION_TWICE):
            await self._pool.write(_CREATE, key, *values)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""
        if (seen := only_touched(changes)) is not None:
            return await self._touches.touch(key, seen)
        return await self._change(key, key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in."""
        with never_twice(UniqueViolationError, SESSION_TWICE):
            return await self._change(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        return bool(await self._pool.write(_DELETE, key))

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        return readable_rows(await self._pool.read(_OWNED, named(owner)))

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`."""
        return len(await self._pool.write(_REVOKE, named(owner), keep))

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it; by its row, which a move does not change."""
        listed = await self._pool.read(_LISTED, named(owner))
        ended = rows_called(listed, public_id)
        return bool(ended) and bool(await self._pool.write(_END, ended))

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new."""
        return bool(await self._pool.write(_ONCE, named(name), until))

    async def prune(self, now: float) -> int:
        """Delete one slice of what has expired; call it now and then."""
        for statement in _SWEEPS:
            await self._pool.write(statement, now, PRUNE_SLICE)
        ended, due = 0, PRUNE_SLICE
        while not ended and due >= PRUNE_SLICE:  # a slice in which everybody came back was only looked at
            ((ended, due),) = await self._pool.write(_SWEEP, now, PRUNE_SLICE)
        return ended

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Return where requests are counted."""
        from guardhouse.stores.postgres_limits import PostgresLimits  # noqa: PLC0415 - an extra, loaded where it is used

        return PostgresLimits(self._pool, clock)

    async def open(self) -> None:
        """Reach the server; one that has not the tables of this guardhouse is an error, and what is unsafe is logged."""
        await self._pool.open()
        for remark in await self.examine():
            logger.warning("%s", remark)

    async def examine(self) -> Sequence[Remark]:
        """Say what is unsafe about the server as it stands, each with the next step."""
        (said,) = await self._pool.read(LOOK)
        return remarks(said, self._pool.where, time.time(), self._pool.options.pool)

    async def migrate(self) -> Migrated:
        """Make or upgrade the tables."""
        return await self._pool.migrate()

    def schema(self, since: int = 0) -> Sequence[str]:
        """Write the statements that do so."""
        return statements(VERSIONS, since)

    async def close(self) -> None:
        """Close the connections; the next use opens them again."""
        await self._pool.close()

    async def _load_one(self, key: bytes) -> Row | None:
        rows = await self._pool.read(_LOAD, key)
        return rows[0] if rows else None

    async def _load_many(self, keys: Sequence[bytes]) -> Sequence[Row | None]:
        found = {
            bytes(key): (body, seen) for key, body, seen in await self._pool.read(_LOAD_MANY, list(keys))
        }
        return [found.get(key) for key in keys]

    async def _change(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Merge, by compare-and-set at first; whom others outrun takes the lock, behind which every turn comes."""
        rows = await self._pool.read(_READ, old)
        change = _merge(rows, old, new, changes)
        if change is None:
            return False
        if await self._pool.write(*change):
            return True

        async def locked(connection: Connection) -> bool:
            change = _merge(await connection.fetch(_READ + " FOR UPDATE", old), old, new, changes)
            return change is not None and bool(await connection.fetch(*change))

        return await self._pool.transaction(locked)


def _merge(rows: Sequence[Any], old: bytes, new: bytes, changes: Changes) -> tuple[Any, ...] | None:
    """Write the statement and the values of a change; None where there is nothing that anything could be merged into."""
    if not rows:
        return None
    body, seen, version = rows[0]
    try:
        record = record_of(body, seen)
    except UnreadableRecordError:
        return None  # the reader reports it
    becomes = merged(record, changes)
    values = (old, new, encode(becomes), becomes.seen, becomes.idle, becomes.ends, sweep_at(becomes), version)
    if becomes.owners == record.owners:
        return (_CHANGE, *values)
    gone, come = record.owners - becomes.owners, becomes.owners - record.owners
    return (_CHANGE_OWNERS, *values, [named(owner) for owner in gone], [named(owner) for owner in come])
