"""What a passkey leads to: what is written in which order, what the loser of a race is told, and what a copy sets off."""

from __future__ import annotations

import pytest

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.flows import passkey as flow
from guardhouse.flows.foreign import WaysIn, is_last_way
from guardhouse.flows.plan import (
    AddProof,
    Again,
    Change,
    Confirm,
    Done,
    Enrol,
    LogIn,
    OnlyOne,
    Plan,
    Refuse,
    Send,
    Spend,
    Tell,
    Whose,
    Withdraw,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.challenge import Challenge, spent_name
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.passkey import Asserted, Fault, Passkey, name_of
from guardhouse.state.pending import Pending

NOW = 1_000.0
ADA = Whose(object(), "users:1", "web")
NOTICE = Letter("notice", "ada@example.com", {})
PASSKEY = Passkey(b"id", b"key", b"h" * 32, sign_count=4)
ASSERTED = Asserted(Passkey(b"id", b"key", b"h" * 32, sign_count=5), user_verified=True)
FOUND = Enrolment(Kind.PASSKEY, name_of(b"id"), "users:1", 1.0, PASSKEY.encode(), "My key")
OTHER = Enrolment(Kind.PASSKEY, name_of(b"other"), "users:1", 1.0)
FOREIGN = Enrolment(Kind.FOREIGN, name_of(b"id"), "users:1", 1.0)
TOTP = Enrolment(Kind.TOTP, "app", "users:1", 1.0)
COUNTED = Change(FOUND, FOUND.changed(body=ASSERTED.passkey.encode(), used=NOW), Reason.PASSKEY_REJECTED)
CHALLENGE = Challenge(b"c" * 32, "login", NOW + 300)
PENDING = Pending("1", "users", "web", "users", 1.0, 2_000.0, (Kind.PASSKEY,), "t", remember=True)


def told(step, about=""):
    return Tell(AccountChanged("web", ADA.user, step, about))


def test_a_challenge_is_spent_until_it_ends_and_the_second_hears_of_a_rejected_passkey():
    spend = Spend(spent_name(CHALLENGE), CHALLENGE.ends, Reason.PASSKEY_REJECTED)
    assert flow.spend(CHALLENGE).effects == (spend,)


@pytest.mark.parametrize("fault", Fault)
def test_a_visitor_is_told_one_thing_for_every_fault(fault):
    assert flow.rejected(fault) == Refuse(Reason.PASSKEY_REJECTED, {"fault": fault.value})


def test_the_counter_is_kept_before_anything_comes_of_the_proof():
    assert flow.known(FOUND, ASSERTED, NOW).effects == (COUNTED,)
    second = flow.logged_in(ADA, PENDING, FOUND, ASSERTED, NOW)
    assert second == Plan(
        Done("logged-in"), (COUNTED, LogIn(ADA.user, ("password", "passkey"), remember=True))
    )
    confirmed = flow.confirmed(ADA, FOUND, ASSERTED, NOW)
    assert confirmed == Plan(
        Done("confirmed"),
        (
            COUNTED,
            AddProof(ADA.user, "passkey"),
            Confirm(ADA.user, ("passkey",)),
            told("confirmed", "passkey"),
        ),
    )


@pytest.mark.parametrize(("letter", "sent"), [(NOTICE, (Send(NOTICE),)), (None, ())])
def test_a_copy_is_refused_told_of_and_left_to_its_owner(letter, sent):
    plan = flow.copied(ADA, FOUND, letter)
    assert plan == Plan(flow.rejected(Fault.COUNTER_BACK), (told("passkey_copied", FOUND.name), *sent))


def test_a_new_passkey_is_kept_before_anybody_hears_of_it():
    plan = flow.added(ADA, PASSKEY, "My key", NOW, NOTICE)
    enrolment = Enrolment(Kind.PASSKEY, name_of(b"id"), "users:1", NOW, PASSKEY.encode(), "My key")
    assert plan.effects == (
        Enrol(enrolment, Reason.PASSKEY_REJECTED),
        AddProof(ADA.user, "passkey"),
        told("passkey_added", enrolment.name),
        Send(NOTICE),
    )
    assert plan.then == Done("passkey-added", {"id": enrolment.name, "label": "My key"})


def test_a_first_passkey_is_kept_if_it_is_the_only_factor_and_lets_in():
    waiting = Pending("1", "users", "web", "", 0.0, 600.0, (), "t", remember=True, must_enrol=True)
    plan = flow.first_added((ADA, waiting), PASSKEY, "My key", NOW, NOTICE)
    enrolment = Enrolment(Kind.PASSKEY, name_of(b"id"), "users:1", NOW, PASSKEY.encode(), "My key")
    assert plan.effects == (
        Enrol(enrolment, Reason.PASSKEY_REJECTED),
        OnlyOne(enrolment),
        LogIn(ADA.user, ("password", "passkey"), remember=True),
        told("passkey_added", enrolment.name),
        Send(NOTICE),
    )
    assert plan.then == Done("logged-in", {"id": enrolment.name, "label": "My key"})


def test_a_new_name_changes_nothing_else():
    change, heard = flow.renamed(ADA, FOUND, "Phone").effects
    assert change == Change(FOUND, FOUND.changed(label="Phone"), Reason.PASSKEY_REJECTED)
    assert heard == told("passkey_renamed", FOUND.name)


WAYS = {
    "a password is left": (WaysIn(True, [FOUND]), True),
    "a link by mail is left": (WaysIn(False, [FOUND], mail=True), True),
    "another passkey is left": (WaysIn(False, [FOUND, OTHER]), True),
    "a login elsewhere is left": (WaysIn(False, [FOUND, FOREIGN]), True),
    "an app alone lets nobody in": (WaysIn(False, [FOUND, TOTP]), False),
    "nothing is left": (WaysIn(False, [FOUND]), False),
}


@pytest.mark.parametrize("row", WAYS)
def test_the_last_way_in_stays(row):
    ways, may = WAYS[row]
    plan = flow.removed(ADA, FOUND.name, ways)
    if may:
        assert plan.effects == (Withdraw("users:1", Kind.PASSKEY, FOUND.name, Reason.PASSKEY_REJECTED),)
        told_of = flow.gone(ADA, plan, FOUND.name, NOTICE)
        assert told_of == Plan(plan.then, (told("passkey_removed", FOUND.name), Send(NOTICE)))
    else:
        assert plan == Plan(Refuse(Reason.LAST_WAY_IN))


def test_what_is_no_passkey_of_the_user_is_not_removed():
    assert flow.removed(ADA, "nobody's", WaysIn(True, [FOUND])) == Plan(flow.NO_PASSKEY)
    assert flow.removed(ADA, FOREIGN.name, WaysIn(True, [FOREIGN])) == Plan(flow.NO_PASSKEY)


def test_a_passkey_and_a_foreign_login_of_one_name_are_two_ways():
    assert not is_last_way(FOREIGN.name, Kind.FOREIGN, WaysIn(False, [FOUND, FOREIGN]))


@pytest.mark.parametrize(
    ("text", "otherwise", "label"),
    [
        ("My key", "Firefox", "My key"),
        (" \t\n", "Firefox", "Firefox"),
        ("", "", "Passkey"),
        ("", "x" * 300, "x" * 200),
        ("x" * 201, "", "It has 200 letters at most."),
        ("\x07", "", "It has letters that nobody can see."),
        ("\u202egnp.exe", "", "It has letters that nobody can see."),
    ],
)
def test_a_label_is_one_line_that_can_be_seen(text, otherwise, label):
    found = flow.label_of(text, otherwise)
    assert (found.problem if isinstance(found, Again) else found) == label
