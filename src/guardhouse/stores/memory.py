"""Sessions in this process: for one worker, for tests, and for as long as the process lives.

Records are kept encoded, so that no two requests share an object and a million of them cost the garbage collector
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock
from typing import Any

from guardhouse.errors import StoreError
from guardhouse.state.record import (
    NO_RECORD,
    Changes,
    Record,
    UnreadableRecordError,
    decode,
    encode,
    merged,
    opened,
    passed,
    readable,
)
from guardhouse.stores.memory_attempts import MemoryAttempts
from guardhouse.stores.memory_enrolments import MemoryEnrolments
from guardhouse.stores.memory_epochs import MemoryEpochs
from guardhouse.stores.memory_owners import MemoryOwners
from guardhouse.stores.memory_tokens import MemoryTokens
from guardhouse.stores.twice import SESSION_TWICE

SLICE = 10_000
"""How many records one sweep looks at, so that a large store never stops the event loop."""


class MemoryStore:
    """A session store in a dict. The lock is for event loops in several threads; within one nothing interrupts."""

    def __init__(self) -> None:
        self._bodies: dict[bytes, bytes] = {}
        self._owners = MemoryOwners()
        self._sweep: Iterator[bytes] = iter(())
        self._used: dict[bytes, float] = {}
        self.tokens = MemoryTokens()
        self.attempts = MemoryAttempts()
        self.enrolments = MemoryEnrolments()
        self.epochs = MemoryEpochs()
        self._limits: Any = None
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._bodies)

    def load_now(self, key: bytes) -> Record | None:
        """Read a record. As `opened` does, without calling it: this is on the way of every request."""
        body = self._bodies.get(key)
        if body is None:
            return None
        try:
            return decode(body)
        except NO_RECORD as error:
            raise UnreadableRecordError from error

    async def load(self, key: bytes) -> Record | None:
        """Read a record."""
        return self.load_now(key)

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record."""
        with self._lock:
            self._refuse_taken(key)
            self._keep(key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""
        with self._lock:
            record = self._record(key)
            if record is None:
                return False
            becomes = merged(record, changes)
            self._disown(key, record.owners - becomes.owners)
            self._keep(key, becomes)
            return True

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in."""
        with self._lock:
            record = self._record(old)
            if record is None:
                return False
            self._refuse_taken(new)
            self._drop(old)
            self._keep(new, merged(record, changes))
            return True

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        with self._lock:
            return self._drop(key)

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records that this user is logged in to."""
        with self._lock:
            return readable([self._bodies[key] for key in self._owners.keys_of(owner)])

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete every record of this user but the one under `keep`."""
        with self._lock:
            ended = [key for key in self._owners.keys_of(owner) if key != keep]
            for key in ended:
                self._drop(key)
            return len(ended)

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete the record of that public id if this user is logged in to it."""
        with self._lock:
            for key in self._owners.keys_of(owner):
                record = self._record(key)
                if record is not None and record.public_id == public_id:
                    return self._drop(key)
            return False

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is new."""
        with self._lock:
            if name in self._used:
                return False
            self._used[name] = until
            return True

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Return where requests are counted."""
        from guardhouse.stores.memory_limits import MemoryLimits  # noqa: PLC0415 - an extra, loaded where it is used

        if self._limits is None:
            self._limits = MemoryLimits(clock)
        return self._limits

    async def prune(self, now: float) -> int:
        """Sweep one slice; call it now and then."""
        self.epochs.prune(now)
        with self._lock:
            for name in [name for name, until in self._used.items() if until <= now]:
                del self._used[name]
            ended = [key for key in self._next_slice() if self._over(key, now)]
            for key in ended:
                self._drop(key)
            return len(ended)

    def _next_slice(self) -> list[bytes]:
        taken = list(islice(self._sweep, SLICE))
        if not taken:
            self._sweep = iter(list(self._bodies))
            taken = list(islice(self._sweep, SLICE))
        return taken

    def _over(self, key: bytes, now: float) -> bool:
        """Whether nobody can open what is here any more: it is past a deadline, or no record at all."""
        if key not in self._bodies:
            return False
        record = self._record(key)
        return record is None or passed(record, now) is not None

    def _record(self, key: bytes) -> Record | None:
        """Read what changes could be merged into; one that cannot be read is none."""
        body = self._bodies.get(key)
        try:
            return None if body is None else opened(body)
        except UnreadableRecordError:
            return None

    def _refuse_taken(self, key: bytes) -> None:
        if key in self._bodies:
            raise StoreError(SESSION_TWICE)

    def _keep(self, key: bytes, record: Record) -> None:
        self._bodies[key] = encode(record)
        for owner in record.owners:
            self._owners.add(owner, key)

    def _drop(self, key: bytes) -> bool:
        record = self._record(key)
        if self._bodies.pop(key, None) is None:
            return False
        self._disown(key, record.owners if record else self._owners)
        return True

    def _disown(self, key: bytes, owners: Iterable[str]) -> None:
        for owner in owners:
            self._owners.remove(owner, key)
