"""The flows that go by letter: what is written in which order, and that who learns nothing hears what all hear."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows import address, invite, link, register, verify
from guardhouse.flows.plan import (
    Again,
    Cookie,
    Done,
    LogIn,
    Plan,
    Refuse,
    Send,
    SetAddress,
    Spend,
    Tell,
    Verify,
    Whose,
)
from guardhouse.mail.letter import Letter

ADA = Whose(object(), "users:1", "web")
LETTER = Letter("a_letter", "ada@example.com", {})
MARK = Cookie("__Host-gh-asked", "a" * 43, 600)


def told(step: str, about: str = "") -> Tell:
    return Tell(AccountChanged("web", ADA.user, step, about))  # type: ignore[arg-type] # a step, by its name


@pytest.mark.parametrize(
    ("plan", "other"),
    [
        pytest.param(register.opened(ADA, LETTER), register.taken(LETTER), id="register"),
        pytest.param(register.taken(LETTER), register.taken(None), id="a taken one without an address"),
        pytest.param(verify.asked(ADA, LETTER), verify.asked(None, None), id="send-verification"),
        pytest.param(link.asked(ADA, LETTER, MARK), link.asked(None, None, MARK), id="send-link"),
    ],
)
def test_known_and_unknown_hear_the_same(plan, other):
    assert plan.then == other.then


@pytest.mark.parametrize(
    ("plan", "effects"),
    [
        pytest.param(register.opened(ADA, LETTER), (told("registered"), Send(LETTER)), id="opened"),
        pytest.param(register.opened(ADA, None), (told("registered"),), id="opened, no letter"),
        pytest.param(register.taken(LETTER), (Send(LETTER),), id="taken: nothing but a letter"),
        pytest.param(register.taken(None), (), id="taken, no address"),
        pytest.param(verify.asked(ADA, LETTER), (told("verify_asked"), Send(LETTER)), id="another letter"),
        pytest.param(verify.asked(ADA, None), (), id="no letter, no event"),
        pytest.param(link.asked(None, None, MARK), (MARK,), id="a stranger is marked, too"),
        pytest.param(link.asked(None, None, None), (), id="nobody is marked where all browsers do"),
        pytest.param(link.asked(ADA, LETTER, MARK), (MARK, told("link_asked"), Send(LETTER)), id="a link"),
        pytest.param(address.asked(ADA, None), (told("address_change_asked"),), id="an address, no letter"),
        pytest.param(
            invite.accepted(ADA, "ada@example.com"),
            (Verify(ADA.user, "ada@example.com", otherwise=None), told("registered", "invitation")),
            id="an invitation",
        ),
    ],
)
def test_what_is_written(plan, effects):
    assert plan.effects == effects


def test_a_taken_login_is_told_only_where_that_is_chosen():
    assert register.taken_aloud("email") == Plan(Again("email", register.TAKEN))


@pytest.mark.parametrize(
    ("stored", "verified", "then"),
    [
        ("ada@example.com", False, Done("address-verified")),
        ("ada@example.com", True, verify.ALREADY),
        ("else@example.com", False, Refuse(Reason.LINK_SPENT)),
        ("else@example.com", True, Refuse(Reason.LINK_SPENT)),
        (None, False, Refuse(Reason.LINK_SPENT)),
    ],
)
def test_an_address_is_verified_while_it_is_the_users(stored, verified, then):
    plan = verify.opened(ADA, "ada@example.com", stored, verified=verified)
    assert plan.then == then
    written = then == Done("address-verified")
    assert plan.effects == (
        (Verify(ADA.user, "ada@example.com"), told("address_verified")) if written else ()
    )


@pytest.mark.parametrize("notice", [LETTER, None])
def test_the_address_is_set_before_anybody_is_told(notice):
    plan = address.confirmed(ADA, "new@example.com", "ada@example.com", notice)
    assert plan.then == Done("address-changed")
    sent = () if notice is None else (Send(notice),)
    changed = SetAddress(ADA.user, "new@example.com", "ada@example.com")
    assert plan.effects == (changed, told("address_changed"), *sent)


@pytest.mark.parametrize("mark", [MARK, None])
def test_a_link_is_spent_before_anything_else_and_logs_nobody_in_by_itself(mark):
    plan = link.opened(ADA, b"name", 600.0, "ada@example.com", mark)
    assert plan.effects[0] == Spend(b"enter:name", 600.0)
    assert plan.effects[1:] == (
        Verify(ADA.user, "ada@example.com", otherwise=None),
        *(() if mark is None else (mark,)),
    )
    assert not any(isinstance(effect, LogIn) for effect in plan.effects)


@given(some.text(), some.text(), some.binary(min_size=1))
def test_a_mark_fits_its_browser_and_its_link_only(nonce, other, name):
    bound, mark = link.unbound(link.bound_to("v1.key.mac", nonce, name))
    assert bound == "v1.key.mac"
    assert link.here(mark, nonce, name)
    assert link.here(mark, other, name) is (other == nonce or not nonce)
    assert link.here(mark, nonce, name + b"x") is (not nonce)


@given(some.text())
def test_an_address_comes_out_of_a_link_as_it_went_in(wanted):
    assert address.unbound(address.bound_to("v1.key.mac", wanted)) == ("v1.key.mac", wanted)
