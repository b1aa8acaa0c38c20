"""A browser that is not asked for the second factor again: only after the password, for one user, until it is changed.

It proves nothing by itself. Its value does not turn: who has a copy still needs the password.
"""

from __future__ import annotations

from enum import Enum
from hmac import compare_digest

import msgspec
from msgspec import Struct

from guardhouse.state.enrolment import Enrolment, Kind, alive
from guardhouse.state.handed import NAME_BYTES, SECRET_BYTES, Presented, hand_out, name_from
from guardhouse.state.record import NO_RECORD

__all__ = ["CHANCE", "LIFETIME", "Trust", "Trusted", "trust", "weigh"]

LIFETIME = 30 * 24 * 3600.0
CHANCE = NAME_BYTES + SECRET_BYTES


class Trusted(Enum):
    """Whether the second factor may be skipped, and why not."""

    YES = "yes"
    UNKNOWN = "unknown"
    ANOTHER_USER = "another_user"
    EXPIRED = "expired"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - what was found, not a password


class Trust(Struct, frozen=True, array_like=True):
    """What an enrolment keeps of one browser."""

    digest: bytes
    fingerprint: str | None = None

    def __repr__(self) -> str:
        return "Trust(hidden)"

    @staticmethod
    def of(enrolment: Enrolment) -> Trust | None:
        """Read an enrolment's body; None for anything else that may lie there."""
        try:
            return _decode(enrolment.body) if enrolment.kind is Kind.TRUSTED else None
        except NO_RECORD:
            return None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Trust).decode


def trust(
    owner: str, taken: str | None, chance: bytes, now: float, *, lifetime: float = LIFETIME
) -> tuple[str, Enrolment]:
    """Trust a browser: the value of its cookie, and what to keep. `taken` is the password's fingerprint."""
    value, digest = hand_out(name := name_from(chance[:NAME_BYTES]), chance[NAME_BYTES:])
    return value, Enrolment(
        Kind.TRUSTED, name, owner, now, _encode(Trust(digest, taken)), used=now, ends=now + lifetime
    )


def weigh(
    enrolment: Enrolment, presented: Presented, owner: str, now: float, *, same_password: bool
) -> Trusted:
    """Say whether who proved the password of `owner` need not prove more."""
    trusted = Trust.of(enrolment)
    if (
        trusted is None
        or enrolment.name != presented.name
        or not compare_digest(trusted.digest, presented.digest)
    ):
        return Trusted.UNKNOWN
    if enrolment.owner != owner:
        return Trusted.ANOTHER_USER
    if not alive(enrolment, now):
        return Trusted.EXPIRED
    return Trusted.YES if same_password else Trusted.WRONG_PASSWORD
