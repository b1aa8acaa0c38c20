"""Invitations: the house writes to somebody, and he opens an account at that address with a password of his own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from guardhouse import MemoryUsers
from tests.houses import ADA, NAVIGATION, OTHER_SECRET, SECRET
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import NEW_PASSWORD, World
from tests.ways.phones import stored
from tests.ways.test_verify import WRONG

NEW = "new@example.com"
RIGHT = {"email": NEW, "password": NEW_PASSWORD}


def invited(world: World, address: str = NEW) -> bool:
    sent: bool = world.portal.call(world.ways.invite, address)
    return sent


def accepted(world: World, **more: Any) -> Any:
    handed = {"token": world.token(NEW), "password": NEW_PASSWORD} | more
    return world.visitor().post("/accept-invitation", json=handed)


def test_whoever_is_invited_opens_a_verified_account(worlds):
    world = worlds(must_verify=True, without=["register"])
    assert invited(world)
    assert world.letter(NEW).kind == "invitation"
    assert accepted(world).json() == {"done": "invitation-accepted"}
    assert world.visitor().post("/login", json=RIGHT).json() == {"done": "logged-in"}
    assert world.steps() == ["registered"]


def test_who_has_an_account_gets_no_letter(world):
    assert not invited(world, ADA.email)
    assert world.letters() == ()


@pytest.mark.parametrize(
    "address", ["", "@", "a@b.example,c@d.example", f"{NEW}\r\nBcc: e@evil.example", "nëw@a.example"]
)
def test_an_invitation_goes_to_one_address(world, address):
    with pytest.raises(ValueError, match="exactly one"):
        invited(world, address)


def test_a_link_opens_one_account(world):
    invited(world)
    assert accepted(world).status_code == 200
    again = accepted(world)
    assert (again.status_code, again.json()["code"]) == (410, "link_spent")


def test_who_came_in_otherwise_meanwhile_keeps_his_password(world):
    invited(world)
    invitation = world.token(NEW)
    own = {"email": NEW, "password": "another staple for another horse"}
    assert world.visitor().post("/register", json=own).status_code == 200
    handed = {"token": invitation, "password": NEW_PASSWORD}
    assert world.visitor().post("/accept-invitation", json=handed).status_code == 410
    assert world.visitor().post("/login", json=own).status_code == 200


def test_twenty_at_once_open_one_account(world):
    invited(world)
    handed = {"token": world.token(NEW), "password": NEW_PASSWORD}
    answers = world.at_once(20, lambda client: client.post("/accept-invitation", json=handed))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert world.steps() == ["registered"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": 1}, "password"),
        ({"roles": "admin"}, "body"),
        ({"email": "else@example.com"}, "email"),
        ({"name": 1}, "name"),
        ({"name": "a\0b"}, "name"),
    ],
)
def test_what_cannot_be_taken_leaves_the_link_good(worlds, more, field):
    world = worlds({"users": MemoryUsers([ADA], registers=("name",))}, register_fields=("name",))
    invited(world)
    answer = accepted(world, **more)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert accepted(world, name="Nova").status_code == 200


@pytest.mark.parametrize(("days", "status"), [(6, 200), (7, 410)])
def test_a_link_is_good_for_a_week(world, days, status):
    invited(world)
    world.clock.now += timedelta(days=days).total_seconds()
    assert accepted(world).status_code == status


@pytest.mark.parametrize(("sent", "status", "code"), WRONG)
def test_what_is_no_link_says_so(world, sent, status, code):
    if "token" in sent.get("json", {}):
        sent = {"json": sent["json"] | {"password": NEW_PASSWORD}}
    answer = world.visitor().post("/accept-invitation", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("effects", [0, 1])
def test_a_crash_leaves_an_account_that_can_be_used(worlds, monkeypatch, effects):
    world = worlds(must_verify=True)
    invited(world)
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            accepted(world)
    client = world.visitor()
    login = client.post("/login", json=RIGHT).json()
    assert login == ({"done": "logged-in"} if effects else {"next": "verify-email"})
    if not effects:
        client.post("/verify-email", json={"token": world.token(NEW)})
        assert client.post("/login", json=RIGHT).json() == {"done": "logged-in"}


def test_another_site_opens_no_account(world):
    invited(world)
    handed = {"token": world.token(NEW), "password": NEW_PASSWORD}
    answer = world.visitor(**{"Sec-Fetch-Site": "cross-site"}).post("/accept-invitation", data=handed)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")
    assert world.steps() == []


def test_a_person_does_it_without_scripts(world):
    invited(world)
    link = str(world.letter(NEW).values["link"])
    for _ in range(3):
        world.visitor(**NAVIGATION).get(link)
    client = world.visitor(**NAVIGATION)
    page = client.get(link)
    assert f'name="email" value="{NEW}"' in page.text
    handed = {"token": world.token(NEW), "email": NEW}
    weak = client.post("/accept-invitation", data=handed | {"password": "short"})
    assert (weak.status_code, 'role="alert"' in weak.text) == (422, True)
    assert f'name="token" value="{world.token(NEW)}"' in weak.text
    assert (
        "Your account is open"
        in client.post("/accept-invitation", data=handed | {"password": NEW_PASSWORD}).text
    )


def withdrawn(world: World, address: str = NEW) -> bool:
    there: bool = world.portal.call(world.ways.withdraw_invitation, address)
    return there


def test_an_invitation_that_was_taken_back_opens_nothing_and_a_new_one_does(world):
    invited(world)
    invited(world)
    assert withdrawn(world)
    assert not withdrawn(world), "there is none any more"
    answer = accepted(world)
    assert (answer.status_code, answer.json()["code"]) == (410, "link_spent")
    assert world.steps() == []
    invited(world)
    assert accepted(world).status_code == 200
    assert not withdrawn(world), "it was answered"


def test_only_those_to_that_address_are_taken_back(world):
    invited(world)
    assert not withdrawn(world, "else@example.com")
    assert not withdrawn(world, ADA.email)
    assert accepted(world).status_code == 200
    with pytest.raises(ValueError, match="exactly one"):
        withdrawn(world, "nobody")


def test_of_who_answers_and_who_takes_back_at_once_one_succeeds(world):
    for number in range(8):
        address = f"new{number}@example.com"
        invited(world, address)
        handed = {"token": world.token(address), "password": NEW_PASSWORD}
        with ThreadPoolExecutor(2) as threads:
            opened = threads.submit(world.visitor().post, "/accept-invitation", json=handed)
            back = threads.submit(withdrawn, world, address)
        assert (opened.result().status_code, back.result()) in {(200, False), (410, True)}


def test_an_invitation_is_answered_and_taken_back_where_the_secret_is_another_by_now(worlds, world):
    for number, answered in enumerate((True, False)):
        address = f"new{number}@example.com"
        invited(world, address)
        after = worlds({"secret": [OTHER_SECRET, SECRET], "store": world.house.parts.store})
        handed = {"token": world.token(address), "password": NEW_PASSWORD}
        assert answered or withdrawn(after, address)
        assert after.visitor().post("/accept-invitation", json=handed).status_code == (
            200 if answered else 410
        )


def test_what_is_kept_of_an_invitation_names_no_address(world):
    invited(world)
    assert NEW not in stored(world)
