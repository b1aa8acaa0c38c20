"""A forgotten password: a link to the stored address, and a new password in the place of the one that it is bound to."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import (
    Again,
    Done,
    EndSessions,
    Plan,
    Refuse,
    Send,
    SetPassword,
    Tell,
    Verify,
    Whose,
    WithdrawAll,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Kind
from guardhouse.state.ticket import BadTicket

__all__ = ["SENT", "asked", "bad_ticket", "set_anew"]

SENT = Done("reset-link-sent")
"""The answer to everybody who asks, with an account or without."""

LINK_WORDS: dict[BadTicket, Reason] = {
    "forged": Reason.LINK_INVALID,
    "unknown key": Reason.LINK_INVALID,
    "expired": Reason.LINK_SPENT,
}


def asked(letter: Letter | None) -> Plan:
    """Send the link where there is somebody to send it to, and answer alike."""
    return Plan(SENT, () if letter is None else (Send(letter),))


def bad_ticket(found: BadTicket) -> Refuse:
    """Say that a link is none of ours, or its time is past."""
    return Refuse(LINK_WORDS[found], {"link": found})


def set_anew(
    whose: Whose, fresh: str | Again, before: str | None, notice: Letter | None, address: str | None = None
) -> Plan:
    """Put the new password in its place; who has the same link loses. Who has it reads mail at `address`.

    The logins of before die with the password that they were bound to, in the same step; ending their sessions tidies up.
    Nobody is logged in: who has a second factor must give it, and a stolen mailbox is no login (ASVS 6.4.3).
    """
    if isinstance(fresh, Again):
        return Plan(fresh)
    told = () if notice is None else (Send(notice),)
    return Plan(
        Done("password-reset"),
        (
            SetPassword(whose.user, fresh, before),
            *(() if address is None else (Verify(whose.user, address, otherwise=None),)),
            EndSessions(whose.user),
            WithdrawAll(whose.owner, (Kind.REMEMBERED, Kind.TRUSTED)),
            Tell(AccountChanged(whose.guard, whose.user, "password_reset")),
            *told,
        ),
    )
