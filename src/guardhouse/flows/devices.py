"""What a user has elsewhere, ended from here: sessions, devices that are trusted, tokens."""

from __future__ import annotations

from guardhouse.flows.plan import (
    Done,
    EndSession,
    EndSessions,
    LogOut,
    Plan,
    RevokeToken,
    RevokeTokens,
    Whose,
    Withdraw,
    WithdrawAll,
)
from guardhouse.state.enrolment import Enrolment, Kind

__all__ = ["forgotten", "others", "session", "token", "tokens"]


def session(public_id: str, *, present: bool) -> Plan:
    """End one session; the present one is a logout."""
    if present:
        return Plan(Done("logged-out"), (LogOut(),))
    return Plan(Done("session-ended"), (EndSession(public_id),))


def others(whose: Whose) -> Plan:
    """End all others, with what lets them stay logged in; whatever they were trusted with is asked for again."""
    return Plan(
        Done("others-ended"), (WithdrawAll(whose.owner, (Kind.TRUSTED,)), EndSessions(whose.user, keep=True))
    )


def forgotten(device: Enrolment | None) -> Plan:
    """Trust one device no more; one that is gone is no matter."""
    gone = () if device is None else (Withdraw(device.owner, device.kind, device.name),)
    return Plan(Done("device-forgotten"), gone)


def token(whose: Whose, public_id: str) -> Plan:
    """Take one token back."""
    return Plan(Done("token-revoked"), (RevokeToken(whose.user, public_id),))


def tokens(whose: Whose) -> Plan:
    """Take all tokens back."""
    return Plan(Done("tokens-revoked"), (RevokeTokens(whose.user),))
