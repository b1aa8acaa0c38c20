"""A page that asks for two factors, over HTTP: who came with one gives the second there, and nobody is led in a circle."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.routing import Route

from guardhouse.steps.oneself import Oneself
from tests.houses import ADA, NAVIGATION, SESSION, said
from tests.ways.houses import World
from tests.ways.phones import log_in, switch_on


@pytest.fixture
def world(worlds: Any) -> World:
    made: World = worlds()
    made.app.router.routes += [
        Route("/vault", made._me, middleware=[made.house.layer("web", factors=2)]),
        Route("/app-only", made._me, middleware=[made.house.layer("web", Oneself(), factors="totp")]),
    ]
    return made


def test_who_came_with_a_password_gives_the_code_and_passes(world):
    client = log_in(world)
    phone = switch_on(world).phone
    assert said(client.get("/vault")) == (403, "factors_missing")
    before = client.cookies[SESSION]
    assert client.post("/two-factor", json={"code": phone.code(world.clock.now)}).status_code == 200
    assert client.cookies[SESSION] != before
    for path in ("/vault", "/app-only"):
        assert client.get(path).status_code == 200


def test_a_recovery_code_is_a_factor_but_not_the_one_that_is_named(world):
    client = log_in(world)
    codes = switch_on(world).codes
    assert client.post("/two-factor-recovery", json={"code": codes[0]}).status_code == 200
    assert client.get("/vault").status_code == 200
    assert said(client.get("/app-only")) == (403, "factors_missing")


def test_a_person_is_led_to_the_second_step_and_back(world):
    client = world.visitor(**NAVIGATION)
    log_in(world, client=client)
    phone = switch_on(world).phone
    asked = client.get("/vault?a=1")
    assert (asked.url.path, asked.url.params["next"]) == ("/two-factor", "/vault?a=1")
    done = client.post("/two-factor", data={"code": phone.code(world.clock.now), "next": "/vault?a=1"})
    assert (done.status_code, str(done.url)) == (200, "https://testserver/vault?a=1")


def test_who_has_no_second_factor_is_led_to_where_he_sets_one_up(world):
    client = world.visitor(**NAVIGATION)
    log_in(world, client=client)
    asked = client.get("/vault")
    assert (asked.status_code, asked.url.path) == (200, "/two-factor-setup")


def test_a_remembered_login_gives_its_password_and_its_code(world):
    switch_on(world)
    client = world.enter(ADA.id, "remembered")
    assert said(client.get("/vault")) == (403, "factors_missing")
    client.post("/confirm-password", json={"password": "correct horse battery staple"})
    assert said(client.get("/vault")) == (403, "factors_missing"), "a password is one"
