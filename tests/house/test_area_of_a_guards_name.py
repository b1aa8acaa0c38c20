"""An area may carry the name of a guard that it asks among others; whoever logs in at the guard meets the guard alone."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import Area, ConfigError
from tests.houses import ADA, GRACE, browser, desk, log_in, said, starlette_house

KEY = {"X-Api-Key": "hopper"}


@pytest.fixture
def client() -> TestClient:
    house = starlette_house(areas={"api": Area(guards=("key", "api"), answers="json")})

    async def mine(request: Request) -> Response:
        logged_in = await house.auth(request, "api").user()
        return JSONResponse([(await house.user(request)).id, logged_in and logged_in.id])

    app = Starlette(routes=[Route("/mine", mine, middleware=[house.layer("api")]), *desk(house)])
    house.install(app)
    return browser(app)


def test_the_area_lets_in_by_either_and_the_desk_knows_logins_only(client: TestClient):
    assert said(client.get("/mine")) == (401, "no_credential")
    assert client.get("/mine", headers=KEY).json() == [GRACE.id, None]
    assert log_in(client, guard="api").get("/mine").json() == [ADA.id, ADA.id]
    assert client.get("/mine", headers=KEY).json() == [GRACE.id, ADA.id]


def test_its_refusals_name_the_area(client: TestClient):
    answer: Any = client.get("/mine", headers={"X-Api-Key": "wrong"})
    assert said(answer) == (401, "credential_rejected")


def test_an_area_that_does_not_ask_the_guard_of_its_name_is_refused():
    with pytest.raises(ConfigError, match="add 'api'"):
        starlette_house(areas={"api": Area(guards=("key",))})
