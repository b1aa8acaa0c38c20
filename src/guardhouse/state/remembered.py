"""Stay logged in: a series that one browser holds, whose secret changes with every use, so that a copy shows itself.

Who comes with a secret that was replaced holds a copy, or the owner does and the thief was here first: nobody can tell
which, so the series ends (B. Jaspan, "Improved Persistent Login Cookie Best Practice", 2006). The end of a series is set
once. No use moves it, and nothing in the cookie can.
"""

from __future__ import annotations

from enum import Enum
from hmac import compare_digest

import msgspec
from msgspec import Struct

from guardhouse.state.enrolment import Enrolment, Kind, alive
from guardhouse.state.handed import NAME_BYTES, SECRET_BYTES, Presented, hand_out, name_from
from guardhouse.state.record import NO_RECORD

__all__ = ["CHANCE", "GRACE", "LIFETIME", "Series", "Weighed", "begin", "turn", "weigh"]

LIFETIME = 30 * 24 * 3600.0
GRACE = 10.0
"""For how many seconds the secret before is good: tabs that open together all send the one they had."""

CHANCE = NAME_BYTES + SECRET_BYTES
"""How many random bytes a new series is made of; a turn needs the secret's alone."""

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


class Series(Struct, frozen=True, array_like=True):
    """What an enrolment keeps of one browser: the hashes of the secrets, and what its login is bound to."""

    current: bytes
    previous: bytes
    turned: float
    """When the present secret took the place of the one before."""
    guard: str
    fingerprint: str | None = None

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
    owner: str, guard: str, taken: str | None, chance: bytes, now: float, *, lifetime: float = LIFETIME
) -> tuple[str, Enrolment]:
    """Begin a series for a browser: the value of its cookie, and what to keep. `taken` is the password's fingerprint."""
    value, digest = hand_out(name := name_from(chance[:NAME_BYTES]), chance[NAME_BYTES:])
    body = _encode(Series(digest, _NEVER, now, guard, taken))
    return value, Enrolment(Kind.REMEMBERED, name, owner, now, body, used=now, ends=now + lifetime)


def turn(enrolment: Enrolment, series: Series, chance: bytes, now: float) -> tuple[str, Enrolment]:
    """Give a series its next secret: the value of its cookie, and what to keep by compare-and-set.

    Who loses that lost against another tab: `weigh` what lies there by then, and it is within the grace.
    """
    value, digest = hand_out(enrolment.name, chance)
    body = _encode(Series(digest, series.current, now, series.guard, series.fingerprint))
    return value, enrolment.changed(body=body, used=now)
