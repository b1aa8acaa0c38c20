"""A clock that can be moved and a store that can be stopped: what the test hooks of the demo act on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias, cast

from anyio import sleep

from guardhouse.devices import ListsDevices
from guardhouse.errors import StoreError
from guardhouse.state.attempts import AttemptLimit, Attempts, Wait
from guardhouse.state.enrolment import Enrolment
from guardhouse.state.record import Changes, Record, UnreadableRecordError
from guardhouse.state.store import (
    AttemptStore,
    Closable,
    EnrolmentStore,
    KeepsAttempts,
    KeepsEnrolments,
    KeepsLimits,
    KeepsTokens,
    SessionStore,
    SingleUse,
    TokenStore,
)
from guardhouse.stores.enrolments_behind import READS, WRITES, EnrolmentsBehind

Fault: TypeAlias = Literal["none", "down", "slow", "corrupt", "read-only", "limiter"]


class Clock:
    """The time, and how far it was moved."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        """Return the moved time."""
        return time.time() + self.offset


class Faults:
    """What was asked so far, and how that goes wrong."""

    def __init__(self) -> None:
        self.fault: Fault = "none"
        self.seconds = 2.0
        self.reads = 0
        self.writes = 0
        self.rows: set[bytes] = set()
        self.enrolling: set[str] = set()
        """Who has enrolled anything."""

    async def _suffer(self, *, writing: bool) -> None:
        self.writes += writing
        if self.fault == "slow":
            await sleep(self.seconds)
        if self.fault == "down" or (writing and self.fault == "read-only"):
            raise StoreError(f"the test controls say: {self.fault}")

    async def reach(self, verb: str) -> None:
        """Let a verb of the enrolments through, or not."""
        self.reads += verb in READS
        await self._suffer(writing=verb in WRITES)
        if self.fault == "corrupt" and verb in READS:
            raise StoreError("the test controls say: an enrolment cannot be read")


class ControlledStore(Faults):
    """A store that fails when it is told to, and counts what it is asked."""

    def __init__(self, store: SessionStore) -> None:
        super().__init__()
        self._store = store

    async def load(self, key: bytes) -> Record | None:
        """Read a record."""
        self.reads += 1
        await self._suffer(writing=False)
        if self.fault == "corrupt":
            raise UnreadableRecordError
        return await self._store.load(key)

    async def create(self, key: bytes, record: Record) -> None:
        """Keep a new record."""
        await self._suffer(writing=True)
        await self._store.create(key, record)
        self.rows.add(key)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge changes into the record if it is there."""
        await self._suffer(writing=True)
        return await self._store.save(key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        """Put the record under a new key with changes merged in."""
        await self._suffer(writing=True)
        moved = await self._store.move(old, new, changes)
        if moved:
            self.rows.discard(old)
            self.rows.add(new)
        return moved

    async def delete(self, key: bytes) -> bool:
        """Drop the record."""
        await self._suffer(writing=True)
        self.rows.discard(key)
        return await self._store.delete(key)

    @property
    def tokens(self) -> TokenStore:
        """Where the inner store keeps tokens; no fault reaches them."""
        return cast("KeepsTokens", self._store).tokens

    async def once(self, name: bytes, until: float) -> bool:
        """Ask the inner store."""
        await self._suffer(writing=True)
        return await cast("SingleUse", self._store).once(name, until)

    @property
    def enrolments(self) -> EnrolmentStore:
        """Where the inner store keeps what users prove themselves with; faults reach it as they reach sessions."""
        return ControlledEnrolments(
            cast("KeepsEnrolments", self._store).enrolments, self.reach, self.enrolling
        )

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the library `limits`
        """Where the inner store counts requests."""
        return cast("KeepsLimits", self._store).limits(clock)

    @property
    def attempts(self) -> AttemptStore:
        """Where the inner store counts tries; the fault *limiter* is theirs."""
        return ControlledAttempts(self, cast("KeepsAttempts", self._store).attempts)

    async def owned(self, owner: str) -> Sequence[Record]:
        """List the records of a user."""
        self.reads += 1
        await self._suffer(writing=False)
        return await cast("ListsDevices", self._store).owned(owner)

    async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
        """Delete the records of a user but one."""
        await self._suffer(writing=True)
        count = await cast("ListsDevices", self._store).revoke(owner, keep=keep)
        await self._count_rows()
        return count

    async def end(self, owner: str, public_id: str) -> bool:
        """Delete one record of a user."""
        await self._suffer(writing=True)
        there = await cast("ListsDevices", self._store).end(owner, public_id)
        await self._count_rows()
        return there

    async def close(self) -> None:
        """Let go of what the inner store holds open."""
        if isinstance(self._store, Closable):
            await self._store.close()

    async def empty(self) -> None:
        """Drop every record and enrolment that this process made, and all faults."""
        self.fault, self.reads, self.writes = "none", 0, 0
        for key in tuple(self.rows):
            await self._store.delete(key)
        self.rows.clear()
        for owner in self.enrolling:
            await cast("KeepsEnrolments", self._store).enrolments.withdraw_all(owner)
        self.enrolling.clear()

    async def _count_rows(self) -> None:
        """Forget the keys of what was ended by another name."""
        for key in tuple(self.rows):
            with suppress(UnreadableRecordError):
                if await self._store.load(key) is None:
                    self.rows.discard(key)


class ControlledEnrolments(EnrolmentsBehind):
    """Where enrolments lie, with a note of whose they are."""

    def __init__(
        self, inside: EnrolmentStore, gate: Callable[[str], Awaitable[None]], owners: set[str]
    ) -> None:
        super().__init__(inside, gate)
        self._owners = owners

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one."""
        self._owners.add(enrolment.owner)
        return await super().enrol(enrolment)


class ControlledAttempts:
    """Where tries are counted, until somebody says that it is away."""

    def __init__(self, store: Faults, attempts: AttemptStore) -> None:
        self._store = store
        self._attempts = attempts

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in."""
        if self._store.fault == "limiter":
            raise StoreError("the test controls say: limiter")
        return await self._attempts.attempt(key, limit, clock)

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries."""
        await self._attempts.forget_attempts(key)
