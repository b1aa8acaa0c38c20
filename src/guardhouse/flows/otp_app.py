"""Switching the second step on and off: an app counts from its first code on, and there are recovery codes from then on."""

from __future__ import annotations

from typing import NamedTuple

from guardhouse.core.events import AccountChanged, AccountStep
from guardhouse.flows.plan import (
    AddProof,
    Again,
    Change,
    Done,
    Effect,
    Enrol,
    LogIn,
    OnlyOne,
    Plan,
    Put,
    Send,
    Tell,
    Whose,
    WithdrawAll,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Kind
from guardhouse.state.otp_app import UNCONFIRMED
from guardhouse.state.pending import Pending

__all__ = ["AT_ONCE", "MUST_HAVE", "NEITHER", "WRONG_CODE", "Fresh", "confirmed", "renewed", "switched_off"]

WRONG_CODE = Again(
    "code", "This is not the code that the app shows now. Wait for the next one, and type that."
)
MUST_HAVE = Again(
    "code", "Your account must have a second step. Set up another app in the place of this one instead."
)
NEITHER = Again("code", "Type what the app shows now, or your password. A code counts once.")
AT_ONCE = Again(
    "code", "This was changed elsewhere at the same moment. Look at what is set up now, and try once more."
)


class Fresh(NamedTuple):
    """What is new: what is to be kept, what it takes the place of, and what of it is shown, once."""

    app: Enrol | Change
    codes: Enrol | Change
    shown: tuple[str, ...]


def confirmed(whose: Whose, fresh: Fresh, notice: Letter | None, pending: Pending | None = None) -> Plan:
    """Take the app in, then the codes, and let in whoever was half-way and had to enrol one.

    The app goes first, because it is won by one of many; a crash after it leaves an app that works and codes that can be
    made anew. What was trusted by the app before is not trusted any more.
    """
    entered = (
        AddProof(whose.user, "totp")
        if pending is None
        else LogIn(whose.user, (*pending.proofs, "totp"), pending.remember)
    )
    first: tuple[Effect, ...] = ()
    if pending is not None and isinstance(fresh.app, Enrol):
        first = (OnlyOne(fresh.app.enrolment),)
    return Plan(
        Done("two-factor-on", {"recovery_codes": list(fresh.shown)}),
        (
            fresh.app,
            *first,
            fresh.codes,
            WithdrawAll(whose.owner, (Kind.TRUSTED,)),
            Put(UNCONFIRMED, None),
            entered,
            *_told(whose, "factor_added", notice),
        ),
    )


def renewed(whose: Whose, codes: Enrol | Change, shown: tuple[str, ...], notice: Letter | None) -> Plan:
    """Put new recovery codes in the place of all of before."""
    return Plan(
        Done("recovery-codes", {"recovery_codes": list(shown)}),
        (codes, *_told(whose, "recovery_codes_made", notice)),
    )


def switched_off(whose: Whose, spent: Change | None, *, passkeys: bool, notice: Letter | None) -> Plan:
    """Take the app away with all that belongs to it, in one statement. Recovery codes stay where passkeys do."""
    kinds = (Kind.TOTP, Kind.TRUSTED) if passkeys else (Kind.TOTP, Kind.RECOVERY, Kind.TRUSTED)
    used: tuple[Effect, ...] = () if spent is None else (spent,)
    return Plan(
        Done("two-factor-off"),
        (*used, WithdrawAll(whose.owner, kinds), *_told(whose, "factor_removed", notice)),
    )


def _told(whose: Whose, step: AccountStep, notice: Letter | None) -> tuple[Effect, ...]:
    about = "recovery" if step == "recovery_codes_made" else "totp"
    told = Tell(AccountChanged(whose.guard, whose.user, step, about))
    return (told,) if notice is None else (told, Send(notice))
