"""Sessions in Redis or Valkey, for many machines: one server, Sentinels or a cluster, with the same promises on each.

A session is one key with one msgpack value. What a request changed is merged into it by a script in the server, which
never creates; what was revoked while it was about to move leaves a tombstone where it would have come to lie. Redis
drops what is past its time only to be tidy, counted from the last write: the deadlines in the record decide.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from anyio import sleep

from guardhouse.errors import StoreError
from guardhouse.state.examined import Remark
from guardhouse.state.record import (
    Changes,
    Record,
    UnreadableRecordError,
    encode,
    merged,
    opened,
    readable,
)
from guardhouse.stores.redis_attempts import RedisAttempts
from guardhouse.stores.redis_enrolments import RedisEnrolments
from guardhouse.stores.redis_epochs import RedisEpochs
from guardhouse.stores.redis_examine import examine, refuse
from guardhouse.stores.redis_link import OfEachLoop, RedisLink
from guardhouse.stores.redis_owners import LONGEST_SECONDS, Owners, milliseconds, owners_of
from guardhouse.stores.redis_scripts import KILL, MERGE, TAKE, TOMBSTONE, TOMBSTONE_MILLISECONDS
from guardhouse.stores.redis_sweep import Sweep
from guardhouse.stores.redis_tokens import RedisTokens
from guardhouse.stores.redis_url import RedisAddress
from guardhouse.stores.server_record import rows_called
from guardhouse.stores.twice import SESSION_TWICE

PRUNE_SLICE = 1000
"""How many are deleted in one step."""
PRUNE_READS = 10_000
"""How many are looked at in one step."""
MOST_TURNS = 100
LOOKS, LOOK_SECONDS = 10, 0.01
"""How often, and how far apart, a session is looked for that may be on its way to a new key."""
LATE_SECONDS = 300
"""For how long Redis keeps what is past its time, so that a visitor may still be told that it is."""
BUCKETS = 64
"""Over how many keys used names are spread, so that a cluster's nodes share them."""

_NOTHING = b""

logger = logging.getLogger("guardhouse.redis")


class RedisStore:
    """A session store in Redis. `clock` is only compared with Redis' own, by `examine` and before a sweep."""

    def __init__(self, address: RedisAddress, *, clock: Callable[[], float] = time.time) -> None:
        self.address = address
        self._clock = clock
        self._prefix = address.prefix.encode("ascii") + b":"
        self._sessions = self._prefix + b"s:"
        self._links = OfEachLoop(lambda: RedisLink(address))
        self._sweep = Sweep(self._prefix)
        self._tombs = address.durability == "replicated"
        self.tokens = RedisTokens(self._links, self._prefix)
        self.attempts = RedisAttempts(self._links, self._prefix)
        self.enrolments = RedisEnrolments(self._links, self._prefix, tombs=self._tombs)
        self.epochs = RedisEpochs(self._links, self._prefix, clock)

    def __repr__(self) -> str:
        return f"RedisStore({self.address})"

    # -- sessions -------------------------------------------------------------------------------------------------

    async def load(self, key: bytes) -> Record | None:
        """Read a record, together with those that others read at this moment."""
        body = await self._links.here().read(self._sessions + key)
        return None if body is None or body == TOMBSTONE else opened(body)

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record, entered in the indexes of its owners before it can be found."""
        link = self._links.here()
        for _ in range(MOST_TURNS):
            await Owners(link, self._prefix).add(record.owners, key, record)
            if await self._insert(link, key, record):
                return
            if await link.ask("GET", self._sessions + key) != TOMBSTONE:
                raise StoreError(SESSION_TWICE)
            # A revocation came between: it is as if this login came after it. What was entered is entered again.
            await link.change(self._sessions + key, "DEL", self._sessions + key)
        raise StoreError(f"Redis at {self.address}: a session is revoked again and again while it is made")

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""
        link = self._links.here()
        if not changes.logins and changes.ends is None:
            return await self._merge(link, key, changes)
        record = await self._record(link, key)
        if record is None:
            return False
        becomes = merged(record, changes)
        owners = Owners(link, self._prefix)
        await owners.add(becomes.owners, key, becomes)
        if not await self._merge(link, key, changes):
            return False
        is_now = await self._record(link, key)
        if is_now is not None and (is_now.owners > becomes.owners or is_now.ends > becomes.ends):
            await owners.add(is_now.owners, key, is_now)  # another save came between
        return True

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in.

        The old key is dead first. Should everything end right then, the visitor logs in again; the other order would
        leave two sessions of one.
        """
        link = self._links.here()
        record = await self._record(link, old)
        if record is None:
            return False
        if await self._record(link, new) is not None:
            raise StoreError(SESSION_TWICE)
        owners, becomes = Owners(link, self._prefix), merged(record, changes)
        await owners.add(becomes.owners, new, becomes)
        body = await self._take(link, old)
        try:
            was = None if body is None else opened(body)
        except UnreadableRecordError:
            was = None
        if was is None:
            await owners.drop(becomes.owners, [new])
            return False
        final = merged(was, changes)
        if final.owners - becomes.owners or final.ends > becomes.ends:
            await owners.add(final.owners, new, final)
        moved = await self._insert(link, new, final)  # not where a revocation has barred it
        await owners.drop(was.owners | record.owners, [old])
        return moved

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        link = self._links.here()
        body = await self._take(link, key)
        if body is None:
            return False
        await Owners(link, self._prefix).drop(owners_of(body), [key])
        return True

    # -- those of one user ----------------------------------------------------------------------------------------

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        link = self._links.here()
        keys = await Owners(link, self._prefix).keys(owner)
        bodies = await link.many([("GET", self._sessions + key) for key in keys], again=True)
        return [record for record in readable(filter(None, bodies)) if owner in record.owners]

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`.

        A session that moves meanwhile is entered under its new key before it leaves the old one. So the index is read
        until it names nothing new, and what it names but is not there yet is barred from coming.
        """
        link = self._links.here()
        owners, ended, seen = Owners(link, self._prefix), 0, {keep}
        for _ in range(MOST_TURNS):
            keys = [key for key in await owners.keys(owner) if key not in seen]
            if not keys:
                return ended
            seen.update(keys)
            for key, said in zip(keys, await self._kill(link, owner, keys), strict=True):
                if isinstance(said, bytes):
                    ended += 1
                    await owners.drop(owners_of(said) | {owner}, [key])
        raise StoreError(f"Redis at {self.address}: sessions come faster than they are revoked")

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it.

        One that moves has left its old key and is not under the new one yet, which the index names already: so where
        something is named and not there, it is looked for a little longer.
        """
        link = self._links.here()
        for _ in range(LOOKS):
            keys = await Owners(link, self._prefix).keys(owner)
            bodies = await link.many([("GET", self._sessions + key) for key in keys], again=True)
            rows = [(key, body, 0.0) for key, body in zip(keys, bodies, strict=True) if body is not None]
            theirs = rows_called(rows, public_id, owner)
            if any([await self.delete(key) for key in theirs]):
                return True
            if not theirs and all(bodies):
                return False
            await sleep(LOOK_SECONDS)
        return False

    async def _kill(self, link: RedisLink, owner: str, keys: Sequence[bytes]) -> list[Any]:
        given = (owner.encode(), TOMBSTONE, TOMBSTONE_MILLISECONDS, int(self._tombs))
        return [await link.run(KILL, self._sessions + key, *given, durable=True) for key in keys]

    # -- what is used once ----------------------------------------------------------------------------------------

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new."""
        bucket = self._prefix + b"u:%d" % (sum(name) % BUCKETS)
        added = await self._links.here().change(
            bucket, "ZADD", bucket, b"NX", repr(until), name, durable=True
        )
        return bool(added)

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Return where requests are counted."""
        from guardhouse.stores.redis_limits import RedisLimits  # noqa: PLC0415 - an extra, loaded where it is used

        return RedisLimits(self._links, self._prefix, clock)

    async def prune(self, now: float) -> int:
        """Delete one slice of what has expired; call it now and then.

        Sessions are dropped by Redis, by its own clock. Only where that is another than ours they are looked for.
        """
        link = self._links.here()
        await self._sweep.used(link, BUCKETS, now, PRUNE_SLICE)
        if await self._sweep.agrees(link, now):
            return 0
        return await self._sweep.sessions(link, now, PRUNE_SLICE, PRUNE_READS, self.delete)

    # -- opening and closing --------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect. Raise `ConfigError` for a server that cannot work, and log what is unsafe."""
        await refuse(self._links.here(), self.address)
        for remark in await self.examine():
            logger.warning("%s", remark)

    async def examine(self) -> Sequence[Remark]:
        """Say what is unsafe about the server as it stands, each with the next step."""
        return await examine(self._links.here(), self.address, self._clock())

    async def close(self) -> None:
        """Close the connections of this event loop; the next use opens them again."""
        await self._links.close()

    # -- steps ----------------------------------------------------------------------------------------------------

    async def _record(self, link: RedisLink, key: bytes) -> Record | None:
        """Read what changes could be merged into, past every cache; one that cannot be read is none."""
        body = await link.ask("GET", self._sessions + key)
        try:
            return None if body is None or body == TOMBSTONE else opened(body)
        except UnreadableRecordError:
            return None

    async def _insert(self, link: RedisLink, key: bytes, record: Record) -> bool:
        """Put a record where nothing is."""
        at = self._sessions + key
        given = (at, "SET", at, encode(record), b"NX", b"PX", _life(record))
        try:
            return bool(await link.change(*given, durable=True))
        except StoreError:
            if self._tombs:  # it may be there, and yet was not acknowledged
                with suppress(StoreError):
                    await link.change(at, "DEL", at)
            raise

    async def _merge(self, link: RedisLink, key: bytes, changes: Changes) -> bool:
        given = [LATE_SECONDS, TOMBSTONE]
        given += [
            _NOTHING if said is None else encode(float(said))
            for said in (changes.seen, changes.idle, changes.ends)
        ]
        given += [LONGEST_SECONDS, len(changes.logins)]
        for realm, login in changes.logins.items():
            given += [encode(realm), _NOTHING if login is None else encode(login)]
        given.append(len(changes.put))
        for name, value in changes.put.items():
            given += [encode(name), value]
        given += [len(changes.drop), *map(encode, changes.drop)]
        return bool(await link.run(MERGE, self._sessions + key, *given))

    async def _take(self, link: RedisLink, key: bytes) -> bytes | None:
        """Read a record and kill it in one step. Where replicas must know of it, what is dead already is killed again."""
        at = self._sessions + key
        if self._tombs:
            body = await link.run(TAKE, at, TOMBSTONE, TOMBSTONE_MILLISECONDS, durable=True)
        else:
            body = await link.change(at, "GETDEL", at)
        return None if body == TOMBSTONE else body


def _life(record: Record) -> int:
    return milliseconds(min(record.idle, record.ends - record.seen), LATE_SECONDS)
