"""Abilities, verified addresses, fresh passwords, signed links and guests: each lets in whom it should and says why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import ConfigError, MemoryUsers, Reason, SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.steps.abilities import Abilities, AnyAbility
from guardhouse.steps.aliases import ALIASES, CLASSES, read_alias
from guardhouse.steps.confirmed import Confirmed
from guardhouse.steps.guest import Guest
from guardhouse.steps.signed import Signed
from guardhouse.steps.verified import Verified
from tests.houses import ADA, GRACE, NAVIGATION, PASSWORD, browser, desk, log_in, said, starlette_house


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def house_of(**changes: Any) -> Any:
    return starlette_house(**({"guards": {"web": SessionGuard(), "token": TokenGuard()}} | changes))


def application(house: Any, *asked: Any, path: str = "/") -> Any:
    async def endpoint(request: Request) -> JSONResponse:
        return JSONResponse({})

    async def confirm(request: Request) -> JSONResponse:
        return JSONResponse(await house.auth(request, "web").confirm((await request.json())["password"]))

    routes = [
        Route(path, endpoint, methods=["GET", "POST"], middleware=[house.layer(*asked)]),
        Route("/confirm", house.public(confirm), methods=["POST"]),
    ]
    app = Starlette(routes=[*routes, *desk(house)])
    house.install(app)
    return browser(app)


async def bearer(house: Any, *abilities: str) -> dict[str, str]:
    issued = await house.tokens().issue(ADA, "laptop", abilities=abilities)
    return {"Authorization": f"Bearer {issued.plain}"}


# -- abilities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "abilities", "status"),
    [
        (Abilities("read"), ("read",), 200),
        (Abilities("read", "write"), ("read", "write", "more"), 200),
        (Abilities("read", "write"), ("read",), 403),
        (Abilities("read"), ("*",), 200),
        (Abilities("read"), ("write",), 403),
        ("abilities:read,write", ("read",), 403),
        ("scopes:read", ("read",), 200),
        (AnyAbility("read", "admin"), ("read",), 200),
        (AnyAbility("read", "admin"), ("write",), 403),
        ("ability:read,admin", ("admin",), 200),
        ("scope:read", ("write",), 403),
    ],
)
async def test_a_token_is_good_for_what_it_was_issued_for(step, abilities, status):
    house = house_of()
    client = application(house, "token", step)
    assert client.get("/", headers=await bearer(house, *abilities)).status_code == status


async def test_what_is_missing_is_named_in_the_challenge_and_in_the_evidence():
    house = house_of(explain="full", debug=True)
    answer = application(house, "token", "abilities:read,write").get("/", headers=await bearer(house, "read"))
    assert said(answer) == (403, "ability_missing")
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="guardhouse", error="insufficient_scope", scope="read write"'
    )
    evidence = answer.json()["evidence"]
    assert (evidence["needed"], evidence["granted"]) == ("read write", "read")


def test_a_login_is_good_for_everything_its_user_may():
    assert log_in(application(house_of(), "web", "abilities:read")).get("/").status_code == 200


# -- verified -------------------------------------------------------------------------------------------------------


class Member(NamedTuple):
    """A user without an address that may be verified."""

    id: str
    email: str
    password_hash: str | None
    disabled: bool = False


class Members(MemoryUsers):
    """Users of another kind."""

    async def by_id(self, user_id: str) -> Any:
        found = await super().by_id(user_id)
        return found and Member(found.id, found.email, found.password_hash)


@pytest.mark.parametrize(("verified", "status"), [(1.0, 200), (None, 403)])
def test_only_a_verified_address_gets_in(verified, status):
    users = MemoryUsers([replace(ADA, email_verified_at=verified)])
    client = log_in(application(house_of(users=users), "web", "verified"))
    assert client.get("/").status_code == status


def test_who_has_just_verified_his_address_gets_in():
    users = MemoryUsers([ADA])
    client = log_in(application(house_of(users=users), "web", "verified"))
    assert said(client.get("/")) == (403, "user_not_verified")
    assert anyio.run(users.verify, ADA, ADA.email)
    assert client.get("/").status_code == 200


def test_a_person_is_led_to_where_an_address_is_verified_and_a_program_is_not():
    client = log_in(application(house_of(users=MemoryUsers([ADA])), "web", "verified:/verify"))
    answer = client.get("/", headers=NAVIGATION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/verify?next=/")
    assert said(client.get("/")) == (403, "user_not_verified")


def test_a_function_may_say_who_is_verified():
    client = log_in(
        application(house_of(), "web", Verified(by=lambda user: user.email.endswith("@example.com")))
    )
    assert client.get("/").status_code == 200


def test_a_user_without_the_attribute_is_the_developers_to_mend():
    client = log_in(application(house_of(users=Members([ADA])), "web", Verified()))
    with pytest.raises(ConfigError, match="Member without email_verified_at"):
        client.get("/")


def test_a_user_who_is_gone_is_not_verified():
    users = MemoryUsers([ADA])
    client = log_in(application(house_of(users=users), "web", "verified"))
    users.remove(ADA.id)
    assert said(client.get("/")) == (401, "user_missing")


# -- a password given a moment ago ----------------------------------------------------------------------------------

HOUR = timedelta(hours=1)


def test_a_login_is_fresh_for_a_while_and_a_confirmed_password_is_again():
    clock = Clock()
    client = log_in(application(house_of(clock=clock), "web", Confirmed(HOUR)))
    assert client.get("/").status_code == 200
    clock.now += 3600
    assert said(client.get("/")) == (403, "confirmation_needed")
    before = client.cookies["__Host-gh"]
    assert client.post("/confirm", json={"password": PASSWORD}).json() is True
    assert client.cookies["__Host-gh"] != before, "who proves himself anew goes on under a new id"
    assert client.get("/").status_code == 200
    clock.now += 3600
    assert said(client.get("/")) == (403, "confirmation_needed")


@pytest.mark.parametrize("within", [timedelta(0), 3600, None])
def test_a_confirmation_lasts_for_some_time(within):
    with pytest.raises(ConfigError, match=r"Confirmed\(timedelta\(minutes=15\)\)"):
        Confirmed(within)


def test_a_wrong_password_confirms_nothing():
    clock = Clock()
    client = log_in(application(house_of(clock=clock), "web", Confirmed(HOUR)))
    clock.now += 3600
    assert client.post("/confirm", json={"password": "wrong"}).json() is False
    assert said(client.get("/")) == (403, "confirmation_needed")


def test_nobody_confirms_without_being_logged_in():
    client = application(house_of(), "web", Confirmed(HOUR))
    assert client.post("/confirm", json={"password": PASSWORD}).json() is False


def test_what_one_user_confirmed_counts_for_no_other():
    clock = Clock()
    client = log_in(application(house_of(clock=clock), "web", Confirmed(HOUR)))
    client.post("/confirm", json={"password": PASSWORD})
    log_in(client, GRACE)
    clock.now += 1800
    assert client.get("/").status_code == 200
    clock.now += 1800
    assert said(client.get("/")) == (403, "confirmation_needed")


def test_a_remembered_session_stays_remembered_when_a_password_is_confirmed():
    client = log_in(application(house_of(), "web", Confirmed(HOUR)), remember="on")
    answer = client.post("/confirm", json={"password": PASSWORD})
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-gh=")]
    assert "Max-Age=" in cookie


async def test_no_token_confirms_a_password():
    house = house_of()
    client = application(house, "token", "password.confirm")
    assert said(client.get("/", headers=await bearer(house, "*"))) == (403, "confirmation_needed")


def test_a_person_is_led_to_where_the_password_is_asked_for():
    clock = Clock()
    client = log_in(application(house_of(clock=clock), "web", "password.confirm:/confirm,60"))
    clock.now += 60
    answer = client.get("/", headers=NAVIGATION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/confirm?next=/")


# -- signed links ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/files/7", "/files/7?download=1", "/files/a%20b", "/files/%C3%A9"])
def test_a_signed_link_is_let_in_and_a_changed_one_is_not(path):
    house = house_of()
    client = log_in(application(house, "web", "signed", path="/files/{name}"))
    url = house.sign(path)
    assert client.get(url).status_code == 200
    assert said(client.get(path)) == (403, "url_unsigned")
    assert said(client.get(url + "&x=1")) == (403, "url_signature")


def test_a_signed_link_ends():
    clock = Clock()
    house = house_of(clock=clock)
    client = log_in(application(house, "web", Signed()))
    url = house.sign("/", expires=HOUR)
    clock.now += 3599
    assert client.get(url).status_code == 200
    clock.now += 1
    assert said(client.get(url)) == (403, "url_expired")
    assert said(client.get(house.sign("/", expires=clock.now))) == (403, "url_expired")


def test_a_link_is_weighed_before_anybody_is_asked_who_he_is():
    assert said(application(house_of(), "web", "signed").get("/")) == (403, "url_unsigned")


# -- guests ---------------------------------------------------------------------------------------------------------


def test_the_alias_of_guests_turns_the_promise_round():
    client = application(house_of(), "web", "guest")
    assert client.get("/").status_code == 200
    assert said(log_in(client).get("/")) == (403, "guests_only")


# -- aliases --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("abilities:read,write", Abilities("read", "write")),
        ("CheckAbilities:read", Abilities("read")),
        ("ability:read", AnyAbility("read")),
        ("guest", Guest()),
        ("RedirectIfAuthenticated", Guest()),
        ("password.confirm", Confirmed()),
        ("password.confirm:,60", Confirmed(timedelta(seconds=60))),
        ("RequirePassword:/confirm", Confirmed(go_to="/confirm")),
        ("signed", Signed()),
        ("signed:relative", Signed()),
        ("ValidateSignature:utm_source,utm_medium", Signed(("utm_source", "utm_medium"))),
        ("verified", Verified()),
        ("EnsureEmailIsVerified:/verify", Verified(go_to="/verify")),
    ],
)
def test_an_alias_is_the_step_it_means(text, step):
    assert read_alias(text) == step
    assert {reason for one in step.steps() for reason in one.says} <= set(Reason)


@pytest.mark.parametrize(
    "text",
    ["abilities", "abilities:", "abilities:read,", "ability:two words", "guest:web", "password.confirm:/x,soon",
     "password.confirm:,0", "signed:absolute", "can"],
)  # fmt: skip
def test_an_alias_with_parameters_that_mean_nothing_is_an_error(text):
    with pytest.raises(ConfigError):
        read_alias(text)


@pytest.mark.parametrize(
    "text",
    ["password.confirm", "password.confirm:/confirm", "password.confirm:,60", "password.confirm:/confirm,60",
     "abilities:read,write", "ability:read", "guest", "signed", "signed:utm_source", "verified", "verified:/verify",
     "can:update,post", "throttle:60,1"],
)  # fmt: skip
def test_a_step_is_called_as_it_is_written(text):
    step = read_alias(text)
    assert step is not None
    assert step.name == text


def test_what_is_no_alias_is_none():
    assert read_alias("auth") is None
    assert set(CLASSES.values()) <= set(ALIASES)


def test_equal_steps_print_alike_and_are_one_stack():
    house = house_of()
    assert house.stack("web", "abilities:read") is house.stack("web", "abilities:read")
    assert house.stack("web", Abilities("read")).name == "web abilities:read"
