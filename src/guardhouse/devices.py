"""The sessions of a user as a list of devices that he can read, and the ways to end them from elsewhere.

What is told names no id and no hash of one: with a list of devices nobody can become one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from guardhouse.core.events import SessionsEnded
from guardhouse.errors import ConfigError
from guardhouse.gate.carried import Carried
from guardhouse.gate.parts import Parts
from guardhouse.guards.session import SessionGuard
from guardhouse.state import fingerprint
from guardhouse.state.enrolment import DEVICES, Enrolment, Kind, alive
from guardhouse.state.keeper import Handed, Storeless
from guardhouse.state.record import Login, Record, UnreadableRecordError, passed
from guardhouse.state.remembered import Series, linked, public_name
from guardhouse.state.store import EndsOne, EnrolmentStore, KeepsEnrolments, OwnedSessions

U = TypeVar("U")


class Device(Struct, frozen=True):
    """One session of a user. Moments are epoch seconds."""

    id: str
    """Its public name, for as long as it lives; it opens nothing."""
    created: float
    logged_in: float
    seen: float
    """When somebody was last there, as exact as the policy's `touch` writes it down."""
    until: float
    """When it ends if nobody comes again."""
    device: str
    """What kind of program logged in: `Firefox on Windows`; empty where it did not say."""
    address: str
    """The network it logged in from: `203.0.113.0/24`; empty where the server did not know."""
    current: bool
    """Whether it is the one that asks."""
    remembered: bool = False
    """Whether it stays logged in: after its session has ended it comes back by itself, up to `until`."""


class ListsDevices(OwnedSessions, EndsOne, Protocol):
    """What the list of devices needs of a store."""


@runtime_checkable
class CallsBack(Protocol):
    """What can end all sessions of a user and list none: nobody can say how many there were."""

    async def end_all(self, owner: str) -> int:
        """End all of a user, and return his epoch."""
        ...

    async def end_others(self, key: bytes, owner: str) -> Handed | None:
        """End all of a user but this one, which goes on in another cookie; None where it was ended meanwhile."""
        ...


class Devices(Generic[U]):
    """The sessions of any user of one provider, for his own page and for whoever looks after him."""

    def __init__(self, parts: Parts, guard: SessionGuard) -> None:
        self.guard = guard
        self._parts = parts
        self._caller = _calling_back(parts)
        if self._caller is None:
            self.refuse_unlisted()
        self._provider = parts.providers[guard.provider or ""]

    async def list(self, user: U, *, current: Record | None = None) -> Sequence[Device]:
        """List the sessions that open something now: the current one first, then who was there last.

        A device that stays logged in stands there also while it has no session: it needs none to come back.
        """
        now, owner = self._parts.clock(), self._owner(user)
        stored = self._provider.password_of(user)
        series = {one.name: one for one in await self._series(owner, stored, now)}
        found: list[Device] = []
        for record in await self._store.owned(owner):
            login = self._login(record, owner, stored)
            if login is not None and passed(record, now) is None:
                mine = [series.pop(name) for name in linked(record) if name in series]
                found.append(_shown(record, login, current, mine))
        found += filter(None, map(_asleep, series.values()))
        return sorted(found, key=lambda device: (not device.current, -device.seen, device.id))

    async def end(self, user: U, public_id: str) -> bool:
        """End one session of this user, at once and for every process; False when he has none of that id."""
        owner = self._owner(user)
        asleep = await forget_behind(self._store, owner, public_id)
        there = await self._store.end(owner, public_id) or asleep
        if there:
            await self._parts.emit(SessionsEnded(self.guard.name, user, public_id, 1))
        return there

    async def end_all(self, user: U, *, keep: bytes | None = None) -> int | None:
        """End all sessions of this user but the one under the key `keep`.

        Devices that stay logged in are forgotten first, but for the one of `keep`: they would come back. Return how many
        sessions there were; None where they lie in cookies, and nobody can count them.
        """
        await self._forget_but(user, keep)
        if self._caller is not None:
            await self._caller.end_all(self._owner(user))
            await self._tell(user)
            return None
        count = await self._store.revoke(self._owner(user), keep=keep)
        if count:
            await self._parts.emit(SessionsEnded(self.guard.name, user, None, count))
        return count

    async def end_others(self, user: U, carried: Carried) -> int | None:
        """End all sessions of this user but the one that is carried, as `end_all` does."""
        key = carried.presented.key
        if self._caller is None:
            return await self.end_all(user, keep=key)
        await self._forget_but(user, key)
        carried.go_on_as(await self._caller.end_others(key, self._owner(user)))
        await self._tell(user)
        return None

    def refuse_unlisted(self) -> None:
        """Raise `ConfigError` where there is no list of devices."""
        _able(self._parts)

    async def forget(self, user: U) -> int:
        """Forget the devices that stay logged in or are trusted; return how many there were.

        `end_all` begins with it: a remembered device would begin a session behind the back of what ends them.
        """
        if self._enrolments is None:
            return 0
        return await self._enrolments.withdraw_all(self._owner(user), *DEVICES)

    async def _forget_but(self, user: U, keep: bytes | None) -> None:
        if keep is None:
            await self.forget(user)
        elif self._enrolments is not None:
            owner, kept = self._owner(user), await self._linked(keep)
            for one in await self._enrolments.enrolled(owner, Kind.REMEMBERED):
                if one.name not in kept:
                    await self._enrolments.withdraw(owner, one.kind, one.name)

    async def _linked(self, key: bytes) -> frozenset[str]:
        try:
            record = await self._parts.keeper.load(key)
        except UnreadableRecordError:
            return frozenset()
        return frozenset() if record is None else linked(record)

    async def _series(self, owner: str, stored: str | None, now: float) -> Sequence[Enrolment]:
        """Find what lets devices of this user stay logged in, as far as it is good now."""
        if self._enrolments is None:
            return ()
        found: list[Enrolment] = []
        for one in await self._enrolments.enrolled(owner, Kind.REMEMBERED):
            series = Series.of(one)
            good = series is not None and fingerprint.unchanged(
                self._parts.logins, series.fingerprint, stored
            )
            if good and alive(one, now):
                found.append(one)
        return found

    async def _tell(self, user: U) -> None:
        await self._parts.emit(SessionsEnded(self.guard.name, user, None, None))

    @property
    def _store(self) -> ListsDevices:
        return _able(self._parts)

    @property
    def _enrolments(self) -> EnrolmentStore | None:
        beside = self._parts.beside
        return beside.enrolments if isinstance(beside, KeepsEnrolments) else None

    def _login(self, record: Record, owner: str, stored: str | None) -> Login | None:
        """Find this user's latest login in a record; one from before a change of the password opens nothing."""
        here = record.logins.values()
        logins = [
            one for login in here for one in (login, login.behind) if one is not None and one.owner == owner
        ]
        good = [login for login in logins if self._good(login, stored)]
        return max(good, key=lambda login: login.at, default=None)

    def _good(self, login: Login, stored: str | None) -> bool:
        """Whether it is bound to the password of now. What another process can weigh and this one cannot is listed."""
        if login.fingerprint is None:
            return True
        if stored is None:
            return False
        return fingerprint.weigh(self._parts.logins, login.fingerprint, stored) != "another password"

    def _owner(self, user: U) -> str:
        return f"{self.guard.provider}:{self._provider.id_of(user)}"


async def forget_behind(store: ListsDevices, owner: str, public_id: str) -> bool:
    """Forget what lets a device of the list come back; True for one that has no session at the moment."""
    if not isinstance(store, KeepsEnrolments):
        return False
    kept = store.enrolments
    names = {one.name for one in await kept.enrolled(owner, Kind.REMEMBERED)}
    if not names:
        return False
    for record in await store.owned(owner):
        if record.public_id == public_id:
            for name in names & linked(record):
                await kept.withdraw(owner, Kind.REMEMBERED, name)
    asleep = next((name for name in names if public_name(name) == public_id), None)
    return asleep is not None and await kept.withdraw(owner, Kind.REMEMBERED, asleep)


def _shown(record: Record, login: Login, current: Record | None, series: Sequence[Enrolment]) -> Device:
    until = min(record.idle_until, record.ends)
    return Device(
        record.public_id,
        record.created,
        login.at,
        record.seen,
        max((until, *(one.ends for one in series if one.ends is not None))),
        login.device,
        login.address,
        current is not None and current.public_id == record.public_id,
        bool(series),
    )


def _asleep(one: Enrolment) -> Device | None:
    """Show a device that stays logged in and has no session at the moment."""
    series = Series.of(one)
    if series is None or one.ends is None:
        return None
    seen, came = one.used or one.created, series.came
    name = public_name(one.name)
    return Device(
        name,
        one.created,
        one.created,
        seen,
        one.ends,
        came.device,
        came.address,
        current=False,
        remembered=True,
    )


def ends_all(parts: Parts) -> bool:
    """Whether all sessions of a user can be ended from elsewhere, wherever they lie."""
    store = parts.store
    return _calling_back(parts) is not None or (
        isinstance(store, OwnedSessions) and isinstance(store, EndsOne)
    )


def _calling_back(parts: Parts) -> CallsBack | None:
    """Find who ends sessions that lie in cookies, where somebody can."""
    keeper = parts.keeper
    able = isinstance(parts.store, Storeless) and parts.store.epochs is not None
    return keeper if able and isinstance(keeper, CallsBack) else None


def _able(parts: Parts) -> ListsDevices:
    store = parts.store
    if isinstance(store, Storeless):
        fix = "Sessions lie in the cookies, so nobody can list them, or end one of them from elsewhere."
        if store.epochs is None:
            fix += " To end all of a user, count epochs: SealedSessions(epochs=...), or 'sealed:sqlite:///epochs.db'."
        raise ConfigError("store", type(store).__name__, fix)
    if not (isinstance(store, OwnedSessions) and isinstance(store, EndsOne)):
        fix = "It cannot find the sessions of one user and end one of them; memory: and sqlite: can."
        raise ConfigError("store", type(store).__name__, fix)
    return store
