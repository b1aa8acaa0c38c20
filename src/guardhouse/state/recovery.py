"""A user's recovery codes as one enrolment, so that using one and renewing all are each one statement.

One row a code would be used up by taking it away, as simply. But new codes would then come row by row: a crash in between
leaves the old ones and the new ones good, or neither, and of two renewals at once the user could be shown the dead ten.
Here the set that is read is replaced or nothing is: there are never more codes than the last ten shown, and never none.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest

import msgspec
from msgspec import Struct

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.record import NO_RECORD
from guardhouse.vault import codes

__all__ = ["enrolled", "left", "renewed", "without"]


class Codes(Struct, frozen=True, array_like=True):
    """What an enrolment keeps of a set: the hash of each code that was not used."""

    hashes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Codes({len(self.hashes)} left)"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Codes).decode


def enrolled(owner: str, shown: Sequence[str], now: float) -> Enrolment:
    """Make the enrolment of a first set."""
    return Enrolment(Kind.RECOVERY, _name_of(owner), owner, now, _body(owner, shown))


def renewed(before: Enrolment, shown: Sequence[str]) -> Enrolment:
    """Put a new set in the place of one; all codes of before are dead by it."""
    return before.changed(body=_body(before.owner, shown))


def without(before: Enrolment, typed: str, now: float) -> Enrolment | None:
    """Use up one code, however it was typed; None for one that is none of these."""
    code = codes.read(typed)
    name = codes.name_of(code, before.owner) if code is not None else ""
    kept = _hashes(before)
    rest = tuple(one for one in kept if not compare_digest(one, name))
    return before.changed(body=_encode(Codes(rest)), used=now) if len(rest) < len(kept) else None


def left(enrolment: Enrolment | None) -> int:
    """Count the codes that are good still."""
    return 0 if enrolment is None else len(_hashes(enrolment))


def _hashes(enrolment: Enrolment) -> tuple[str, ...]:
    try:
        return _decode(enrolment.body).hashes if enrolment.kind is Kind.RECOVERY else ()
    except NO_RECORD:
        return ()


def _body(owner: str, shown: Sequence[str]) -> bytes:
    read = filter(None, map(codes.read, shown))
    return _encode(Codes(tuple(codes.name_of(code, owner) for code in read)))


def _name_of(owner: str) -> str:
    message = b"guardhouse.recovery.set.v1:" + owner.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(sha256(message).digest()).decode("ascii").rstrip("=")
