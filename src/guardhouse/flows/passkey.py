"""Passkeys: what is used up before a proof is weighed, what a good one leads to, and how one is added, renamed, taken off.

The challenge goes first, in a step that one caller wins: of twenty who bring the same answer nineteen are refused before
anybody looks at it, and none of them is mistaken for a copy of the key.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from guardhouse.core.events import AccountChanged, AccountStep
from guardhouse.core.reason import Reason
from guardhouse.flows.foreign import WaysIn, is_last_way
from guardhouse.flows.plan import (
    AddProof,
    Again,
    Change,
    Confirm,
    Done,
    Effect,
    Enrol,
    LogIn,
    OnlyOne,
    Plan,
    Refuse,
    Send,
    Spend,
    Tell,
    Whose,
    Withdraw,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.challenge import Challenge, spent_name
from guardhouse.state.enrolment import LONGEST_LABEL, Enrolment, Kind
from guardhouse.state.passkey import Asserted, Fault, Passkey, name_of
from guardhouse.state.pending import Pending

__all__ = [
    "MOST",
    "MUST_HAVE",
    "NO_PASSKEY",
    "OVERTAKEN",
    "PROVING",
    "SPENT",
    "TOO_MANY",
    "Purpose",
    "added",
    "confirmed",
    "copied",
    "first_added",
    "gone",
    "known",
    "label_of",
    "logged_in",
    "rejected",
    "removed",
    "renamed",
    "spend",
]

Purpose: TypeAlias = Literal["login", "second", "confirm"]
PROVING: tuple[Purpose, ...] = ("login", "second", "confirm")
"""What a passkey may be asked for: to come in without a name, as a second proof, and once more by who is inside."""

MOST = 20
"""How many one user may have. Each is listed to the authenticator, and an account with more of them is nobody's."""

NO_PASSKEY = Again("id", "There is no such passkey on this account.")
MUST_HAVE = Again(
    "id", "Your account must have a second step. Add another passkey, or an app, before this one goes."
)
TOO_MANY = Again("credential", f"An account has {MOST} passkeys at most: remove one that you do not use.")
SPENT = Refuse(Reason.PASSKEY_REJECTED, {"fault": "used_already"})
OVERTAKEN = Refuse(Reason.PASSKEY_REJECTED, {"fault": "overtaken"})
"""Somebody else changed, used or enrolled the passkey in between."""

_REJECTED = Reason.PASSKEY_REJECTED


def rejected(fault: Fault) -> Refuse:
    """Say the one thing that a visitor is told; the fault is for the log."""
    return Refuse(_REJECTED, {"fault": fault.value})


def spend(challenge: Challenge) -> Plan:
    """Use the challenge up, whatever its answer is worth."""
    return Plan(Done("challenge-spent"), (Spend(spent_name(challenge), challenge.ends, _REJECTED),))


def known(found: Enrolment, asserted: Asserted, now: float) -> Plan:
    """Keep what the authenticator counts to by now, before anything comes of the proof: of two with one counter one is let on."""
    return Plan(Done("passkey-known"), (_counted(found, asserted, now),))


def logged_in(whose: Whose, pending: Pending, found: Enrolment, asserted: Asserted, now: float) -> Plan:
    """Let in who gave a first proof before, and this one now."""
    entered = LogIn(whose.user, (*pending.proofs, "passkey"), pending.remember)
    return Plan(Done("logged-in"), (_counted(found, asserted, now), entered))


def confirmed(whose: Whose, found: Enrolment, asserted: Asserted, now: float) -> Plan:
    """Note that who is inside proved himself once more; who has no password can do it by this."""
    return Plan(
        Done("confirmed"),
        (
            _counted(found, asserted, now),
            AddProof(whose.user, "passkey"),
            Confirm(whose.user, ("passkey",)),
            _told(whose, "confirmed", "passkey"),
        ),
    )


def copied(whose: Whose, found: Enrolment, letter: Letter | None) -> Plan:
    """Refuse a passkey that counts backwards, and tell whoever should know. It stays, for its owner to remove it."""
    return Plan(rejected(Fault.COUNTER_BACK), (_told(whose, "passkey_copied", found.name), *_letters(letter)))


def added(whose: Whose, passkey: Passkey, label: str, now: float, letter: Letter | None) -> Plan:
    """Keep a new passkey. One that somebody has enrolled already, whoever that is, is refused like any other fault."""
    made = _made(whose, passkey, label, now)
    return Plan(
        Done("passkey-added", {"id": made.name, "label": label}),
        (
            Enrol(made, _REJECTED),
            AddProof(
                whose.user, "passkey"
            ),  # by making it: the first one must not shut its owner out of the next step
            _told(whose, "passkey_added", made.name),
            *_letters(letter),
        ),
    )


def first_added(
    waiting: tuple[Whose, Pending], passkey: Passkey, label: str, now: float, letter: Letter | None
) -> Plan:
    """Keep the passkey of who is half-way in and must have a second factor, and let him in: he proved it by making it."""
    whose, pending = waiting
    made = _made(whose, passkey, label, now)
    return Plan(
        Done("logged-in", {"id": made.name, "label": label}),
        (
            Enrol(made, _REJECTED),
            OnlyOne(made),
            LogIn(whose.user, (*pending.proofs, "passkey"), pending.remember),
            _told(whose, "passkey_added", made.name),
            *_letters(letter),
        ),
    )


def renamed(whose: Whose, found: Enrolment, label: str) -> Plan:
    """Call a passkey something else."""
    return Plan(
        Done("passkey-renamed", {"id": found.name, "label": label}),
        (Change(found, found.changed(label=label), _REJECTED), _told(whose, "passkey_renamed", found.name)),
    )


def removed(whose: Whose, name: str, ways: WaysIn) -> Plan:
    """Take a passkey off an account, unless nothing would be left to log in with."""
    if not any(one.kind is Kind.PASSKEY and one.name == name for one in ways.enrolments):
        return Plan(NO_PASSKEY)
    if is_last_way(name, Kind.PASSKEY, ways):
        return Plan(Refuse(Reason.LAST_WAY_IN))
    return Plan(
        Done("passkey-removed", {"id": name}), (Withdraw(whose.owner, Kind.PASSKEY, name, _REJECTED),)
    )


def gone(whose: Whose, removed: Plan, name: str, letter: Letter | None) -> Plan:
    """Tell of it, once it is sure that it stays off."""
    return Plan(removed.then, (_told(whose, "passkey_removed", name), *_letters(letter)))


def label_of(text: str, otherwise: str) -> str | Again:
    """Read what somebody calls his passkey: one line of text; where he says nothing, what it was made with."""
    label = " ".join(text.split()) or otherwise[:LONGEST_LABEL] or "Passkey"
    if len(label) > LONGEST_LABEL:
        return Again("label", f"It has {LONGEST_LABEL} letters at most.")
    return label if label.isprintable() else Again("label", "It has letters that nobody can see.")


def _made(whose: Whose, passkey: Passkey, label: str, now: float) -> Enrolment:
    return Enrolment(Kind.PASSKEY, name_of(passkey.id), whose.owner, now, passkey.encode(), label)


def _counted(found: Enrolment, asserted: Asserted, now: float) -> Change:
    return Change(found, found.changed(body=asserted.passkey.encode(), used=now), _REJECTED)


def _told(whose: Whose, step: AccountStep, about: str) -> Tell:
    return Tell(AccountChanged(whose.guard, whose.user, step, about))


def _letters(letter: Letter | None) -> tuple[Effect, ...]:
    return () if letter is None else (Send(letter),)
