"""Stay logged in: a series that one browser holds, whose secret changes with every use, so that a copy shows itself.

Who comes with a secret that was replaced holds a copy, or the owner does and the thief was here first: nobody can tell
which, so the series ends (B. Jaspan, "Improved Persistent Login Cookie Best Practice", 2006). The end of a series is set
once. No use moves it, and nothing in the cookie can.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from enum import Enum
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import msgspec
from msgspec import Struct

from guardhouse.state.enrolment import Enrolment, Kind, alive
from guardhouse.state.handed import NAME_BYTES, SECRET_BYTES, Presented, hand_out, name_from
from guardhouse.state.record import NO_RECORD, Record

__all__ = [
    "CHANCE",
    "GRACE",
    "LIFETIME",
    "Came",
    "Series",
    "Weighed",
    "begin",
    "link",
    "linked",
    "linked_in",
    "public_name",
    "turn",
    "weigh",
]

LIFETIME = 30 * 24 * 3600.0
GRACE = 10.0
"""For how many seconds the secret before is good: tabs that open together all send the one they had."""

CHANCE = NAME_BYTES + SECRET_BYTES
"""How many random bytes a new series is made of; a turn needs the secret's alone."""

LINKED = "_remembered"
"""Under which key a session keeps the names of the series that it goes with, by realm: what ends it ends them."""

_NEVER = bytes(32)
"""The hash before the first; nobody can find what it would be of."""


class Weighed(Enum):
    """What is to be thought of a remembered browser."""

    FRESH = "fresh"
    """Log in, and turn the series."""
    GRACE = "grace"
    """Log in, and set no cookie: the answer to the request that was here first brings the new one."""
    STOLEN = "stolen"
    """End the series and every session of its user, and tell him."""
    EXPIRED = "expired"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - what was found, not a password
    """The password was changed since: end the series."""


class Came(Struct, frozen=True):
    """How a user came in when his series began: by which proofs, with what kind of program, and from which network."""

    proofs: str = ""
    """Separated by blanks, as a login has them."""
    device: str = ""
    address: str = ""


class Series(Struct, frozen=True, array_like=True):
    """What an enrolment keeps of one browser: the hashes of the secrets, and what its login is bound to."""

    current: bytes
    previous: bytes
    turned: float
    """When the present secret took the place of the one before."""
    guard: str
    fingerprint: str | None = None
    came: Came = Came()

    def __repr__(self) -> str:
        return f"Series(hidden, guard={self.guard!r})"

    @staticmethod
    def of(enrolment: Enrolment) -> Series | None:
        """Read an enrolment's body; None for anything else that may lie there."""
        try:
            return _decode(enrolment.body) if enrolment.kind is Kind.REMEMBERED else None
        except NO_RECORD:
            return None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Series).decode


def weigh(enrolment: Enrolment, presented: Presented, now: float, *, same_password: bool) -> Weighed:
    """Say what to do with who brings this value of that series.

    A wrong secret weighs more than a changed password: the name of a series alone is known to nobody who never had
    its cookie.
    """
    series = Series.of(enrolment)
    if series is None or enrolment.name != presented.name or not alive(enrolment, now):
        return Weighed.EXPIRED
    current = compare_digest(series.current, presented.digest)
    # To both sides, because the machine that turned it may be ahead of this one.
    previous = compare_digest(series.previous, presented.digest) and abs(now - series.turned) < GRACE
    if not (current or previous):
        return Weighed.STOLEN
    if not same_password:
        return Weighed.WRONG_PASSWORD
    return Weighed.FRESH if current else Weighed.GRACE


def begin(  # noqa: PLR0913 - what a row is made of, and time and chance from outside
    owner: str,
    guard: str,
    taken: str | None,
    chance: bytes,
    now: float,
    *,
    lifetime: float = LIFETIME,
    came: Came = Came(),  # noqa: B008 - a frozen value
) -> tuple[str, Enrolment]:
    """Begin a series for a browser: the value of its cookie, and what to keep. `taken` is the password's fingerprint."""
    value, digest = hand_out(name := name_from(chance[:NAME_BYTES]), chance[NAME_BYTES:])
    body = _encode(Series(digest, _NEVER, now, guard, taken, came))
    return value, Enrolment(Kind.REMEMBERED, name, owner, now, body, used=now, ends=now + lifetime)


def turn(enrolment: Enrolment, series: Series, chance: bytes, now: float) -> tuple[str, Enrolment]:
    """Give a series its next secret: the value of its cookie, and what to keep by compare-and-set.

    Who loses that lost against another tab: `weigh` what lies there by then, and it is within the grace.
    """
    value, digest = hand_out(enrolment.name, chance)
    body = _encode(Series(digest, series.current, now, series.guard, series.fingerprint, series.came))
    return value, enrolment.changed(body=body, used=now)


# -- the session that goes with a series ------------------------------------------------------------------------------


def link(session: MutableMapping[str, Any], realm: str, name: str | None) -> None:
    """Note in a session which series its login in a realm goes with; None is none."""
    names = {key: kept for key, kept in _names(session.get(LINKED)).items() if key != realm}
    if name is not None:
        names[realm] = name
    if names:
        session[LINKED] = names
    else:
        session.pop(LINKED, None)


def linked_in(session: MutableMapping[str, Any], realm: str) -> str | None:
    """Name the series that the login in a realm goes with."""
    return _names(session.get(LINKED)).get(realm)


def linked(record: Record) -> frozenset[str]:
    """Name all series that the logins of a session go with."""
    raw = record.data.get(LINKED)
    try:
        return frozenset(_names(None if raw is None else msgspec.msgpack.decode(raw)).values())
    except NO_RECORD:
        return frozenset()


def public_name(name: str) -> str:
    """Name a series for a list: as the public ids of sessions look, and worth nothing in a cookie."""
    return sha256(b"guardhouse.series.v1:" + name.encode()).hexdigest()[:20]


def _names(value: object) -> dict[str, str]:
    try:
        return msgspec.convert(value, dict[str, str])
    except msgspec.ValidationError:
        return {}
