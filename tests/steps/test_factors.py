"""How well a login was proven: who passes, who is sent to give more, and how it is asked for by each verb."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import ConfigError, Reason, SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.steps.aliases import read_alias
from guardhouse.steps.factors import Factors
from guardhouse.steps.oneself import Oneself
from tests.houses import ADA, NAVIGATION, browser, fastapi_house, said, starlette_house

GUARDS = {"web": SessionGuard(), "token": TokenGuard()}


def house_of(make: Callable[..., Any] = starlette_house, **changes: Any) -> Any:
    return make(**({"guards": GUARDS} | changes))


def proven(client: TestClient, *proofs: str) -> TestClient:
    assert client.post("/enter", json=list(proofs)).status_code == 200
    return client


def entrance(house: Any) -> Route:
    async def enter(request: Request) -> JSONResponse:
        await house.auth(request, "web").login(ADA, proofs=await request.json())
        return JSONResponse({})

    return Route("/enter", house.public(enter), methods=["POST"])


def endpoint() -> Any:
    """A new one each time: what guards one leaves its mark on it."""

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({})

    return answer


def application(house: Any, *asked: Any, **wanted: Any) -> TestClient:
    routes = [Route("/", endpoint(), middleware=[house.layer(*asked, **wanted)]), entrance(house)]
    app = Starlette(routes=routes)
    house.install(app)
    return browser(app)


@pytest.mark.parametrize(
    ("needed", "given", "passes"),
    [
        pytest.param(Factors(1), ("password",), True, id="one of one"),
        pytest.param(Factors(1), ("remembered",), False, id="a remembered login gives none"),
        pytest.param(Factors(1), (), False, id="what nobody wrote down does not count"),
        pytest.param(Factors(2), ("password",), False, id="one of two"),
        pytest.param(Factors(2), ("password", "totp"), True, id="two of two"),
        pytest.param(Factors(2), ("passkey",), True, id="a passkey is two"),
        pytest.param(Factors("totp", "passkey"), ("password", "totp"), True, id="one of those named"),
        pytest.param(Factors("passkey"), ("password", "totp"), False, id="another than the one named"),
        pytest.param(Factors("smartcard"), ("smartcard",), True, id="a proof of the application's own"),
    ],
)
def test_a_login_passes_by_its_proofs(needed, given, passes):
    client = proven(application(house_of(), "web", needed), *given)
    assert said(client.get("/")) == ((200, None) if passes else (403, "factors_missing"))


async def test_no_token_has_factors():
    house = house_of()
    issued = await house.tokens().issue(ADA, "laptop")
    client = application(house, "token", "factors:1")
    assert said(client.get("/", headers={"Authorization": f"Bearer {issued.plain}"})) == (
        403,
        "factors_missing",
    )


def test_a_guest_is_told_to_log_in_first():
    assert said(application(house_of(), "web", "factors:2").get("/")) == (401, "no_credential")


def test_a_developer_reads_what_is_missing():
    client = proven(application(house_of(debug=True, explain="full"), "web", Factors(2)), "password")
    told = client.get("/").json()
    assert told["evidence"] == {"step": "factors:2", "needed": "two factors", "given": "password"}
    assert "two factors" in told["hint"]


@pytest.mark.parametrize(
    ("alias", "step"),
    [
        ("factors:1", Factors(1)),
        ("factors:2", Factors(2)),
        ("factors:totp", Factors("totp")),
        ("factors:totp, passkey", Factors("totp", "passkey")),
        ("factors:2,/step-up", Factors(2, go_to="/step-up")),
        ("factors:totp,passkey,/step-up", Factors("totp", "passkey", go_to="/step-up")),
        ("oneself", Oneself()),
    ],
)
def test_it_is_written_as_an_alias_and_back(alias, step):
    assert read_alias(alias) == step
    assert read_alias(step.name) == step


@pytest.mark.parametrize(
    "wrong",
    [
        "factors",
        "factors:",
        "factors:0",
        "factors:3",
        "factors:2,totp",
        "factors:2,2",
        "factors:TOTP",
        "factors:totp,",
        "factors:/a,/b",
        "oneself:me",
    ],
)
def test_what_cannot_be_meant_stops_the_start(wrong):
    with pytest.raises(ConfigError):
        house_of().stack("web", wrong)


@pytest.mark.parametrize("wrong", [(), (True,), (0,), (-1,), (3,), (2.0,), ("",), ("totp", 2), (None,)])
def test_so_does_what_is_no_factor(wrong):
    with pytest.raises(ConfigError):
        Factors(*wrong)


def test_a_person_is_led_to_where_he_gives_more_and_comes_back():
    client = proven(application(house_of(), "web", Factors(2, go_to="/step-up")), "password")
    answer = client.get("/?a=1", headers=NAVIGATION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/step-up?next=/%3Fa%3D1")


# -- as keywords of the verbs ---------------------------------------------------------------------------------------


def by_layer(house: Any, **wanted: Any) -> Starlette:
    return Starlette(routes=[Route("/", endpoint(), middleware=[house.layer("web", **wanted)])])


def by_requires(house: Any, **wanted: Any) -> Starlette:
    return Starlette(routes=[Route("/", house.requires("web", **wanted)(endpoint()))])


def nothing() -> dict[str, str]:
    return {}


def by_router(house: Any, **wanted: Any) -> Starlette:
    router = APIRouter(dependencies=[house.require("web", **wanted)])
    router.add_api_route("/", nothing)
    app = FastAPI()
    app.include_router(router)
    return app


def by_user(house: Any, **wanted: Any) -> Starlette:
    async def me(user: Any = house.guard("web", **wanted)) -> dict[str, str]:
        return {"id": user.id}

    app = FastAPI()
    app.add_api_route("/", me)
    return app


VERBS = [
    pytest.param(starlette_house, by_layer, id="layer"),
    pytest.param(starlette_house, by_requires, id="requires"),
    pytest.param(fastapi_house, by_router, id="require"),
    pytest.param(fastapi_house, by_user, id="guard"),
]


@pytest.mark.parametrize(("make", "by"), VERBS)
@pytest.mark.parametrize(
    ("wanted", "proofs", "answer"),
    [
        ({"factors": 2}, ["password"], (403, "factors_missing")),
        ({"factors": 2}, ["password", "totp"], (200, None)),
        ({"factors": "passkey"}, ["password", "totp"], (403, "factors_missing")),
        ({"factors": ("passkey", "totp")}, ["password", "totp"], (200, None)),
        ({"fresh": timedelta(minutes=10)}, ["password"], (200, None)),
        ({"fresh": timedelta(minutes=10)}, ["remembered"], (403, "confirmation_needed")),
        ({"can": "admin"}, ["password"], (403, "rule_denied")),
        ({"can": "read"}, ["password"], (200, None)),
        ({"can": "read", "factors": 2, "fresh": timedelta(1)}, ["password"], (403, "factors_missing")),
        ({"can": None, "factors": None, "fresh": None}, ["password"], (200, None)),
    ],
)
def test_every_verb_takes_them(make, by, wanted, proofs, answer):
    house = house_of(make)
    house.rules.define("admin", lambda user: False)
    house.rules.define("read", lambda user: True)
    app = by(house, **wanted)
    app.router.routes.append(entrance(house))
    house.install(app)
    assert said(proven(browser(app), *proofs).get("/")) == answer


@pytest.mark.parametrize(("make", "by"), VERBS)
def test_a_keyword_that_is_none_is_an_error(make, by):
    with pytest.raises(TypeError, match="factor"):
        by(house_of(make), factor=2)


@pytest.mark.parametrize("wanted", [{"factors": 3}, {"factors": ()}, {"fresh": 10}, {"can": ""}])
def test_so_is_what_it_cannot_mean(wanted):
    with pytest.raises(ConfigError):
        house_of().layer("web", **wanted)


def test_the_stack_tells_of_them():
    printed = str(house_of().layer("web", factors=2, fresh=timedelta(minutes=10)).kwargs["guarding"].stack)
    assert "factors:2" in printed
    assert "password.confirm:,600" in printed


def test_openapi_tells_of_them():
    house = house_of(fastapi_house)
    app = by_router(house, factors=2)
    house.install(app)
    assert isinstance(app, FastAPI)
    refused = app.openapi()["paths"]["/"]["get"]["responses"]["403"]
    assert Reason.FACTORS_MISSING in str(refused)
