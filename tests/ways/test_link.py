"""Logging in by mail over HTTP: one link, once, where it was asked for, and no more than one factor."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from guardhouse import ConfigError
from tests.houses import ADA, NAVIGATION, PASSWORD, SESSION
from tests.ways.crash import CrashError, crash_after
from tests.ways.houses import NEW_PASSWORD, World, alike
from tests.ways.phones import log_in, switch_on
from tests.ways.test_verify import WRONG, verified

RIGHT = {"email": ADA.email, "password": PASSWORD}
MARK = "__Host-gh-asked"


@pytest.fixture
def world(worlds: Any) -> World:
    """Where people log in by mail, in the browser that asked."""
    made: World = worlds(magic_links="same-browser")
    return made


@pytest.fixture
def anywhere(worlds: Any) -> World:
    """Where the link is good in every browser."""
    made: World = worlds(magic_links="any-browser")
    return made


def asked(world: World, client: Any, email: str = ADA.email) -> str:
    assert client.post("/send-link", json={"email": email}).json() == {"done": "login-link-sent"}
    return world.token(email)


def test_a_link_logs_in_once_and_verifies_the_address(world):
    client = world.visitor()
    token = asked(world, client)
    assert world.letter().kind == "magic_link"
    assert client.post("/enter", json={"token": token}).json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": ADA.email}
    assert verified(world)
    again = client.post("/enter", json={"token": token})
    assert again.status_code == 422, "the browser is unmarked"
    assert MARK not in client.cookies
    assert world.steps() == ["link_asked"]


def test_a_link_for_any_browser_is_good_only_where_links_are(world, anywhere):
    """Two guards over the same users have the same keys, and what one lets in, the other need not."""
    token = asked(anywhere, anywhere.visitor())
    strange = world.visitor().post("/enter", json={"token": token})
    assert (strange.status_code, "in the browser in which you asked" in strange.text) == (422, True)
    assert anywhere.visitor().post("/enter", json={"token": token}).status_code == 200


def test_a_second_use_is_told_so(anywhere):
    token = asked(anywhere, anywhere.visitor())
    assert anywhere.visitor().post("/enter", json={"token": token}).status_code == 200
    again = anywhere.visitor().post("/enter", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (410, "link_spent")


def test_a_link_opens_nothing_in_another_browser_and_stays_good_in_the_first(world):
    client, thief = world.visitor(), world.visitor()
    token = asked(world, client)
    for _ in range(2):
        answer = thief.post("/enter", json={"token": token})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "token")
        thief.post(
            "/send-link", json={"email": "nobody@example.com"}
        )  # the second time he has a mark of his own
    assert client.post("/enter", json={"token": token}).status_code == 200


def test_a_browser_with_two_links_on_their_way_may_open_either(world):
    client = world.visitor()
    first = asked(world, client)
    asked(world, client)
    assert client.post("/enter", json={"token": first}).status_code == 200


@pytest.mark.parametrize("mark", ["", "x", "é" * 43, "a" * 43, "a" * 44])
def test_a_mark_of_ones_own_is_no_mark(world, mark):
    token = asked(world, world.visitor())
    cookie = f"{MARK}={mark}".encode()
    answer = world.visitor().post("/enter", json={"token": token}, headers={"Cookie": cookie})
    assert answer.status_code == 422


def test_two_different_marks_are_none(world):
    client = world.visitor()
    token = asked(world, client)
    cookie = f"{MARK}={client.cookies[MARK]}; {MARK}={'a' * 43}"
    answer = world.visitor().post("/enter", json={"token": token}, headers={"Cookie": cookie})
    assert answer.status_code == 422


@pytest.mark.parametrize("email", ["nobody@example.com", "", "@", "a\0b", f"{ADA.email},e@evil.example"])
def test_who_has_no_account_is_answered_alike_and_marked_alike(world, email):
    answers = [world.visitor().post("/send-link", json={"email": one}) for one in (ADA.email, email)]
    assert alike(*answers)
    assert MARK in answers[1].cookies
    assert {letter.to for letter in world.letters()} == {ADA.email}


@pytest.mark.parametrize(("minutes", "status"), [(9, 200), (10, 410), (10**6, 410)])
def test_a_link_is_good_for_ten_minutes(anywhere, minutes, status):
    token = asked(anywhere, anywhere.visitor())
    anywhere.clock.now += timedelta(minutes=minutes).total_seconds()
    assert anywhere.visitor().post("/enter", json={"token": token}).status_code == status


def test_the_mark_of_a_browser_lasts_as_long_as_a_link(world):
    answer = world.visitor().post("/send-link", json={"email": ADA.email})
    said = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(MARK))
    for part in ("Max-Age=600", "HttpOnly", "Secure", "SameSite=Lax"):
        assert part in said


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"password_hash": "another"}, id="another password"),
        pytest.param({"email": "else@example.com"}, id="another address"),
    ],
)
def test_a_link_dies_with_what_it_is_bound_to(anywhere, changed):
    token = asked(anywhere, anywhere.visitor())
    anywhere.users.replace(replace(ADA, **changed))
    answer = anywhere.visitor().post("/enter", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (410, "link_spent")


def test_a_user_who_is_disabled_or_gone_does_not_come_in(anywhere):
    token, other = (asked(anywhere, anywhere.visitor()) for _ in range(2))
    anywhere.users.replace(replace(ADA, disabled=True))
    assert anywhere.visitor().post("/enter", json={"token": token}).json()["code"] == "login_failed"
    anywhere.users.remove(ADA.id)
    assert anywhere.visitor().post("/enter", json={"token": other}).status_code == 410


def test_a_link_is_one_factor_and_who_has_a_second_is_asked_for_it(world):
    phone = switch_on(world).phone
    client = world.visitor()
    answer = client.post("/enter", json={"token": asked(world, client)})
    assert answer.json()["next"] == "two-factor"
    assert client.get("/me").status_code == 401
    given = client.post("/two-factor", json={"code": phone.code(world.clock.now)})
    assert given.json() == {"done": "logged-in"}
    assert client.get("/me").json() == {"email": ADA.email}


def test_a_browser_that_is_trusted_beside_a_password_is_not_beside_a_link(world):
    phone = switch_on(world).phone
    client = log_in(world)
    given = {"code": phone.code(world.clock.now), "trust": True}
    assert client.post("/two-factor", json=given).json() == {"done": "logged-in"}
    client.post("/logout")
    assert client.post("/login", json=RIGHT).json() == {"done": "logged-in"}, "the browser is trusted"
    client.post("/logout")
    answer = client.post("/enter", json={"token": asked(world, client)})
    assert answer.json()["next"] == "two-factor"


def test_who_must_verify_has_done_so_by_opening_it(worlds):
    world = worlds(magic_links="same-browser", must_verify=True)
    client = world.visitor()
    assert client.post("/enter", json={"token": asked(world, client)}).json() == {"done": "logged-in"}


def test_twenty_at_once_let_one_in(anywhere):
    token = asked(anywhere, anywhere.visitor())
    answers = anywhere.at_once(20, lambda client: client.post("/enter", json={"token": token}))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert sum(SESSION in answer.cookies for answer in answers) == 1


@pytest.mark.parametrize("effects", range(4))
def test_a_crash_costs_a_link_at_most(world, monkeypatch, effects):
    client = world.visitor()
    token = asked(world, client)
    with monkeypatch.context() as patch:
        crash_after(patch, effects)
        with pytest.raises(CrashError):
            client.post("/enter", json={"token": token})
    again = client.post("/enter", json={"token": token})
    assert again.status_code == (410 if effects else 200)
    other = world.visitor()
    assert other.post("/enter", json={"token": asked(world, other)}).status_code == 200


@pytest.mark.parametrize(("sent", "status", "code"), WRONG)
def test_what_is_no_link_says_so(world, sent, status, code):
    answer = world.visitor().post("/enter", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_another_site_logs_nobody_in(anywhere):
    token = asked(anywhere, anywhere.visitor())
    for path, sent in (("/enter", {"token": token}), ("/send-link", {"email": ADA.email})):
        answer = anywhere.visitor(**{"Sec-Fetch-Site": "cross-site"}).post(path, data=sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_cross_site")
    assert anywhere.visitor().post("/enter", json={"token": token}).status_code == 200


def test_letters_are_not_sent_without_end(world):
    client = world.visitor()
    answers = [client.post("/send-link", json={"email": ADA.email}) for _ in range(12)]
    assert answers[-1].status_code == 429


def test_nobody_logs_in_by_mail_where_nobody_asked_for_it(worlds):
    world = worlds()
    for path in ("/send-link", "/enter"):
        assert world.visitor().post(path, json={"email": ADA.email, "token": "x"}).status_code == 404
    assert "/send-link" not in world.visitor().get("/login").text


def test_only_three_words_say_where_a_link_is_good(worlds):
    with pytest.raises(ConfigError, match="magic_links"):
        worlds(magic_links="yes")


def test_a_new_password_ends_what_a_link_began(world):
    client = world.visitor()
    client.post("/enter", json={"token": asked(world, client)})
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    handed = {"token": world.token(), "password": NEW_PASSWORD}
    assert world.visitor().post("/reset-password", json=handed).status_code == 200
    assert client.get("/me").status_code == 401


def test_a_person_presses_one_button_and_is_where_he_wanted_to_be(world):
    client = world.visitor(**NAVIGATION)
    assert 'href="/send-link"' in client.get("/login").text
    assert "Open it in this browser" in client.get("/send-link").text
    assert "Look into your mail" in client.post("/send-link", data={"email": ADA.email}).text
    link = str(world.letter().values["link"])
    for _ in range(3):  # a mail scanner opens every link
        world.visitor(**NAVIGATION).get(link)
    page = client.get(link)
    assert page.text.count("<button") == 1
    elsewhere = world.visitor(**NAVIGATION).post("/enter", data={"token": world.token()})
    assert elsewhere.status_code == 422
    assert "in the browser in which you asked for it" in elsewhere.text
    done = client.post(
        "/enter", data={"token": world.token(), "remember": "on", "next": "/me"}, follow_redirects=False
    )
    assert (done.status_code, done.headers["location"]) == (303, "/me")
    assert client.get("/me").json() == {"email": ADA.email}
