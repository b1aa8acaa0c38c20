"""Challenges for an authenticator to sign: random, kept by us in the visitor's session, for one purpose, a few minutes, once.

A session is merged, so of two parallel answers both may find the challenge. Whoever takes one also asks the store's
`once` for its `spent_name`, where the store has that power; synced passkeys keep no counter that would tell (CVE-2022-42731).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import msgspec
from msgspec import Struct

__all__ = ["CHALLENGES", "LIFETIME", "VALUE_BYTES", "Challenge", "put", "spent_name", "take"]

CHALLENGES = "_challenges"
VALUE_BYTES = 32
LIFETIME = 300.0
"""Five minutes, in seconds: the time WebAuthn proposes for a ceremony (15.1)."""

MOST = 8
"""How many may wait in one session; the oldest goes first. Two windows and their retries need no more."""


class Challenge(Struct, frozen=True, array_like=True):
    """One challenge: what it is for, until when, and whom it is about."""

    value: bytes
    purpose: str
    ends: float
    about: str = ""
    """The user whom it was made for, as `provider:id`; empty where that is only known by the answer."""
    handle: bytes = b""
    """What a new passkey is told to call its user; empty where none is to be made."""

    def __repr__(self) -> str:
        return f"Challenge({self.purpose!r}, about={self.about!r})"


def put(session: MutableMapping[str, Any], challenge: Challenge, now: float) -> None:
    """Keep one more, without those whose time is past."""
    if len(challenge.value) != VALUE_BYTES:
        raise ValueError(f"a challenge is made of {VALUE_BYTES} random bytes")
    waiting = [one for one in _waiting(session) if now < one.ends]
    _keep(session, [*waiting, challenge][-MOST:])


def take(session: MutableMapping[str, Any], purpose: str, value: bytes, now: float) -> Challenge | None:
    """Take out the one that was answered; None for one of another session or purpose, used before, or too late."""
    waiting = _waiting(session)
    answered = [one for one in waiting if one.purpose == purpose and compare_digest(one.value, value)]
    if not answered:
        return None
    _keep(session, [one for one in waiting if one not in answered])
    return answered[0] if now < answered[0].ends else None


def spent_name(challenge: Challenge) -> bytes:
    """Name it for `once`, until it ends: nothing can be made of the name but that comparison."""
    return sha256(b"guardhouse.challenge.v1:" + challenge.value).digest()


def _waiting(session: MutableMapping[str, Any]) -> list[Challenge]:
    try:
        return msgspec.convert(session.get(CHALLENGES, []), list[Challenge])
    except msgspec.ValidationError:
        return []


def _keep(session: MutableMapping[str, Any], challenges: list[Challenge]) -> None:
    if challenges:
        session[CHALLENGES] = msgspec.to_builtins(challenges, builtin_types=(bytes,))
    else:
        session.pop(CHALLENGES, None)
