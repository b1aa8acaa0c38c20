"""A second proof is used up before it counts, whoever gives it; a wrong one is counted, and says no more than that."""

from __future__ import annotations

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows import second_factor as flow
from guardhouse.flows.plan import (
    AddProof,
    Change,
    Cookie,
    CountTry,
    Done,
    Enrol,
    Forgive,
    LogIn,
    Refuse,
    Send,
    Tell,
    Whose,
)
from guardhouse.flows.second_factor import Asked, Trust
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.pending import Pending

ADA = object()
WHOSE = Whose(ADA, "users:1", "web")
PENDING = Pending("1", "users", "web", "", 0.0, 600.0, (Kind.TOTP,), "t", remember=True, proofs=("password",))
HALF_WAY, INSIDE = Asked(WHOSE, PENDING), Asked(WHOSE)
BEFORE = Enrolment(Kind.TOTP, "a", "users:1", 0.0)
SPENT = Change(BEFORE, BEFORE.changed(used=1.0))
TRUST = Trust(Enrolment(Kind.TRUSTED, "b", "users:1", 0.0), Cookie("trusted", "v", 60))
NOTICE = Letter(
    "second_factor_added", "ada@example.com", dict.fromkeys(("link", "device", "place", "time"), "")
)


@pytest.mark.parametrize(
    ("plan", "kinds", "done"),
    [
        pytest.param(
            flow.by_code(HALF_WAY, SPENT, None), [Change, LogIn, Forgive], "logged-in", id="half-way"
        ),
        pytest.param(
            flow.by_code(HALF_WAY, SPENT, TRUST),
            [Change, Enrol, LogIn, Cookie, Forgive],
            "logged-in",
            id="half-way, and to be trusted",
        ),
        pytest.param(
            flow.by_code(INSIDE, SPENT, None), [Change, AddProof, Forgive], "factor-given", id="logged in"
        ),
        pytest.param(
            flow.by_code(INSIDE, SPENT, TRUST),
            [Change, Enrol, AddProof, Cookie, Forgive],
            "factor-given",
            id="logged in, and to be trusted",
        ),
        pytest.param(
            flow.by_recovery_code(HALF_WAY, SPENT, 9, NOTICE),
            [Change, LogIn, Forgive, Tell, Send],
            "logged-in",
            id="by a recovery code",
        ),
        pytest.param(
            flow.by_recovery_code(INSIDE, SPENT, 9, None),
            [Change, AddProof, Forgive, Tell],
            "factor-given",
            id="by a recovery code, and nobody sends mail",
        ),
    ],
)
def test_a_proof_is_used_up_before_it_counts(plan, kinds, done):
    assert [type(effect) for effect in plan.effects] == kinds
    assert plan.effects[0] == SPENT
    assert plan.then == Done(done)


@pytest.mark.parametrize(
    ("plan", "proof"),
    [
        (flow.by_code(HALF_WAY, SPENT, None), "totp"),
        (flow.by_recovery_code(HALF_WAY, SPENT, 0, None), "recovery"),
    ],
)
def test_the_login_is_what_was_asked_for_at_the_password_with_one_proof_more(plan, proof):
    assert plan.effects[1] == LogIn(ADA, ("password", proof), remember=True)


@pytest.mark.parametrize(
    ("asked", "counted"), [(HALF_WAY, [CountTry(PENDING)]), (INSIDE, [])], ids=["half-way", "logged in"]
)
def test_a_wrong_one_is_counted_and_told_of(asked, counted):
    plan = flow.wrong(asked, "totp")
    assert plan.then == Refuse(Reason.FACTOR_WRONG)
    assert list(plan.effects) == [*counted, Tell(AccountChanged("web", ADA, "factor_failed", "totp"))]


def test_the_tries_of_all_windows_are_those_of_one_account():
    assert flow.account_of("users:1") == "factor:users:1"
