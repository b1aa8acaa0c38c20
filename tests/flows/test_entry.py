"""What follows from a first proof: a login, a question, or the words of a wrong password, and never more than one."""

from __future__ import annotations

import pytest

from guardhouse.core.proofs import enough, second
from guardhouse.core.reasons import Reason
from guardhouse.flows.entry import Standing, cannot_be_given, enter
from guardhouse.flows.plan import Ask, Done, Forgive, Hold, LogIn, Refuse, Send
from guardhouse.mail.letter import Letter

ADA = object()
LETTER = Letter("verify_address", "ada@example.com", {"link": "https://a.example/v", "minutes": 30})
PASSWORD, PASSKEY = ("password",), ("passkey",)
TWO = ("totp", "recovery")

ROWS = {
    "nothing else is owed": (Standing(), PASSWORD, Done("logged-in"), {LogIn, Forgive}),
    "a disabled user hears of a wrong password": (
        Standing(disabled=True),
        PASSWORD,
        Refuse(Reason.LOGIN_FAILED),
        set(),
    ),
    "disabled goes before all": (
        Standing(disabled=True, factors=TWO, unverified=LETTER),
        PASSKEY,
        Refuse(Reason.LOGIN_FAILED),
        set(),
    ),
    "a second factor is owed": (
        Standing(factors=TWO),
        PASSWORD,
        Ask("two-factor", {"factors": list(TWO)}),
        {Hold, Forgive},
    ),
    "what there is no way to give is owed all the same": (
        Standing(factors=("passkey",), left_out=True),
        PASSWORD,
        cannot_be_given(("passkey",)),
        set(),
    ),
    "a trusted device owes none": (
        Standing(factors=TWO, trusted=True),
        PASSWORD,
        Done("logged-in"),
        {LogIn, Forgive},
    ),
    "a passkey is two factors": (Standing(factors=TWO), PASSKEY, Done("logged-in"), {LogIn, Forgive}),
    "a link by mail is no factor": (
        Standing(factors=TWO),
        ("mail",),
        Ask("two-factor", {"factors": list(TWO)}),
        {Hold, Forgive},
    ),
    "a trusted device stands for the second, not for the password": (
        Standing(factors=TWO, trusted=True),
        ("mail",),
        Ask("two-factor", {"factors": list(TWO)}),
        {Hold, Forgive},
    ),
    "who must have a second factor and has none enrols it": (
        Standing(required=True),
        PASSWORD,
        Ask("two-factor-required"),
        {Hold, Forgive},
    ),
    "who has one is asked for that": (
        Standing(required=True, factors=TWO),
        PASSWORD,
        Ask("two-factor", {"factors": list(TWO)}),
        {Hold, Forgive},
    ),
    "a trusted device is no way around having one": (
        Standing(required=True, trusted=True),
        PASSWORD,
        Ask("two-factor-required"),
        {Hold, Forgive},
    ),
    "a passkey is both": (Standing(required=True), PASSKEY, Done("logged-in"), {LogIn, Forgive}),
    "both were given": (
        Standing(factors=TWO),
        ("password", "totp"),
        Done("logged-in"),
        {LogIn, Forgive},
    ),
    "an address is to be verified first": (
        Standing(unverified=LETTER),
        PASSWORD,
        Ask("verify-email"),
        {Send, Forgive},
    ),
    "and before the second factor": (
        Standing(factors=TWO, unverified=LETTER),
        PASSWORD,
        Ask("verify-email"),
        {Send, Forgive},
    ),
}


@pytest.mark.parametrize(("standing", "proofs", "following", "effects"), ROWS.values(), ids=ROWS)
def test_a_proof_leads_to_one_thing(standing, proofs, following, effects):
    plan = enter(ADA, standing, proofs, account="ada@example.com")
    assert plan.then == following
    assert {type(effect) for effect in plan.effects} == effects


@pytest.mark.parametrize(("standing", "proofs", "following", "effects"), ROWS.values(), ids=ROWS)
def test_nobody_is_logged_in_who_is_asked_for_more(standing, proofs, following, effects):
    plan = enter(ADA, standing, proofs)
    logs_in = any(isinstance(effect, LogIn) for effect in plan.effects)
    assert logs_in == (plan.then == Done("logged-in"))
    assert Forgive not in {type(effect) for effect in plan.effects}, "nobody was counted"


@pytest.mark.parametrize(
    ("standing", "must_enrol"), [(Standing(required=True), True), (Standing(factors=TWO), False)]
)
def test_who_must_enrol_is_told_from_who_has_something_to_give(standing, must_enrol):
    plan = enter(ADA, standing, PASSWORD, remember=True)
    assert plan.effects == (Hold(ADA, PASSWORD, standing.factors, remember=True, must_enrol=must_enrol),)


@pytest.mark.parametrize(
    ("proofs", "one"),
    [
        ((), False),
        (("password", "mail", "remembered"), False),
        (("recovery",), True),
        (("mail", "totp"), True),
    ],
)
def test_what_is_a_second_factor(proofs, one):
    assert second(proofs) is one


@pytest.mark.parametrize(
    ("proofs", "two"),
    [
        ((), False),
        (("password",), False),
        (("totp",), False),
        (("mail", "totp"), False),
        (("remembered",), False),
        (("foreign",), False),
        (("password", "recovery"), True),
        (("password", "totp"), True),
        (("passkey",), True),
        (("password", "passkey"), True),
    ],
)
def test_what_are_two_factors(proofs, two):
    assert enough(proofs) is two
