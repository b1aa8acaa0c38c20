"""A password given once more, over HTTP: for whom it opens what, for how long, and how often one may guess."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import User
from guardhouse.state.enrolment import Enrolment, Kind
from tests.houses import ADA, NAVIGATION, PASSWORD, SESSION, said
from tests.ways.houses import World

RIGHT = {"email": ADA.email, "password": PASSWORD}
HOUR = timedelta(hours=1)


@pytest.fixture
def world(worlds) -> World:
    made: World = worlds()
    made.app.router.routes.append(
        Route("/vault", made.house.requires("web", fresh=HOUR)(made._me))  # as an application would have it
    )
    return made


def logged_in(world: World, **headers: str) -> TestClient:
    client = world.visitor(**headers)
    assert client.post("/login", json=RIGHT).status_code == 200
    return client


def test_a_program_confirms_and_goes_on_under_a_new_id(world):
    client = logged_in(world)
    world.clock.now += 3600
    assert said(client.get("/vault")) == (403, "confirmation_needed")
    before = client.cookies[SESSION]
    assert client.post("/confirm-password", json={"password": PASSWORD}).json() == {"done": "confirmed"}
    assert client.cookies[SESSION] != before
    assert client.get("/vault").status_code == 200
    world.clock.now += 3600
    assert said(client.get("/vault")) == (403, "confirmation_needed")


def test_a_person_is_led_there_and_back(world):
    client = logged_in(world, **NAVIGATION)
    world.clock.now += 3600
    page = client.get("/vault?a=1")
    assert (page.url.path, page.status_code) == ("/confirm-password", 200)
    assert 'name="next" value="/vault?a=1"' in page.text
    back = client.post("/confirm-password", data={"password": PASSWORD, "next": "/vault?a=1"})
    assert (str(back.url), back.status_code) == ("https://testserver/vault?a=1", 200)


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(world, wanted):
    client = logged_in(world, **NAVIGATION)
    answer = client.post(
        "/confirm-password", data={"password": PASSWORD, "next": wanted}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_wrong_password_confirms_nothing_and_is_not_repeated(world):
    client = logged_in(world, **NAVIGATION)
    world.clock.now += 3600
    before = client.cookies[SESSION]
    answer = client.post("/confirm-password", data={"password": "guess me", "next": "/vault"})
    assert (answer.status_code, client.cookies[SESSION]) == (422, before)
    assert 'role="alert"' in answer.text
    assert 'value="/vault"' in answer.text
    assert "guess me" not in answer.text
    assert said(client.get("/vault", headers={"Sec-Fetch-Mode": "cors"})) == (403, "confirmation_needed")


def test_guesses_are_counted_by_user_and_over_both_ways(world):
    client, other = logged_in(world), logged_in(world)
    statuses = [
        one.post(path, json=handed).status_code
        for one in (client, other)
        for path, handed in (
            ("/confirm-password", {"password": "wrong"}),
            ("/change-password", {"current_password": "wrong", "new_password": "a staple of another horse"}),
        )
        for _ in range(5)
    ]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    right = client.post("/confirm-password", json={"password": PASSWORD})
    assert (right.status_code, int(right.headers["retry-after"]) > 0) == (429, True)
    assert client.get("/me").status_code == 200, "who is logged in stays so"


def test_a_guest_is_asked_to_log_in(world):
    assert said(world.visitor().post("/confirm-password", json={"password": PASSWORD}))[0] == 401
    page = world.visitor(**NAVIGATION).get("/confirm-password", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/confirm-password")


def test_another_site_confirms_nothing(world):
    client = logged_in(world)
    ways: tuple[dict[str, Any], ...] = ({"json": {"password": PASSWORD}}, {"data": {"password": PASSWORD}})
    for sent in ways:
        answer = client.post("/confirm-password", headers={"Sec-Fetch-Site": "cross-site"}, **sent)
        assert said(answer) == (403, "csrf_cross_site")


@pytest.mark.parametrize(
    "handed",
    [{}, {"password": None}, {"password": 1}, {"password": ["x"]}, {"password": PASSWORD, "next": 7}],
)
def test_what_cannot_be_read_says_so(world, handed):
    answer = logged_in(world).post("/confirm-password", json=handed)
    assert (answer.status_code, answer.json()["code"]) == (422, "form_invalid")
    assert PASSWORD not in answer.text


def test_who_has_no_password_is_told_what_else_there_is(world):
    world.users.add(User(id="3", email="key@example.com"))
    client = world.enter("3")
    answer = client.post("/confirm-password", json={"password": PASSWORD})
    assert (answer.status_code, "no password" in answer.text) == (422, True)
    page = client.get("/confirm-password", headers=NAVIGATION)
    assert "this account has no password" in page.text
    assert 'action="/logout"' in page.text
    assert 'name="password"' not in page.text


def test_a_remembered_login_is_never_fresh_until_it_is_confirmed(world):
    client = world.enter(ADA.id, "remembered")
    assert client.get("/me").status_code == 200
    assert said(client.get("/vault")) == (403, "confirmation_needed")
    client.post("/confirm-password", json={"password": PASSWORD})
    assert client.get("/vault").status_code == 200


def test_listeners_hear_of_it_and_of_the_password_nothing(world):
    client = logged_in(world)
    heard: list[object] = []
    with world.house.overheard(heard.append):
        client.post("/confirm-password", json={"password": "wrong"})
        client.post("/confirm-password", json={"password": PASSWORD})
    assert [type(one).__name__ for one in heard if type(one).__name__ in ("Failed", "AccountChanged")] == [
        "Failed",
        "AccountChanged",
    ]
    assert PASSWORD not in repr(heard)


def test_who_has_a_passkey_is_offered_it_where_that_way_is_there(world):
    store: Any = world.ways.kit.enrolments
    world.portal.call(store.enrol, Enrolment(Kind.PASSKEY, "its id", f"users:{ADA.id}", 0.0))
    page = world.enter(ADA.id, "password").get("/confirm-password?next=/vault", headers=NAVIGATION)
    offered = f'<a href="{world.ways.paths["passkey"]}?next=/vault">' if "passkey" in world.ways.paths else ""
    assert offered in page.text
    assert ("Use a passkey" in page.text) == bool(offered)
