"""Sessions in cookies that the test hooks of the demo act on: what is counted beside them can be away, the cookies cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from guardhouse.demo.controlled import ControlledAttempts, ControlledEnrolments, ControlledStore, Faults
from guardhouse.devices import CallsBack
from guardhouse.state.crumbs import CookieReader
from guardhouse.state.keeper import Handed, Keeper, Storeless
from guardhouse.state.record import Changes, Record, UnreadableRecordError
from guardhouse.state.store import (
    AttemptStore,
    Closable,
    EnrolmentStore,
    EpochStore,
    KeepsAttempts,
    KeepsEnrolments,
    KeepsLimits,
    KeepsTokens,
    SessionStore,
    SingleUse,
    TokenStore,
)
from guardhouse.vault.keyring import Keyring


class ControlledCookies(Faults):
    """Stands in the place of a store, as what it controls does."""

    def __init__(self, store: Storeless) -> None:
        super().__init__()
        self._store = store
        self.beside = _ControlledBeside(store.beside, self)

    @property
    def epochs(self) -> EpochStore | None:
        """Return where epochs are counted."""
        return self._store.epochs

    @property
    def tokens(self) -> TokenStore:
        """Where the store beside keeps tokens."""
        return self.beside.tokens

    @property
    def enrolments(self) -> EnrolmentStore:
        """Where the store beside keeps what users prove themselves with."""
        return self.beside.enrolments

    def keeper(self, keys: Keyring, cookie: str, epochs: EpochStore | None = None) -> Keeper:
        """Return who keeps the sessions, and suffers with them."""
        return _ControlledKeeper(self._store.keeper(keys, cookie, epochs), self)

    async def suffer(self, *, writing: bool) -> None:
        """Count, and fail where epochs are asked for that are away."""
        self.reads += not writing
        if self.epochs is not None:
            await self._suffer(writing=writing)
        else:
            self.writes += writing

    async def close(self) -> None:
        """Let go of what the stores hold open."""
        if isinstance(self._store, Closable):
            await self._store.close()

    async def empty(self) -> None:
        """Forget what was counted and enrolled, and all faults; cookies that are out there stay good."""
        self.fault, self.reads, self.writes = "none", 0, 0
        for owner in self.enrolling:
            await cast("KeepsEnrolments", self._store.beside).enrolments.withdraw_all(owner)
        self.enrolling.clear()


class _ControlledBeside:
    """The store beside the cookies: what it enrols and the tries that it counts can be away."""

    def __init__(self, store: object, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    @property
    def tokens(self) -> TokenStore:
        return cast("KeepsTokens", self._store).tokens

    @property
    def enrolments(self) -> EnrolmentStore:
        inside = cast("KeepsEnrolments", self._store).enrolments
        return ControlledEnrolments(inside, self._faults.reach, self._faults.enrolling)

    @property
    def attempts(self) -> AttemptStore:
        return ControlledAttempts(self._faults, cast("KeepsAttempts", self._store).attempts)

    async def once(self, name: bytes, until: float) -> bool:
        return await cast("SingleUse", self._store).once(name, until)

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the library `limits`
        return cast("KeepsLimits", self._store).limits(clock)


class _ControlledKeeper:
    """Keeps sessions as another does."""

    load_now: Callable[[bytes], Record | None] | None = None

    def __init__(self, keeper: Keeper, faults: ControlledCookies) -> None:
        self._keeper = keeper
        self._faults = faults

    def reader(self, name: str) -> CookieReader:
        return self._keeper.reader(name)

    def binding(self, key: bytes) -> bytes | None:
        return self._keeper.binding(key)

    def seen(self, key: bytes) -> Mapping[str, object]:
        return self._keeper.seen(key)

    async def load(self, key: bytes) -> Record | None:
        await self._faults.suffer(writing=False)
        if self._faults.fault == "corrupt":
            raise UnreadableRecordError
        return await self._keeper.load(key)

    async def create(self, record: Record) -> Handed:
        await self._faults.suffer(writing=True)
        return await self._keeper.create(record)

    async def save(self, key: bytes, changes: Changes) -> Handed | bool:
        await self._faults.suffer(writing=True)
        return await self._keeper.save(key, changes)

    async def move(self, key: bytes, record: Record, changes: Changes) -> Handed | None:
        await self._faults.suffer(writing=True)
        return await self._keeper.move(key, record, changes)

    async def end(self, key: bytes) -> None:
        await self._faults.suffer(writing=True)
        await self._keeper.end(key)

    async def bury(self, key: bytes) -> None:
        await self._keeper.bury(key)

    async def end_all(self, owner: str) -> int:
        await self._faults.suffer(writing=True)
        return await cast("CallsBack", self._keeper).end_all(owner)

    async def end_others(self, key: bytes, owner: str) -> Handed | None:
        await self._faults.suffer(writing=True)
        return await cast("CallsBack", self._keeper).end_others(key, owner)


def controlled_store(store: SessionStore | Storeless) -> ControlledStore | ControlledCookies:
    """Take control of a store, or of what stands in its place."""
    return ControlledCookies(store) if isinstance(store, Storeless) else ControlledStore(store)
