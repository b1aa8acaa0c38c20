"""A package that somebody else wrote keeps what it relies on, whatever an application makes of it, or the start fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import Area, ConfigError, Deny, FunctionGuard, Reason, SessionGuard, Step
from guardhouse.core.events import Serving
from guardhouse.core.promise import NeedsCsrf, NeedsIdentity, NeedsRule, NeedsSession, NeedsStep
from guardhouse.packages import Package
from tests.houses import ADA, browser, desk, find_key, log_in, said, starlette_house


@dataclass(frozen=True)
class MayViewAdmin:
    """A step that asks a rule, as `Can` does: Ada may."""

    ability: str = "view-admin"
    name: str = "can:view-admin"

    def steps(self) -> tuple[Step, ...]:
        return (Step(self.name, self._ask),)

    def _ask(self, visit: Any) -> Deny | None:
        return None if visit.caller.user_id == ADA.id else Deny("", Reason.RULE_DENIED)


def boot(visit: Any) -> None:
    visit.answer_with(b"x-booted", b"yes")


def routes(house: Any) -> list[Route]:
    async def index(request: Request) -> JSONResponse:
        return JSONResponse({"admin": (await house.identity_of(request)).user_id})

    return [Route("/", index), Route("/tools", index, methods=["POST"])]


PANEL = Package(
    "panel",
    routes,
    steps=(Step("boot", boot), MayViewAdmin()),
    promises=(NeedsIdentity(), NeedsCsrf(), NeedsRule("view-admin")),
)

GUARDS = {"web": SessionGuard(), "key": FunctionGuard(header="X-Api-Key", find=find_key)}
AREAS = {
    "staff": Area(guards=("web", "key"), steps=(Step("audit", lambda _: None),)),
    "login": Area(guards=("web",), guests=True),
    "jobs": Area(guards=("key",), clients=True),
}


def house_of() -> Any:
    return starlette_house(guards=GUARDS, areas=dict(AREAS), default="web")


def mounted(house: Any, package: Package = PANEL, **options: Any) -> Any:
    app = Starlette(routes=desk(house))
    house.mount(app, "/panel", package, **options)
    house.install(app)
    return browser(app)


def names(stack: Any) -> list[str]:
    return [check.name for check in stack.checks]


def test_who_gets_in_is_known_and_may():
    client = mounted(house_of())
    assert said(client.get("/panel/")) == (401, "no_credential")
    answer = log_in(client).get("/panel/")
    assert (answer.json(), answer.headers["x-booted"]) == ({"admin": ADA.id}, "yes")


def test_what_is_not_there_is_guarded_as_well():
    assert said(mounted(house_of()).get("/panel/nothing")) == (401, "no_credential")


def test_the_application_may_take_other_guards_and_add_steps():
    client = mounted(
        house_of(), guards=("key",), steps=(Step("more", lambda visit: visit.answer_with(b"x-more", b"yes")),)
    )
    answer = client.get("/panel/", headers={"X-Api-Key": "sesame"})
    assert (answer.status_code, answer.headers["x-more"]) == (200, "yes")
    assert said(client.get("/panel/", headers={"X-Api-Key": "hopper"})) == (403, "rule_denied")


def test_the_resulting_stack_can_be_read_with_its_promises():
    house = house_of()
    stack = house.mount(Starlette(), "/panel", PANEL, area="staff")
    assert names(stack) == [
        "guard key", "origin", "session", "guard web", "step audit", "step serving", "step boot", "step can:view-admin",
        "promise identity", "promise csrf", "promise rule view-admin", "answer",
    ]  # fmt: skip
    assert house.stack("panel") is stack


def test_serving_is_told_to_listeners_of_those_who_got_in_only():
    house = house_of()
    heard: list[Serving] = []
    house.listen(Serving, heard.append)
    client = mounted(house)
    client.get("/panel/")
    assert heard == []
    log_in(client).get("/panel/")
    client.get("/login")
    assert heard == [Serving("panel", "/panel/")]


@pytest.mark.parametrize(
    ("package", "options", "broken"),
    [
        (PANEL, {"area": "login"}, "identity"),
        (PANEL, {"area": "jobs"}, "identity"),
        (PANEL, {"without": ("can:view-admin",)}, "rule view-admin"),
        (Package("p", routes, promises=(NeedsSession(),)), {"guards": ("key",)}, "session"),
        (Package("p", routes, promises=(NeedsStep("boot"),)), {}, "step boot"),
    ],
)
def test_a_broken_promise_stops_the_start_and_says_which(package, options, broken):
    app, house = Starlette(), house_of()
    with pytest.raises(
        ConfigError, match=rf"package \w+: found 'a stack without {broken}'\. The package relies on it"
    ):
        house.mount(app, "/panel", package, **options)
    assert app.routes == []


@pytest.mark.parametrize(
    ("package", "options"),
    [
        (Package("p", routes, promises=(NeedsIdentity(clients=True),)), {"area": "jobs"}),
        (Package("p", routes, promises=(NeedsSession(),)), {}),
        (Package("p", routes, promises=(NeedsCsrf(),)), {"guards": ("key",)}),
        (Package("p", routes, steps=(Step("boot", boot),), promises=(NeedsStep("boot"),)), {}),
    ],
)
def test_a_promise_that_is_kept_lets_the_package_in(package, options):
    assert house_of().mount(Starlette(), "/p", package, **options).name == "p"


def test_a_rule_about_something_else_keeps_no_promise():
    house = house_of()
    package = Package("p", routes, steps=(MayViewAdmin("view-shop"),), promises=(NeedsRule("view-admin"),))
    with pytest.raises(ConfigError, match="rule view-admin"):
        house.mount(Starlette(), "/p", package)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"area": "stuff"}, "Did you mean 'staff'"),
        ({"guards": ("wob",)}, "Did you mean 'web'"),
        ({"name": "staff"}, "That name is taken in this house"),
        ({"without": ("bot",)}, "Its steps are: serving, boot, can:view-admin"),
    ],
)
def test_a_name_that_fits_nothing_is_an_error(options, error):
    with pytest.raises(ConfigError, match=error):
        house_of().mount(Starlette(), "/panel", PANEL, **options)


def test_one_package_may_be_mounted_twice_under_two_names():
    house, app = house_of(), Starlette()
    house.mount(app, "/one", PANEL)
    house.mount(app, "/other", PANEL, name="other", guards=("key",))
    house.install(app)
    assert browser(app).get("/other/", headers={"X-Api-Key": "sesame"}).json() == {"admin": ADA.id}


def test_nothing_is_mounted_once_the_house_is_at_work():
    house, app = house_of(), Starlette()
    house.install(app)
    with pytest.raises(ConfigError, match=r"mount packages, before house\.install"):
        house.mount(app, "/panel", PANEL)
