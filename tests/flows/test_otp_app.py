"""Switching the second step on and off: the app is won first, and what belonged to the one before ends with it."""

from __future__ import annotations

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.flows import otp_app as flow
from guardhouse.flows.plan import (
    AddProof,
    Change,
    Done,
    Enrol,
    LogIn,
    OnlyOne,
    Put,
    Send,
    Tell,
    Whose,
    WithdrawAll,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.otp_app import UNCONFIRMED
from guardhouse.state.pending import Pending

ADA = object()
WHOSE = Whose(ADA, "users:1", "web")
MUST = Pending("1", "users", "web", "", 0.0, 600.0, (), "t", remember=True, must_enrol=True)
APP, CODES = Enrolment(Kind.TOTP, "a", "users:1", 0.0), Enrolment(Kind.RECOVERY, "b", "users:1", 0.0)
SHOWN = ("one", "two")
FIRST = flow.Fresh(Enrol(APP), Enrol(CODES), SHOWN)
AGAIN = flow.Fresh(Change(APP, APP.changed()), Change(CODES, CODES.changed()), SHOWN)
NOTICE = Letter(
    "second_factor_added", "ada@example.com", dict.fromkeys(("link", "device", "place", "time"), "")
)


@pytest.mark.parametrize(
    ("fresh", "pending", "kinds"),
    [
        pytest.param(FIRST, None, [Enrol, Enrol, WithdrawAll, Put, AddProof, Tell, Send], id="the first app"),
        pytest.param(AGAIN, None, [Change, Change, WithdrawAll, Put, AddProof, Tell, Send], id="another app"),
        pytest.param(
            FIRST,
            MUST,
            [Enrol, OnlyOne, Enrol, WithdrawAll, Put, LogIn, Tell, Send],
            id="by who must have one, unless he has got another meanwhile",
        ),
    ],
)
def test_an_app_is_taken_in_then_its_codes_then_its_user(fresh, pending, kinds):
    plan = flow.confirmed(WHOSE, fresh, NOTICE, pending)
    assert [type(effect) for effect in plan.effects] == kinds
    assert plan.effects[0] is fresh.app
    assert WithdrawAll("users:1", (Kind.TRUSTED,)) in plan.effects
    assert Put(UNCONFIRMED, None) in plan.effects
    assert plan.then == Done("two-factor-on", {"recovery_codes": ["one", "two"]})


def test_who_had_to_enrol_is_logged_in_by_both_proofs():
    plan = flow.confirmed(WHOSE, FIRST, None, MUST)
    assert LogIn(ADA, ("password", "totp"), remember=True) in plan.effects
    assert Tell(AccountChanged("web", ADA, "factor_added", "totp")) == plan.effects[-1]


def test_codes_are_renewed_by_one_statement():
    plan = flow.renewed(WHOSE, AGAIN.codes, SHOWN, NOTICE)
    assert plan.effects == (
        AGAIN.codes,
        Tell(AccountChanged("web", ADA, "recovery_codes_made", "recovery")),
        Send(NOTICE),
    )
    assert plan.then == Done("recovery-codes", {"recovery_codes": ["one", "two"]})


@pytest.mark.parametrize(
    ("passkeys", "kinds"),
    [(False, (Kind.TOTP, Kind.RECOVERY, Kind.TRUSTED)), (True, (Kind.TOTP, Kind.TRUSTED))],
    ids=["nothing else is there", "passkeys are, and recovery codes are theirs too"],
)
@pytest.mark.parametrize("spent", [None, Change(APP, APP.changed())], ids=["by the password", "by a code"])
def test_all_that_belongs_to_the_app_goes_at_once(passkeys, kinds, spent):
    plan = flow.switched_off(WHOSE, spent, passkeys=passkeys, notice=None)
    removed = Tell(AccountChanged("web", ADA, "factor_removed", "totp"))
    assert plan.effects == (*((spent,) if spent else ()), WithdrawAll("users:1", kinds), removed)
    assert plan.then == Done("two-factor-off")
