"""Staying logged in: what a browser that comes back is given, and what is done where its cookie is no good.

A copy and its original cannot be told apart, so where one shows itself all that the user is logged in with ends, and he is
told (B. Jaspan, "Improved Persistent Login Cookie Best Practice", 2006).
"""

from __future__ import annotations

from typing import NamedTuple

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows.plan import (
    Change,
    ComeBack,
    Cookie,
    Done,
    EndSessions,
    Plan,
    Refuse,
    Send,
    Spend,
    Tell,
    Whose,
    Withdraw,
    WithdrawAll,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import DEVICES, Enrolment

__all__ = ["CAME_BACK", "Next", "come_back", "come_back_beside", "over", "stolen"]

CAME_BACK = Done("came-back")

LOST = Reason.SESSION_GONE
"""What the loser of a turn hears. It goes nowhere: he weighs what lies there by then."""


class Next(NamedTuple):
    """The next secret of a series: what to keep, and the cookie for the browser."""

    before: Enrolment
    after: Enrolment
    cookie: Cookie


def come_back(whose: Whose, turned: Next) -> Plan:
    """Turn the series, hand out its next secret, and log in; of those who come with one secret at once, one does this.

    The cookie is there before the session is: where that cannot be stored, the browser must not be left with a secret
    that was replaced.
    """
    return Plan(
        CAME_BACK,
        (
            Change(turned.before, turned.after, LOST),
            turned.cookie,
            ComeBack(whose.user, turned.before.name),
            Tell(AccountChanged(whose.guard, whose.user, "remembered_device_used")),
        ),
    )


def come_back_beside(whose: Whose, series: Enrolment) -> Plan:
    """Log in a tab that opened beside another, which is given the next secret."""
    return Plan(CAME_BACK, (ComeBack(whose.user, series.name),))


def over(erase: Cookie, why: str, series: Enrolment | None = None) -> Plan:
    """Forget a series that is good for nothing any more, if there is one, and let the browser forget it."""
    withdrawn = () if series is None else (Withdraw(series.owner, series.kind, series.name, None),)
    return Plan(Refuse(Reason.REMEMBER_EXPIRED, {"remembered": why}), (*withdrawn, erase))


def stolen(whose: Whose, erase: Cookie, notice: Letter | None, once: Spend | None = None) -> Plan:
    """End whatever the user is logged in with: first what could come back, then what is there; and tell him.

    Of many who come with a copy at once each ends what is left, and `once` lets one of them tell of it.
    """
    told = () if notice is None else (Send(notice),)
    first = () if once is None else (once,)
    return Plan(
        Refuse(Reason.REMEMBER_STOLEN),
        (
            WithdrawAll(whose.owner, DEVICES),
            EndSessions(whose.user),
            erase,
            *first,
            Tell(AccountChanged(whose.guard, whose.user, "remembered_device_stolen")),
            *told,
        ),
    )
