"""Another address over HTTP: only who has proven himself a moment ago asks, only who reads mail there confirms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import NEW_PASSWORD, alike
from tests.ways.test_verify import WRONG

RIGHT = {"email": ADA.email, "password": PASSWORD}
NEW = "new@example.com"


def inside(world: Any) -> TestClient:
    """Somebody who has just logged in."""
    client: TestClient = world.visitor()
    assert client.post("/login", json=RIGHT).status_code == 200
    return client


def asked(world: Any, email: str = NEW, client: TestClient | None = None) -> str:
    assert (client or inside(world)).post("/change-email", json={"email": email}).status_code == 200
    token: str = world.token(email)
    return token


def stored(world: Any) -> str:
    return str(world.portal.call(world.users.by_id, ADA.id).email)


def test_an_address_is_changed_by_who_reads_mail_there_in_whichever_browser(world):
    client = inside(world)
    answer = client.post("/change-email", json={"email": NEW})
    assert answer.json() == {"done": "address-change-asked"}
    assert stored(world) == ADA.email, "nothing counts before it is confirmed"
    assert world.letter(NEW).kind == "confirm_new_address"
    other = world.visitor()
    assert other.post("/confirm-email", json={"token": world.token(NEW)}).json() == {
        "done": "address-changed"
    }
    assert stored(world) == NEW
    assert world.letter(ADA.email).kind == "address_changed"
    assert client.get("/me").json() == {"email": NEW}, "who is logged in stays so"
    assert other.get("/me").status_code == 401, "a link is no login"
    assert world.visitor().post("/login", json=RIGHT | {"email": NEW}).status_code == 200
    assert world.visitor().post("/login", json=RIGHT).status_code == 422
    assert world.steps() == ["address_change_asked", "address_changed"]


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (15, 403), (60, 403)])
def test_who_has_not_proven_himself_a_moment_ago_is_asked_to(world, minutes, status):
    client = inside(world)
    world.clock.now += timedelta(minutes=minutes).total_seconds()
    answer = client.post("/change-email", json={"email": NEW})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "confirmation_needed"
        assert world.letters(NEW) == ()
        assert world.steps() == []


def test_a_stranger_changes_nothing(world):
    assert world.visitor().post("/change-email", json={"email": NEW}).status_code == 401


@pytest.mark.parametrize(
    "email",
    [
        ADA.email,
        "ADA@example.com",
        f"{NEW},e@evil.example",
        f"{NEW}\r\nBcc: e@evil.example",
        "",
        "@",
        "nëw@a.example",
    ],
)
def test_an_address_is_exactly_one_and_another_one(world, email):
    answer = inside(world).post("/change-email", json={"email": email})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "email")
    assert world.steps() == []


@pytest.mark.parametrize(
    "sent", [{"json": {}}, {"json": {"email": 1}}, {"json": [NEW]}, {"json": {"email": None}}]
)
def test_what_cannot_be_read_changes_nothing(world, sent):
    assert inside(world).post("/change-email", **sent).status_code == 422


def test_a_taken_address_is_answered_alike_and_its_owner_is_told(world):
    answers = [inside(world).post("/change-email", json={"email": email}) for email in (NEW, GRACE.email)]
    assert alike(*answers)
    assert [letter.kind for letter in world.letters(GRACE.email)] == ["already_registered"]


def test_an_address_that_was_taken_meanwhile_is_not_given_twice(world):
    token = asked(world)
    world.users.replace(replace(GRACE, email=NEW))
    answer = world.visitor().post("/confirm-email", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (410, "link_spent")
    assert stored(world) == ADA.email


def test_of_two_changes_each_link_carries_its_own_address(world):
    """CVE-2026-32700: what was asked for last must not be what the first link confirms."""
    client = inside(world)
    first = asked(world, "first@example.com", client)
    second = asked(world, "second@example.com", client)
    assert world.visitor().post("/confirm-email", json={"token": first}).status_code == 200
    assert stored(world) == "first@example.com"
    assert world.visitor().post("/confirm-email", json={"token": second}).status_code == 410
    assert stored(world) == "first@example.com"


def test_two_changes_at_once_never_mix(world):
    client = inside(world)
    tokens = [asked(world, f"new{number}@example.com", client) for number in range(4)] * 5
    answers = world.at_once(
        20, lambda one: (token := tokens.pop(), one.post("/confirm-email", json={"token": token}).status_code)
    )
    won = [token for token, status in answers if status == 200]
    assert len(won) == 1
    assert won == [world.token(stored(world))]


def test_twenty_at_once_change_it_once(world):
    token = asked(world)
    answers = world.at_once(20, lambda client: client.post("/confirm-email", json={"token": token}))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert [letter.kind for letter in world.letters(ADA.email)] == ["address_changed"]


def test_who_sets_a_new_password_has_undone_a_change_that_he_did_not_ask_for(world):
    token = asked(world, "thief@evil.example")
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    handed = {"token": world.token(ADA.email), "password": NEW_PASSWORD}
    assert world.visitor().post("/reset-password", json=handed).status_code == 200
    assert world.visitor().post("/confirm-email", json={"token": token}).status_code == 410
    assert stored(world) == ADA.email


@pytest.mark.parametrize(("minutes", "status"), [(59, 200), (60, 410)])
def test_a_link_is_good_for_an_hour(world, minutes, status):
    token = asked(world)
    world.clock.now += timedelta(minutes=minutes).total_seconds()
    assert world.visitor().post("/confirm-email", json={"token": token}).status_code == status


@pytest.mark.parametrize(("sent", "status", "code"), WRONG)
def test_what_is_no_link_says_so(world, sent, status, code):
    answer = world.visitor().post("/confirm-email", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("effects", [0, 1, 2])
def test_a_crash_leaves_one_address_or_the_other_and_a_login_with_it(world, monkeypatch, effects):
    token = asked(world)
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            world.visitor().post("/confirm-email", json={"token": token})
    assert stored(world) == (NEW if effects else ADA.email)
    again = world.visitor().post("/confirm-email", json={"token": token})
    assert again.status_code == (410 if effects else 200)
    assert world.visitor().post("/login", json=RIGHT | {"email": NEW}).status_code == 200


def test_another_site_changes_nothing(world):
    token = asked(world)
    for path, sent in (("/confirm-email", {"token": token}), ("/change-email", {"email": "e@evil.example"})):
        client = inside(world)
        client.headers["Sec-Fetch-Site"] = "cross-site"
        answer = client.post(path, data=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")
    assert stored(world) == ADA.email


def test_the_owner_of_an_account_cannot_be_buried_in_letters(world):
    client = inside(world)
    answers = [
        client.post("/change-email", json={"email": f"new{number}@example.com"}) for number in range(12)
    ]
    assert answers[-1].status_code == 429


def test_a_person_does_it_without_scripts(world):
    client = inside(world)
    client.headers.update(NAVIGATION)
    assert 'name="email" type="email"' in client.get("/change-email").text
    done = client.post("/change-email", data={"email": NEW})
    assert "A letter is on its way to the new address" in done.text
    assert 'href="/"' in done.text
    link = str(world.letter(NEW).values["link"])
    for _ in range(3):  # a mail scanner opens every link
        world.visitor(**NAVIGATION).get(link)
    assert stored(world) == ADA.email
    page = world.visitor(**NAVIGATION).get(link)
    assert page.text.count("<button") == 1
    done = world.visitor(**NAVIGATION).post("/confirm-email", data={"token": world.token(NEW)})
    assert "Your address is changed" in done.text
