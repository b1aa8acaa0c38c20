"""Verified addresses over HTTP: a link that a person opens, once, and nothing for who only guesses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from guardhouse import MemoryUsers
from tests.houses import ADA, NAVIGATION, OTHER_SECRET, PASSWORD
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import alike

RIGHT = {"email": ADA.email, "password": PASSWORD}
WRONG = [
    ({"json": {}}, 422, "form_invalid"),
    ({"json": {"token": 1}}, 422, "form_invalid"),
    ({"json": {"token": ""}}, 400, "link_invalid"),
    ({"json": {"token": "a.b.c"}}, 400, "link_invalid"),
    ({"json": {"token": "ä.b.c"}}, 400, "link_invalid"),
    ({"json": {"token": "\0"}}, 400, "link_invalid"),
    ({"json": {"token": "x" * 60_000}}, 400, "link_invalid"),
    ({"json": {"token": ["a"]}}, 422, "form_invalid"),
    ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422, "form_invalid"),
]
"""What a page of a link is handed that it cannot take; the tests of other links use it, too."""


def asked(world, email: str = ADA.email) -> str:
    assert world.visitor().post("/send-verification", json={"email": email}).status_code == 200
    token: str = world.token(email)
    return token


def verified(world) -> bool:
    return bool(world.users.verified(world.portal.call(world.users.by_id, ADA.id)))


def test_an_address_is_verified_once(world):
    token, client = asked(world), world.visitor()
    assert client.post("/verify-email", json={"token": token}).json() == {"done": "address-verified"}
    assert verified(world)
    assert client.post("/verify-email", json={"token": token}).json() == {"done": "already-verified"}
    assert client.get("/me").status_code == 401, "a link that verifies is no login"
    assert world.steps() == ["verify_asked", "address_verified"]


@pytest.mark.parametrize("email", ["nobody@example.com", "", "@", "a\0b", "ada@example.com,eve@example.net"])
def test_who_asks_for_another_letter_learns_nothing(world, email):
    answers = [world.visitor().post("/send-verification", json={"email": one}) for one in (ADA.email, email)]
    assert alike(*answers)
    assert [letter.to for letter in world.mailer.letters] in ([], [ADA.email])


def test_who_is_verified_is_answered_alike_and_gets_no_letter(worlds):
    known = MemoryUsers([replace(ADA, email_verified_at=1.0)])
    answers = [
        world.visitor().post("/send-verification", json={"email": ADA.email})
        for world in (worlds(), worlds({"users": known}))
    ]
    assert alike(*answers)


def test_letters_are_not_sent_without_end(world):
    client = world.visitor()
    answers = [client.post("/send-verification", json={"email": ADA.email}) for _ in range(15)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert len(world.letters()) <= 10


def test_nobody_comes_in_before_he_is_verified_where_that_is_asked(worlds):
    world = worlds(must_verify=True)
    client = world.visitor()
    assert client.post("/login", json=RIGHT).json() == {"next": "verify-email"}
    assert client.get("/me").status_code == 401
    client.post("/verify-email", json={"token": world.token()})
    assert client.post("/login", json=RIGHT).json() == {"done": "logged-in"}


@pytest.mark.parametrize(("hours", "status"), [(23, 200), (24, 410), (10**6, 410)])
def test_a_link_is_good_for_a_day(world, hours, status):
    token = asked(world)
    world.clock.now += timedelta(hours=hours).total_seconds()
    assert world.visitor().post("/verify-email", json={"token": token}).status_code == status


def test_the_link_of_an_address_of_before_verifies_nothing(world):
    token = asked(world)
    world.users.replace(replace(ADA, email="else@example.com"))
    answer = world.visitor().post("/verify-email", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (410, "link_spent")
    assert not verified(world)


def test_the_link_of_a_user_who_is_gone_says_so(world):
    token = asked(world)
    world.users.remove(ADA.id)
    assert world.visitor().post("/verify-email", json={"token": token}).status_code == 410


@pytest.mark.parametrize(("sent", "status", "code"), WRONG)
def test_what_is_no_link_says_so(world, sent, status, code):
    answer = world.visitor().post("/verify-email", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/reset-password", "/confirm-email", "/enter", "/accept-invitation"])
def test_a_link_is_good_for_nothing_else(worlds, path):
    world = worlds(magic_links="any-browser")
    handed = {"token": asked(world), "password": "a staple that no horse corrects"}
    answer = world.visitor().post(path, json=handed)
    assert (answer.status_code, answer.json()["code"]) == (400, "link_invalid")


def test_a_link_of_another_key_says_so(worlds):
    token = asked(worlds({"secret": OTHER_SECRET}))
    assert worlds().visitor().post("/verify-email", json={"token": token}).status_code == 400


def test_twenty_at_once_verify_once(world):
    token = asked(world)
    answers = world.at_once(20, lambda client: client.post("/verify-email", json={"token": token}))
    said = [answer.json()["done"] for answer in answers]
    assert sorted(said) == ["address-verified"] + ["already-verified"] * 19
    assert world.steps().count("address_verified") == 1


@pytest.mark.parametrize("effects", [0, 1])
def test_a_crash_leaves_the_link_good_or_the_address_verified(world, monkeypatch, effects):
    token = asked(world)
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            world.visitor().post("/verify-email", json={"token": token})
    assert verified(world) is (effects == 1)
    assert world.visitor().post("/verify-email", json={"token": token}).status_code == 200
    assert world.visitor().post("/login", json=RIGHT).status_code == 200


def test_another_site_verifies_nothing(world):
    token = asked(world)
    for path, sent in (("/verify-email", {"token": token}), ("/send-verification", {"email": ADA.email})):
        answer = world.visitor(**{"Sec-Fetch-Site": "cross-site"}).post(path, data=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")
    assert not verified(world)


def test_a_person_presses_one_button(worlds):
    world = worlds(must_verify=True)
    client = world.visitor(**NAVIGATION)
    waiting = client.post("/login", data=RIGHT)
    assert waiting.url.path == "/verify-email"
    assert 'href="/send-verification"' in waiting.text
    link = str(world.letter().values["link"])
    for _ in range(3):  # a mail scanner opens every link
        world.visitor(**NAVIGATION).get(link)
    assert not verified(world)
    page = client.get(link)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.text.count("<button") == 1
    assert f'name="token" value="{world.token()}"' in page.text
    done = client.post("/verify-email", data={"token": world.token()})
    assert "Your address is confirmed" in done.text
    again = client.post("/verify-email", data={"token": world.token()})
    assert "nothing is left to be done" in again.text
    bad = client.post("/verify-email", data={"token": "x"})
    assert (bad.status_code, 'role="alert"' in bad.text) == (400, True)
    assert 'role="alert"' in client.post("/verify-email", data={"x": "1"}).text


def test_a_new_password_by_link_verifies_the_address(world):
    client = world.visitor()
    client.post("/forgot-password", json={"email": ADA.email})
    handed = {"token": world.token(), "password": "a staple that no horse corrects"}
    assert client.post("/reset-password", json=handed).status_code == 200
    assert verified(world)


def test_a_new_password_link_in_a_mailbox_of_before_sets_nothing(world):
    client = world.visitor()
    client.post("/forgot-password", json={"email": ADA.email})
    token = world.token()
    world.users.replace(replace(ADA, email="else@example.com"))
    handed = {"token": token, "password": "a staple that no horse corrects"}
    assert client.post("/reset-password", json=handed).status_code == 410


def test_a_page_offers_no_button_that_cannot_help_any_more(worlds):
    world = worlds(magic_links="any-browser")
    client = world.visitor(**NAVIGATION)
    for path in ("/verify-email", "/confirm-email", "/enter"):
        answer = client.post(path, data={"token": "x"})
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
        assert "<button" not in answer.text


def test_who_opens_an_account_with_somebody_elses_address_cannot_bury_him_in_letters(worlds):
    world = worlds(must_verify=True)
    client = world.visitor()
    for _ in range(30):
        assert client.post("/login", json=RIGHT).json() == {"next": "verify-email"}
    assert len(world.letters()) == 10
