"""A new account: who opens one and who has one already hear the same; what differs goes by mail to whom it concerns."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.flows.plan import Again, Done, Next, Plan, Send, Tell, Whose
from guardhouse.mail.letter import Letter

__all__ = ["REGISTERED", "TAKEN", "opened", "taken", "taken_aloud"]

REGISTERED = Done("registered")
"""The answer to everybody, whether the login was free or not; so nobody can be logged in by it."""

TAKEN = "There is an account with this already: log in, or choose a new password."


def opened(whose: Whose, letter: Letter | None, then: Next = REGISTERED, about: str = "") -> Plan:
    """Tell of an account that is there now. The letter comes last: an account without it can ask for another."""
    told = () if letter is None else (Send(letter),)
    return Plan(then, (Tell(AccountChanged(whose.guard, whose.user, "registered", about)), *told))


def taken(letter: Letter | None) -> Plan:
    """Write to whoever has that login, and answer as if it had been free."""
    return Plan(REGISTERED, () if letter is None else (Send(letter),))


def taken_aloud(field: str) -> Plan:
    """Say that the login is taken, where that is no secret: a name that others see, or a house that chose to tell."""
    return Plan(Again(field, TAKEN))
