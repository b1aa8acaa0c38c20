"""What is written for whoever is inside: a proof once more, another password, acting for somebody, and what he ends elsewhere."""

from __future__ import annotations

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows import change_password, confirm, devices, impersonation
from guardhouse.flows.plan import (
    Again,
    Confirm,
    Done,
    Effect,
    EndSession,
    EndSessions,
    Forgive,
    Impersonate,
    LogIn,
    LogOut,
    Plan,
    Rebind,
    Refuse,
    RevokeToken,
    RevokeTokens,
    Send,
    SetPassword,
    StopImpersonating,
    Tell,
    Whose,
    Withdraw,
    WithdrawAll,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Enrolment, Kind

ADA = Whose(object(), "users:1", "web")
NOTICE = Letter("notice", "ada@example.com", {})
DEVICE = Enrolment(Kind.TRUSTED, "its name", "users:1", 0.0)
CHANGED = Tell(AccountChanged("web", ADA.user, "password_changed"))


def test_a_proof_is_noted_before_anybody_hears_of_it():
    assert confirm.confirmed(ADA, "password:users:1") == Plan(
        Done("confirmed"),
        (
            Confirm(ADA.user, ("password",)),
            Forgive("password:users:1"),
            Tell(AccountChanged("web", ADA.user, "confirmed", "password")),
        ),
    )


def test_another_proof_than_a_password_is_said():
    assert Confirm(ADA.user, ("passkey",)) in confirm.confirmed(ADA, "a", "passkey").effects


@pytest.mark.parametrize(
    ("tokens", "notice", "last"),
    [
        pytest.param(False, None, (Forgive("a"), CHANGED), id="no tokens, no address"),
        pytest.param(False, NOTICE, (Forgive("a"), CHANGED, Send(NOTICE)), id="no tokens"),
        pytest.param(
            True, NOTICE, (RevokeTokens(ADA.user), Forgive("a"), CHANGED, Send(NOTICE)), id="tokens, too"
        ),
    ],
)
def test_the_password_is_set_before_anything_else_and_nobody_is_logged_in_by_it(
    tokens: bool, notice: Letter | None, last: tuple[Effect, ...]
):
    plan = change_password.changed(ADA, "new", "old", notice, account="a", tokens=tokens)
    assert plan.then == Done("password-changed")
    assert plan.effects == (
        SetPassword(ADA.user, "new", "old", Reason.PASSWORD_CHANGED),
        WithdrawAll("users:1", (Kind.REMEMBERED, Kind.TRUSTED)),
        EndSessions(ADA.user, keep=True),
        Rebind(ADA.user),
        *last,
    )
    assert not any(isinstance(effect, LogIn) for effect in plan.effects)


def test_a_weak_password_changes_nothing():
    weak = Again("new_password", "It is too short.")
    assert change_password.changed(ADA, weak, "old", NOTICE, account="a", tokens=True) == Plan(weak)


def test_the_trail_hears_of_it_before_one_acts_for_another_and_after_he_stopped():
    began = Tell(AccountChanged("web", ADA.user, "impersonated", "9"))
    assert impersonation.acting(ADA, "9") == Plan(Done("impersonated"), (began, Impersonate(ADA.user)))
    over = Tell(AccountChanged("web", ADA.user, "impersonation_ended", "9"))
    assert impersonation.stopped(ADA, "9") == Plan(Done("impersonation-ended"), (StopImpersonating(), over))
    assert impersonation.denied() == Plan(Refuse(Reason.RULE_DENIED, {}))


@pytest.mark.parametrize(
    ("plan", "following", "effects"),
    [
        (devices.session("ab", present=False), "session-ended", (EndSession("ab"),)),
        (devices.session("ab", present=True), "logged-out", (LogOut(),)),
        (
            devices.others(ADA),
            "others-ended",
            (WithdrawAll("users:1", (Kind.TRUSTED,)), EndSessions(ADA.user, keep=True)),
        ),
        (devices.forgotten(DEVICE), "device-forgotten", (Withdraw("users:1", Kind.TRUSTED, "its name"),)),
        (devices.forgotten(None), "device-forgotten", ()),
        (devices.token(ADA, "t"), "token-revoked", (RevokeToken(ADA.user, "t"),)),
        (devices.tokens(ADA), "tokens-revoked", (RevokeTokens(ADA.user),)),
    ],
)
def test_what_is_ended_from_here(plan: Plan, following: str, effects: tuple[Effect, ...]):
    assert plan == Plan(Done(following), effects)
