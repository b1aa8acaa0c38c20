"""A new password by link: what is written, in which order, and what is said to whom."""

from __future__ import annotations

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows import reset
from guardhouse.flows.plan import (
    Again,
    Done,
    EndSessions,
    LogIn,
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

ADA = Whose(object(), "users:1", "web")
LETTER = Letter("reset_password", "ada@example.com", {"link": "https://a.example/r", "minutes": 30})
NOTICE = Letter("notice", "ada@example.com", {})


def test_everybody_who_asks_hears_the_same():
    assert reset.asked(None).then == reset.asked(LETTER).then
    assert reset.asked(LETTER).effects == (Send(LETTER),)
    assert reset.asked(None).effects == ()


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("forged", Reason.LINK_INVALID),
        ("unknown key", Reason.LINK_INVALID),
        ("expired", Reason.LINK_SPENT),
    ],
)
def test_a_bad_link_says_why(found, reason):
    assert reset.bad_ticket(found) == Refuse(reason, {"link": found})


def test_the_password_is_set_before_anything_else_and_nobody_is_logged_in():
    plan = reset.set_anew(ADA, "new hash", "old hash", NOTICE)
    assert plan.then == Done("password-reset")
    assert plan.effects == (
        SetPassword(ADA.user, "new hash", "old hash"),
        EndSessions(ADA.user),
        WithdrawAll("users:1", (Kind.REMEMBERED, Kind.TRUSTED)),
        Tell(AccountChanged("web", ADA.user, "password_reset")),
        Send(NOTICE),
    )
    assert not any(isinstance(effect, LogIn) for effect in plan.effects)


def test_a_weak_password_changes_nothing():
    weak = Again("password", "It is too short.")
    assert reset.set_anew(ADA, weak, "old hash", NOTICE) == Plan(weak)


def test_who_has_the_link_reads_mail_there_and_loses_nothing_where_that_was_known():
    plan = reset.set_anew(ADA, "new hash", "old hash", None, "ada@example.com")
    assert plan.effects[:2] == (
        SetPassword(ADA.user, "new hash", "old hash"),
        Verify(ADA.user, "ada@example.com", otherwise=None),
    )


def test_who_has_no_address_gets_no_notice():
    assert reset.set_anew(ADA, "new hash", None, None).effects[-1] == Tell(
        AccountChanged("web", ADA.user, "password_reset")
    )
