"""A user's authenticator app as an enrolment: one per user, under a name made of him, so that a second one cannot be there.

A new app takes the place of the old one in one statement: there is no moment with two, and none with neither.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import MutableMapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.vault.totp import Kept

__all__ = ["LIFETIME", "UNCONFIRMED", "Unconfirmed", "changed", "enrolled", "kept", "offer", "offered"]

UNCONFIRMED = "_otp_app"
LIFETIME = 900.0
"""A quarter of an hour, in seconds: to find the phone, and an app for it."""


class Unconfirmed(Struct, frozen=True):
    """A seed that was shown and is no proof yet: it waits in the session, sealed, until a code shows that an app has it."""

    owner: str
    sealed: bytes
    ends: float

    def __repr__(self) -> str:
        return f"Unconfirmed({self.owner})"


def offer(session: MutableMapping[str, Any], seed: Unconfirmed) -> None:
    """Keep a seed that is about to be shown, in the place of one from before."""
    session[UNCONFIRMED] = msgspec.to_builtins(seed, builtin_types=(bytes,))


def offered(session: MutableMapping[str, Any], owner: str, now: float) -> Unconfirmed | None:
    """Read the seed that was shown to this user; None for another's, for one too old, and for what cannot be read."""
    try:
        seed = msgspec.convert(session.get(UNCONFIRMED), Unconfirmed)
    except msgspec.ValidationError:
        return None
    return seed if seed.owner == owner and now < seed.ends else None


def enrolled(owner: str, kept: Kept, now: float) -> Enrolment:
    """Make the enrolment of the first app; its first code is used."""
    return Enrolment(Kind.TOTP, _name_of(owner), owner, now, kept.encode(), used=now)


def changed(before: Enrolment, kept: Kept, now: float) -> Enrolment:
    """Note that a code was accepted, or put another app in the place of the one there."""
    return before.changed(body=kept.encode(), used=now)


def kept(enrolment: Enrolment) -> Kept | None:
    """Read what is kept of an app; None for anything else that may lie there."""
    return Kept.decode(enrolment.body) if enrolment.kind is Kind.TOTP else None


def _name_of(owner: str) -> str:
    message = b"guardhouse.otp_app.v1:" + owner.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(sha256(message).digest()).decode("ascii").rstrip("=")
