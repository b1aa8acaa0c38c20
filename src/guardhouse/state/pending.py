"""Half-way in: the password was right and the second factor is missing. It lies among a session's data, never among its logins.

No guard reads it as a login, so whatever forgets to ask for the second factor refuses instead of letting in.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from guardhouse.state.enrolment import Kind
from guardhouse.state.record import NO_RECORD, Record

__all__ = ["LIFETIME", "PENDING", "TRIES", "Pending", "drop", "hold", "read", "used_try", "waiting"]

PENDING = "_pending"
LIFETIME = 600.0
"""Ten minutes, in seconds: as long as any code that is sent somewhere may live (ASVS 6.5.5)."""

TRIES = 5


class Pending(Struct, frozen=True):
    """Who proved a password, for which guard, and what may come next. Moments are epoch seconds."""

    user_id: str
    provider: str
    guard: str
    realm: str
    at: float
    ends: float
    factors: tuple[Kind, ...]
    """Which proofs this user has enrolled, for the page to offer."""
    transaction: str
    """A random name of this one login, so that two that are open in two windows are told apart."""
    fingerprint: str | None = None
    """Of the password that was proved: another one by now, and the way ends here."""
    remember: bool = False
    tries: int = TRIES
    proofs: tuple[str, ...] = ("password",)
    """What was given already, as a login keeps it."""
    must_enrol: bool = False
    """He has no second proof and must have one: he waits to enrol it, and nothing that he gives lets him in before."""

    @property
    def owner(self) -> str:
        """Whose enrolments count, as `provider:id`."""
        return f"{self.provider}:{self.user_id}"

    def __repr__(self) -> str:
        return f"Pending({self.owner} at {self.guard}, {self.tries} tries)"


_decode = msgspec.msgpack.Decoder(Pending).decode


def hold(session: MutableMapping[str, Any], pending: Pending) -> None:
    """Put it into the session, in the place of one from before. The caller renews the session's id, as after any proof."""
    session[PENDING] = msgspec.to_builtins(pending)


def read(session: MutableMapping[str, Any], now: float) -> Pending | None:
    """Read who is half-way in; None for nobody, for one whose time or tries are used up, and for what cannot be read."""
    pending = _converted(session.get(PENDING))
    # Both are so written because a number that is none must have passed.
    return pending if pending is not None and pending.tries > 0 and now < pending.ends else None


def used_try(session: MutableMapping[str, Any], pending: Pending) -> Pending | None:
    """Count a wrong answer; None, and back to the password, when it was the last.

    Parallel answers may count as one here, because sessions are merged. What holds against them is the throttle of the
    account, which counts before the work; this only ends a login that leads nowhere.
    """
    left = replace(pending, tries=pending.tries - 1)
    if left.tries <= 0:
        drop(session)
        return None
    hold(session, left)
    return left


def drop(session: MutableMapping[str, Any]) -> None:
    """Forget it: the second factor came, or somebody goes back to the start."""
    session.pop(PENDING, None)


def waiting(record: Record, realm: str | None) -> Pending | None:
    """Say who is half-way in at a realm, for a guard that found no login there.

    No clock is asked: one whose time is past is the better explanation, too, and `read` believes none.
    """
    raw = record.data.get(PENDING)
    pending = _decoded(raw) if raw is not None else None
    return pending if pending is not None and pending.realm == realm else None


def _decoded(raw: Raw) -> Pending | None:
    try:
        return _decode(raw)
    except NO_RECORD:
        return None


def _converted(value: object) -> Pending | None:
    try:
        return msgspec.convert(value, Pending)
    except msgspec.ValidationError:
        return None
