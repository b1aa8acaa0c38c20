"""A second proof: the answer that a login waits for, or one more by who is logged in. Both are used up before they count."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import (
    AddProof,
    Change,
    Cookie,
    CountTry,
    Done,
    Effect,
    Enrol,
    Forgive,
    LogIn,
    Plan,
    Refuse,
    Send,
    Tell,
    Whose,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Enrolment
from guardhouse.state.pending import Pending

__all__ = ["NOBODY_ASKED", "Asked", "Trust", "account_of", "by_code", "by_recovery_code", "wrong"]

NOBODY_ASKED = Refuse(Reason.FACTOR_NOT_ASKED)


class Asked(NamedTuple):
    """Who is asked for a second proof."""

    whose: Whose
    pending: Pending | None = None
    """Where he stands half-way in; None is somebody who is logged in already."""


class Trust(NamedTuple):
    """A browser that is not to be asked again: what is kept of it, and what it keeps."""

    enrolment: Enrolment
    cookie: Cookie


Spent: TypeAlias = Change
"""The proof, used up by this; of many who bring the same, one gets past it."""


def by_code(asked: Asked, spent: Spent, trust: Trust | None) -> Plan:
    """Let somebody in by a code of his app. Who asks to be trusted on this browser is, once he is in."""
    return _given(asked, "totp", spent, trust)


def by_recovery_code(asked: Asked, spent: Spent, left: int, notice: Letter | None) -> Plan:
    """Let somebody in by a recovery code, and tell him, with how many are left. It makes no browser trusted."""
    used = AccountChanged(asked.whose.guard, asked.whose.user, "recovery_code_used", f"{left} left")
    told: tuple[Effect, ...] = (Tell(used), *(() if notice is None else (Send(notice),)))
    return _given(asked, "recovery", spent, None, told)


def wrong(asked: Asked, proof: str) -> Plan:
    """Say no to a code that is none, or was used. The fifth ends a login that is half-way; then the password comes first."""
    failed = AccountChanged(asked.whose.guard, asked.whose.user, "factor_failed", proof)
    counted: tuple[Effect, ...] = () if asked.pending is None else (CountTry(asked.pending),)
    return Plan(Refuse(Reason.FACTOR_WRONG), (*counted, Tell(failed)))


def account_of(owner: str) -> str:
    """Name the tries of second proofs for the throttle. Who has the password has these and no more, in however many windows."""
    return f"factor:{owner}"


def _given(
    asked: Asked, proof: str, spent: Spent, trust: Trust | None, told: tuple[Effect, ...] = ()
) -> Plan:
    """Use the proof up, then let in: a crash in between costs a code, the other way round it could count twice."""
    whose, pending = asked
    after: tuple[Effect, ...] = (Forgive(account_of(whose.owner)), *told)
    enrol, cookie = ((), ()) if trust is None else ((Enrol(trust.enrolment),), (trust.cookie,))
    if pending is None:
        return Plan(Done("factor-given"), (spent, *enrol, AddProof(whose.user, proof), *cookie, *after))
    entered = LogIn(whose.user, (*pending.proofs, proof), pending.remember)
    return Plan(Done("logged-in"), (spent, *enrol, entered, *cookie, *after))
