"""Parts of a house that obey a test: the clock, the users, the cost of a password, the store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from guardhouse.devices import ListsDevices
from guardhouse.errors import StoreError
from guardhouse.state.record import Changes, Record
from guardhouse.state.store import EnrolmentStore, KeepsEnrolments, SessionStore, SingleUse
from guardhouse.stores.enrolments_behind import READS, WRITES, EnrolmentsBehind
from guardhouse.stores.memory import MemoryStore
from guardhouse.users.memory import MemoryUsers, User
from guardhouse.users.passwords import Passwords
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher

PASSWORD = "correct horse battery staple"  # noqa: S105 - known to everybody, and to be used in tests only
"""The password of all fake users."""

VERBS = frozenset({"load", "create", "save", "move", "delete", "owned", "revoke", "end"})
"""What a store does with sessions."""
EVERY_VERB = VERBS | {"once"} | READS | WRITES
"""What can break: also what is used once, and what users prove themselves with."""

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class FixedClock:
    """A clock that stands still until it is told: `Guardhouse(clock=FixedClock(), ...)`."""

    def __init__(self, now: datetime = _BEGINNING) -> None:
        self._now = now.timestamp()

    def __call__(self) -> float:
        return self._now

    def __repr__(self) -> str:
        return f"FixedClock({datetime.fromtimestamp(self._now, UTC).isoformat()})"

    def advance(self, by: timedelta | float) -> None:
        """Let time pass, a number is seconds; a negative length sets the clock back."""
        self._now += by.total_seconds() if isinstance(by, timedelta) else by

    def set(self, now: datetime) -> None:
        """Set the clock. A moment without a time zone is one of this machine's."""
        self._now = now.timestamp()


def fast_passwords() -> Passwords:
    """Make the cheapest Argon2id there is, for `Guardhouse(passwords=...)`. It protects nothing: only for tests."""
    return Passwords(PasswordHasher(ARGON2_CHEAPEST))


class FakeUsers(MemoryUsers):
    """Ada and Grace, in memory, with the password `PASSWORD`."""

    def __init__(self) -> None:
        stored = PasswordHasher(ARGON2_CHEAPEST).hash(PASSWORD)
        self.ada = User(id="1", email="ada@example.com", password_hash=stored)
        self.grace = User(id="2", email="grace@example.com", password_hash=stored)
        super().__init__([self.ada, self.grace])


def fake_users() -> FakeUsers:
    """Make users of a test's own."""
    return FakeUsers()


class CountingStore:
    """Counts how often a store is read and written. It has the five verbs and no other power, as one far away has."""

    def __init__(self, inside: SessionStore | None = None) -> None:
        self.inside: SessionStore = MemoryStore() if inside is None else inside
        self.reads = 0
        self.writes = 0

    @property
    def counted(self) -> tuple[int, int]:
        """Return reads and writes since this was last asked."""
        counted = (self.reads, self.writes)
        self.reads = self.writes = 0
        return counted

    async def load(self, key: bytes) -> Record | None:
        """Read, and count it."""
        self.reads += 1
        return await self.inside.load(key)

    async def create(self, key: bytes, record: Record) -> None:
        """Write, and count it."""
        self.writes += 1
        await self.inside.create(key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Write, and count it."""
        self.writes += 1
        return await self.inside.save(key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Write, and count it."""
        self.writes += 1
        return await self.inside.move(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        """Write, and count it."""
        self.writes += 1
        return await self.inside.delete(key)


class BrokenStore:
    """A store that is away: every verb raises `StoreError`, or only those in `broken`, until it is healed."""

    def __init__(self, inside: SessionStore | None = None, *, broken: Collection[str] = EVERY_VERB) -> None:
        self.inside: SessionStore = MemoryStore() if inside is None else inside
        self._broken = frozenset[str]()
        self.fail(broken)

    @property
    def broken(self) -> frozenset[str]:
        """The verbs that are away now."""
        return self._broken

    def fail(self, verbs: Collection[str] = EVERY_VERB) -> None:
        """Be away from now on, with these verbs only. Raises `ValueError` for what no store does."""
        broken = frozenset[str](verbs)
        unknown = sorted(broken - EVERY_VERB)
        if unknown:
            raise ValueError(f"a store has no {unknown}; what can break is {sorted(EVERY_VERB)}")
        self._broken = broken

    def heal(self) -> None:
        """Work from now on."""
        self._broken = frozenset[str]()

    async def load(self, key: bytes) -> Record | None:
        """Read, or be away."""
        return await self._reached("load").load(key)

    async def create(self, key: bytes, record: Record) -> None:
        """Write, or be away."""
        await self._reached("create").create(key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Write, or be away."""
        return await self._reached("save").save(key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Write, or be away."""
        return await self._reached("move").move(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        """Write, or be away."""
        return await self._reached("delete").delete(key)

    async def owned(self, owner: str) -> Sequence[Record]:
        """List, or be away."""
        return await self._lists("owned").owned(owner)

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """End all, or be away."""
        return await self._lists("revoke").revoke(owner, keep=keep)

    async def end(self, owner: str, public_id: str) -> bool:
        """End one, or be away."""
        return await self._lists("end").end(owner, public_id)

    async def once(self, name: bytes, until: float) -> bool:
        """Use a name, or be away."""
        return await cast("SingleUse", self._reached("once")).once(name, until)

    @property
    def enrolments(self) -> EnrolmentStore:
        """Where the store inside keeps enrolments, away by the names of their verbs."""
        return EnrolmentsBehind(cast("KeepsEnrolments", self.inside).enrolments, self._gate)

    async def _gate(self, verb: str) -> None:
        self._reached(verb)

    def _lists(self, verb: str) -> ListsDevices:
        return cast("ListsDevices", self._reached(verb))

    def _reached(self, verb: str) -> SessionStore:
        if verb in self._broken:
            raise StoreError(f"the test has broken {verb}")
        return self.inside
