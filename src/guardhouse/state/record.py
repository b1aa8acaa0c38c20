"""The stored form of a session, and the one way in which two writers' changes become one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import Enum
from typing import TypeAlias, final

import msgspec
from msgspec import Raw, Struct

from guardhouse.core.reasons import Reason

PUBLIC_ID_BYTES = 10
"""Written in hex: it is typed at command lines, where a name must not begin with a dash."""


class Login(Struct, frozen=True, array_like=True, gc=False):
    """Who is logged in, in one realm. What belongs to a login travels here, so that it is dropped together."""

    user_id: str
    provider: str
    guard: str
    at: float
    fingerprint: str | None = None
    device: str = ""
    """What kind of program it was, in plain words; empty where that was not known, as in records of before."""
    address: str = ""
    """The network it came from, never the one address."""
    proofs: str = ""
    """By what the user proved himself, separated by blanks; empty where the application alone knows."""
    behind: Login | None = None
    """The login of whoever acts in this user's place: kept here, so that one realm never has two."""

    @property
    def owner(self) -> str:
        """Whose it is, as `provider:id`."""
        return f"{self.provider}:{self.user_id}"


@final
class Record(Struct, frozen=True, array_like=True, gc=False):
    """A session as a store keeps it. Moments are epoch seconds, `idle` is a length; values stay encoded."""

    public_id: str
    created: float
    seen: float
    idle: float
    ends: float
    logins: dict[str, Login]
    data: dict[str, Raw]

    @property
    def idle_until(self) -> float:
        """The moment after which nobody was there for too long."""
        return self.seen + self.idle

    @property
    def owners(self) -> frozenset[str]:
        """The users who are logged in here, and those who act in their place, as `provider:id`."""
        here = self.logins.values()
        return frozenset([*(one.owner for one in here), *(one.behind.owner for one in here if one.behind)])


class Deadline(Enum):
    """Which deadline of a record has passed."""

    IDLE = "idle"
    ABSOLUTE = "absolute"


class Changes(Struct, frozen=True):
    """What one request did to a session: only the keys that it touched."""

    put: Mapping[str, bytes] = {}
    drop: frozenset[str] = frozenset()
    logins: Mapping[str, Login | None] = {}
    seen: float | None = None
    idle: float | None = None
    ends: float | None = None


@final
class Unloadable(Struct, frozen=True):
    """Why a presented session gave no record."""

    reason: Reason
    deadline: Deadline | None = None


Loaded: TypeAlias = Record | Unloadable

UNKNOWN = Unloadable(Reason.SESSION_UNKNOWN)
UNREADABLE = Unloadable(Reason.SESSION_UNREADABLE)
EXPIRED = {deadline: Unloadable(Reason.SESSION_EXPIRED, deadline) for deadline in Deadline}

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode


class UnreadableRecordError(Exception):
    """The store holds something under this key that is no record; it counts as no session."""


NO_RECORD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""What decoding raises for whatever else may lie in a store."""


def opened(body: bytes) -> Record:
    """Decode what a store gave back; whatever else may lie there, nothing but this error comes of it."""
    try:
        return decode(body)
    except NO_RECORD as error:
        raise UnreadableRecordError from error


def readable(bodies: Iterable[bytes]) -> list[Record]:
    """Decode those that are records, for lists in which one that is broken must not hide the others."""
    records: list[Record] = []
    for body in bodies:
        with suppress(UnreadableRecordError):
            records.append(opened(body))
    return records


def merged(record: Record, changes: Changes) -> Record:
    """Apply the changes to whatever the record has become meanwhile, key by key, so that nobody's write is lost."""
    data = {key: value for key, value in record.data.items() if key not in changes.drop}
    data |= {key: Raw(value) for key, value in changes.put.items()}
    logins: dict[str, Login | None] = {**record.logins, **changes.logins}
    return Record(
        public_id=record.public_id,
        created=record.created,
        seen=max(record.seen, changes.seen or 0.0),
        idle=record.idle if changes.idle is None else changes.idle,
        ends=record.ends if changes.ends is None else changes.ends,
        logins={realm: login for realm, login in logins.items() if login is not None},
        data=data,
    )


def renamed(record: Record, public_id: str) -> Record:
    """Give a session another public id."""
    return Record(
        public_id, record.created, record.seen, record.idle, record.ends, record.logins, record.data
    )


def passed(record: Record, now: float) -> Deadline | None:
    """Name the deadline that has passed, if one has. The absolute one never slides."""
    if not now < record.ends:  # so written because a deadline that is not a number must have passed
        return Deadline.ABSOLUTE
    if not now < record.seen + record.idle:
        return Deadline.IDLE
    return None
