"""What one check says, and what the gate makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, final

from msgspec import Struct

from guardhouse.core.reasons import REASONS, Reason

NO_EVIDENCE: Mapping[str, object] = MappingProxyType({})


class Identity(Struct, frozen=True, gc=False):
    """Whom the house believes, through which guard, how and since when; the user stays the application's own.

    `since` is the moment of the login in epoch seconds, or None where a credential proves itself anew each time.
    """

    user_id: str
    provider: str
    guard: str
    how: str
    since: float | None = None
    fingerprint: str | None = None
    """Binds a login to the password that opened it; None where no password was involved."""
    abilities: frozenset[str] | None = None
    """What the credential is good for; None where it is good for all that the user may, as a login is."""
    token: str | None = None
    """The public id of a credential that was handed out; never the credential."""
    proofs: str = ""
    """By what a login was proven, separated by blanks; empty where nobody wrote it down."""
    behind: Identity | None = None
    """Who acts in this user's place; None for everybody who came himself."""


class Client(Struct, frozen=True, gc=False):
    """A program that calls in its own name. It is a type of its own, so that no client id can pass for a user's id.

    `issuer` is who vouches for it; the other fields are those of an identity.
    """

    client_id: str
    issuer: str
    guard: str
    how: str
    abilities: frozenset[str] | None = None
    token: str | None = None


Caller: TypeAlias = Identity | Client
"""Whoever was let in."""


@final
class Allow(Struct, frozen=True, gc=False):
    """Yes: this is who calls. Ends the asking."""

    by: str
    reason: Reason
    identity: Caller


@final
class Deny(Struct, frozen=True):
    """No. Ends the asking, also for every weaker guard."""

    by: str
    reason: Reason
    evidence: Mapping[str, object] = NO_EVIDENCE


@final
class Abstain(Struct, frozen=True):
    """Not mine, or stale: the next guard may speak. The reason is kept in case nobody does."""

    by: str
    reason: Reason
    evidence: Mapping[str, object] = NO_EVIDENCE


@final
class Pass(Struct, frozen=True):
    """A check that proves nobody's identity has no objection; the asking goes on."""

    by: str
    reason: Reason
    evidence: Mapping[str, object] = NO_EVIDENCE


Verdict: TypeAlias = Allow | Deny | Abstain | Pass


class Decision(Struct, frozen=True):
    """The conclusion of one stack, with every verdict that led to it. Truthy when the request may pass."""

    stack: str
    verdict: Allow | Deny
    trace: Sequence[Verdict]

    def __bool__(self) -> bool:
        return type(self.verdict) is Allow


def conclude(stack: str, verdicts: Sequence[Verdict]) -> Decision:
    """Let the first guard that speaks decide; if none does, refuse with the most telling silence.

    A missing credential is an abstention, a bad one a denial, so a forged token never falls through to a weaker
    guard.
    """
    silence: Abstain | None = None
    for verdict in verdicts:
        if type(verdict) is Abstain:
            silence = _more_telling(silence, verdict)
        elif type(verdict) is not Pass:
            return Decision(stack, verdict, verdicts)
    if silence is None:
        return Decision(stack, Deny(stack, Reason.NO_CREDENTIAL), verdicts)
    return Decision(stack, Deny(silence.by, silence.reason, silence.evidence), verdicts)


def unknown_kind(foreign: Sequence[Abstain]) -> Deny:
    """Refuse a credential that every guard of its header left to the others."""
    kinds = [str(verdict.evidence["need"]) for verdict in foreign if "need" in verdict.evidence]
    return Deny(foreign[0].by, Reason.CREDENTIAL_UNKNOWN, {"need": ", ".join(kinds)})


def _more_telling(one: Abstain | None, other: Abstain) -> Abstain:
    """Prefer the silence nearest to what must be mended; between equals the first, as the guards are ordered.

    Where no guard was brought anything, each has its word on what it would have read.
    """
    if one is None or REASONS[other.reason].telling > REASONS[one.reason].telling:
        return other
    if one.reason is other.reason is Reason.NO_CREDENTIAL:
        return Abstain(f"{one.by}, {other.by}", one.reason, {**other.evidence, **one.evidence})
    return one
