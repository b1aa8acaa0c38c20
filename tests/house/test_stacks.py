"""Stacks asked for with steps: what runs when, how often, and what becomes of clients, guests and strange credentials."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.
from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated, Any, Self

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import (
    Abstain,
    Allow,
    Area,
    ConfigError,
    Deny,
    FunctionGuard,
    Identity,
    MemoryUsers,
    Reason,
    SessionGuard,
    Step,
)
from guardhouse.core.facts import Facts
from guardhouse.core.guard import header_need
from guardhouse.core.verdict import Client
from tests.houses import (
    ADA,
    NAVIGATION,
    browser,
    desk,
    fastapi_house,
    find_key,
    log_in,
    said,
    starlette_house,
)


@dataclass(frozen=True)
class PrefixGuard:
    """Reads Bearer tokens of one prefix, and leaves all others to others; what follows names a program or a user."""

    prefix: str
    program: bool = False
    provider: str | None = None
    name: str = ""
    scheme = "Bearer"
    needs = (header_need("Authorization"),)

    def named(self, name: str, provider: str) -> Self:
        return replace(self, name=name, provider=provider)

    def claim(self, facts: Facts) -> Any:
        kind, _, value = (facts.header(b"authorization") or b"").decode().partition(" ")
        if kind != "Bearer":
            return Abstain(self.name, Reason.NO_CREDENTIAL)
        if not value.startswith(self.prefix):
            return Abstain(self.name, Reason.CREDENTIAL_FOREIGN, {"need": f"Bearer {self.prefix}..."})
        return value.removeprefix(self.prefix)

    def fetch(self, claim: str, supply: Any) -> str:
        return claim

    def judge(self, claim: str, found: str) -> Allow:
        who = (
            Client(found, "us", self.name, "test")
            if self.program
            else Identity(found, "users", self.name, "test")
        )
        return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, who)


GUARDS = {
    "web": SessionGuard(),
    "alpha": PrefixGuard("a-"),
    "beta": PrefixGuard("b-"),
    "machine": PrefixGuard("m-", program=True),
}


async def who(request: Request) -> JSONResponse:
    return JSONResponse({"params": request.path_params})


def application(house: Any, *asked: Any, path: str = "/") -> Any:
    routes = [Route(path, who, middleware=[house.layer(*asked)]), *desk(house)]
    app = Starlette(routes=routes)
    house.install(app)
    return browser(app)


def house_of(**changes: Any) -> Any:
    return starlette_house(**({"guards": GUARDS, "explain": "full", "debug": True} | changes))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# -- strange credentials --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "token", "status", "code"),
    [
        (("alpha", "beta"), "a-1", 200, None),
        (("alpha", "beta"), "b-1", 200, None),
        (("alpha", "beta"), "c-1", 401, "credential_unknown"),
        (("alpha", "beta", "web"), "c-1", 401, "credential_unknown"),
        (("alpha",), "b-1", 401, "credential_unknown"),
    ],
)
def test_a_token_is_left_to_the_guard_of_its_kind_and_refused_where_there_is_none(names, token, status, code):
    client = application(house_of(), *names)
    assert said(client.get("/", headers=bearer(token))) == (status, code)


def test_a_strange_token_never_falls_through_to_a_session():
    client = log_in(application(house_of(), "alpha", "web"))
    assert client.get("/").status_code == 200
    answer = client.get("/", headers=bearer("strange"))
    assert said(answer) == (401, "credential_unknown")
    assert answer.json()["evidence"] == {"need": "Bearer a-..."}
    assert [line["code"] for line in answer.json()["trace"]] == ["credential_foreign", "credential_unknown"]


# -- programs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("clients", "status", "code"), [(False, 403, "client_not_user"), (True, 200, None)])
def test_a_program_enters_only_where_programs_are_welcome(clients, status, code):
    house = house_of(areas={"jobs": Area(guards=("machine",), clients=clients)})
    client = application(house, "jobs")
    assert said(client.get("/", headers=bearer(f"m-{ADA.id}"))) == (status, code)


def test_a_program_whose_id_is_a_users_id_is_not_that_user():
    house: Any = fastapi_house(guards=GUARDS)
    app = FastAPI()

    @app.get("/user")
    async def user(me: Annotated[Any, house.guard("machine", "alpha")]) -> str:
        return str(me.email)

    @app.get("/identity")
    async def identity(me: Annotated[Identity, house.identity("machine", "alpha")]) -> str:
        return me.user_id

    @app.get("/client")
    async def client(me: Annotated[Client, house.client("machine", "alpha")]) -> str:
        return me.client_id

    @app.get("/caller")
    async def caller(me: Annotated[Any, house.as_caller("machine", "alpha")]) -> str:
        return type(me).__name__

    @app.get("/optional")
    async def optional(me: Annotated[Any, house.optional("machine", "alpha")]) -> str:
        return str(me)

    house.install(app)
    anybody, program, ada = browser(app), bearer("m-1"), bearer("a-1")
    for path in ("/user", "/identity", "/optional"):
        assert said(anybody.get(path, headers=program)) == (403, "client_not_user")
        assert anybody.get(path, headers=ada).status_code == 200
    assert anybody.get("/client", headers=program).json() == "1"
    assert said(anybody.get("/client", headers=ada)) == (403, "user_not_client")
    assert anybody.get("/caller", headers=program).json() == "Client"
    assert anybody.get("/caller", headers=ada).json() == "Identity"


def test_an_endpoint_may_ask_for_the_program():
    house = house_of(areas={"jobs": Area(guards=("machine",), clients=True)})

    async def endpoint(request: Request) -> JSONResponse:
        caller = await house.caller(request)
        return JSONResponse({"caller": caller.client_id, "user": await house.auth(request, "web").user()})

    app = Starlette(routes=[Route("/", endpoint, middleware=[house.layer("jobs")])])
    house.install(app)
    assert browser(app).get("/", headers=bearer("m-7")).json() == {"caller": "7", "user": None}


# -- guests ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ForGuests:
    """The marker that makes a stack one for guests."""

    name: str = "guest"
    guests: bool = True

    def steps(self) -> tuple[Step, ...]:
        return ()


def test_guests_pass_where_only_guests_may_and_who_is_logged_in_does_not():
    client = application(house_of(), "web", ForGuests())
    assert client.get("/").status_code == 200
    log_in(client)
    assert said(client.get("/")) == (403, "guests_only")


def test_a_person_who_is_logged_in_is_led_home_from_a_page_for_guests():
    client = log_in(application(house_of(home_url="/home"), "web", ForGuests()))
    answer = client.get("/", headers=NAVIGATION)
    assert (answer.status_code, answer.headers["location"]) == (303, "/home")


def test_nobody_is_led_home_from_home():
    client = log_in(application(house_of(home_url="/"), "web", ForGuests()))
    assert said(client.get("/", headers=NAVIGATION)) == (403, "guests_only")


def test_a_login_that_has_lost_its_user_is_a_guest():
    users = MemoryUsers([ADA])
    client = log_in(application(house_of(users=users), "web", ForGuests()))
    users.remove(ADA.id)
    assert client.get("/").status_code == 200


def test_fastapi_knows_guests_too():
    house: Any = fastapi_house(areas={"login": Area(guards=("web",), guests=True)})
    app = FastAPI()

    @app.get("/asked", dependencies=[house.guest("web")])
    @app.get("/required", dependencies=[house.require("login")])
    async def page() -> str:
        return "a form"

    app.router.routes += desk(house)
    house.install(app)
    client = browser(app)
    assert [client.get(path).status_code for path in ("/asked", "/required")] == [200, 200]
    log_in(client)
    assert [said(client.get(path)) for path in ("/asked", "/required")] == [(403, "guests_only")] * 2


# -- steps ----------------------------------------------------------------------------------------------------------


class Noted:
    """Writes down which of its steps ran, and with whom; says no at the phase that `x-no` names."""

    name = "noted"

    def __init__(self) -> None:
        self.ran: list[tuple[str, object]] = []

    def steps(self) -> tuple[Step, ...]:
        return (
            Step("noted", self.before, "before guards"),
            Step("noted", self.after, "after guards"),
            Step("noted", self.refused, "refused"),
        )

    def before(self, visit: Any) -> Deny | None:
        return self._note("before", visit)

    async def after(self, visit: Any) -> Deny | None:
        visit.answer_with(b"x-noted", b"once")
        visit.answer_with(b"x-noted", b"twice")
        return self._note("after", visit)

    def refused(self, visit: Any) -> Deny | None:
        visit.answer_with(b"x-noted", b"refused")
        return self._note("refused", visit)

    def _note(self, phase: str, visit: Any) -> Deny | None:
        self.ran.append((phase, visit.caller and visit.caller.user_id))
        no = (visit.facts.header(b"x-no") or b"").decode() == phase
        return Deny("", Reason.TOO_MANY_REQUESTS, {"retry_after": 7}) if no else None


@pytest.mark.parametrize(
    ("headers", "ran", "status"),
    [
        (bearer("a-1"), [("before", None), ("after", "1")], 200),
        (bearer("a-1") | {"X-No": "before"}, [("before", None)], 429),
        (bearer("a-1") | {"X-No": "after"}, [("before", None), ("after", "1")], 429),
        ({}, [("before", None), ("refused", None)], 401),
        ({"X-No": "refused"}, [("before", None), ("refused", None)], 401),
    ],
)
def test_steps_run_at_their_phases_and_a_no_ends_the_walk(headers, ran, status):
    noted = Noted()
    answer = application(house_of(), "alpha", noted).get("/", headers=headers)
    assert (noted.ran, answer.status_code) == (ran, status)
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)


def test_what_a_step_says_goes_out_with_the_answer_and_with_the_refusal():
    client = application(house_of(), "alpha", Noted())
    assert client.get("/", headers=bearer("a-1")).headers.get_list("x-noted") == ["twice"]
    assert client.get("/").headers.get_list("x-noted") == ["refused"]


def test_equal_steps_run_once_however_many_guards_of_a_route_ask():
    noted = Noted()
    house: Any = fastapi_house(guards=GUARDS, areas={"area": Area(guards=("alpha",), steps=(noted,))})
    app = FastAPI()

    @app.get("/", dependencies=[house.require("area"), house.require("area", Step("own", lambda _: None))])
    async def page(me: Annotated[Any, house.guard("area")]) -> str:
        return str(me.email)

    house.install(app)
    assert browser(app).get("/", headers=bearer("a-1")).json() == ADA.email
    assert noted.ran == [("before", None), ("after", "1")]


def test_what_a_step_says_besides_none_and_deny_lets_nobody_pass():
    client = application(house_of(), "alpha", Step("sloppy", lambda _: False))  # type: ignore[arg-type, return-value]
    with pytest.raises(
        ConfigError, match=r"step sloppy: found 'bool'\. A step returns None to let pass, or a Deny"
    ):
        client.get("/", headers=bearer("a-1"))


def test_a_step_sees_the_path_parameters_of_the_route():
    def only_seven(visit: Any) -> Deny | None:
        return None if visit.params["post"] == "7" else Deny("", Reason.STEP_REFUSED)

    client = application(house_of(), "alpha", Step("seven", only_seven), path="/posts/{post}")
    assert client.get("/posts/7", headers=bearer("a-1")).status_code == 200
    assert said(client.get("/posts/8", headers=bearer("a-1"))) == (403, "step_refused")


def test_a_step_may_lead_a_person_to_another_page_but_no_program_and_not_to_another_site():
    def elsewhere(visit: Any) -> Deny:
        wanted = (visit.facts.header(b"x-to") or b"").decode()
        return Deny("", Reason.USER_NOT_VERIFIED, {"go_to": wanted})

    client = application(house_of(), "alpha", Step("verified", elsewhere))
    person = bearer("a-1") | NAVIGATION
    answer = client.get("/", headers=person | {"X-To": "/verify"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/verify?next=/")
    assert said(client.get("/", headers=bearer("a-1") | {"X-To": "/verify"})) == (403, "user_not_verified")
    assert client.get("/", headers=person | {"X-To": "//evil.example/"}).status_code == 403


# -- names ----------------------------------------------------------------------------------------------------------


def test_two_stacks_never_share_a_name_although_their_steps_do():
    house = house_of()
    one, other = Step("same", lambda _: None), Step("same", lambda _: Deny("", Reason.STEP_REFUSED))
    stacks = [house.stack("web", step) for step in (one, other, one)]
    assert [stack.name for stack in stacks] == ["web same", "web same #2", "web same"]
    assert stacks[0] is stacks[2]


@pytest.mark.parametrize("asked", ["auth:alpha,web", "alpha,web"])
def test_guards_are_named_as_in_the_thread(asked):
    assert house_of().stack(asked).names == ("alpha", "web")


def test_auth_alone_asks_the_default_guard():
    assert house_of(default="beta").stack("auth").names == ("beta",)


@pytest.mark.parametrize("asked", ["alpa", "alpha,wob", "auth:wob", "alfa:read"])
def test_a_name_that_nothing_has_is_an_error_that_knows_the_nearest(asked):
    with pytest.raises(ConfigError, match="Did you mean"):
        house_of().stack(asked)


class Plain(Enum):
    """Names that are no text."""

    WEB = "web"


@pytest.mark.parametrize(
    "asked", [None, 5, ["web", "alpha"], SessionGuard, SessionGuard(), Noted, Plain.WEB, lambda visit: None]
)
def test_what_is_neither_a_name_nor_a_step_is_one_clear_error(asked):
    with pytest.raises(ConfigError, match="Write names as text"):
        house_of().stack(asked)


def test_a_printed_stack_shows_the_steps_of_every_phase():
    house = house_of(guards={"key": FunctionGuard(header="X-Api-Key", find=find_key), "web": SessionGuard()})
    lines = str(house.stack("key", Noted(), ForGuests())).splitlines()
    assert [line.split("  because ")[0].strip() for line in lines] == [
        "stack key noted guest", "step noted", "guard key", "step noted", "step noted", "guests", "answer",
    ]  # fmt: skip
