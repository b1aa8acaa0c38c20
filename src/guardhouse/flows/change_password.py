"""Another password for who is inside: the old one is asked for, and everything that it opened elsewhere ends."""

from __future__ import annotations

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import (
    Again,
    Done,
    Effect,
    EndSessions,
    Forgive,
    Plan,
    Rebind,
    RevokeTokens,
    Send,
    SetPassword,
    Tell,
    Whose,
    WithdrawAll,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Kind

__all__ = ["SAME", "WRONG", "changed"]

WRONG = Again("current_password", "This is not the password of this account.")
SAME = Again("new_password", "This is the password that you have now: choose another one.")


def changed(  # noqa: PLR0913 - what is known of the account, and what is wanted
    whose: Whose, fresh: str | Again, before: str | None, notice: Letter | None, *, account: str, tokens: bool
) -> Plan:
    """Put the new password in its place, end what is elsewhere, and let the present login go on.

    The first step ends every login that is bound to the password of before, this one too: after a crash the user logs in
    with the new one. Of two who change it at once one wins.
    """
    if isinstance(fresh, Again):
        return Plan(fresh)
    also: tuple[Effect, ...] = (RevokeTokens(whose.user),) if tokens else ()
    told: tuple[Effect, ...] = () if notice is None else (Send(notice),)
    return Plan(
        Done("password-changed"),
        (
            SetPassword(whose.user, fresh, before, Reason.PASSWORD_CHANGED),
            WithdrawAll(whose.owner, (Kind.REMEMBERED, Kind.TRUSTED)),
            EndSessions(whose.user, keep=True),
            Rebind(whose.user),
            *also,
            Forgive(account),
            Tell(AccountChanged(whose.guard, whose.user, "password_changed")),
            *told,
        ),
    )
