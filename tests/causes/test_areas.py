"""Areas: what stands outside of one, what runs before its guards, where its refusals lead, and what its limits count."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from guardhouse import Area, BasicGuard, Guest, Package, Throttle
from tests.causes.applications import Shop
from tests.causes.proof import CANNOT_ARISE, FOUND, NAMED, PREVENTED, proves
from tests.causes.seeing import findings, instead, refusal, stopped
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import house
from tests.houses import NAVIGATION, PAGE, browser, desk, fastapi_house, starlette_house


async def thing(request: Request) -> Response:
    return PlainTextResponse("done")


def started(app: Starlette) -> None:
    with TestClient(app):
        pass


@proves(
    26,
    CANNOT_ARISE,
    why="a script is answered with a problem document, and a window with a page where there is no login",
)
def test_a_refused_script_gets_json_and_a_refused_window_a_page():
    shop = Shop("api", login_url=None)
    script, window = shop.visitor().get("/api"), shop.visitor(NAVIGATION).get("/api")
    told = [(one.status_code, one.headers["content-type"].partition(";")[0]) for one in (script, window)]
    return instead(told, [(401, "application/problem+json"), (401, "text/html")])


@proves(26, FOUND, "login-url-nowhere", where="login_url", says="/signin")
def test_a_login_page_that_is_not_there_is_found(examine: Examine):
    return findings(examine(house('login_url="/signin"')))


@proves(45, FOUND, "login-unthrottled", where="here", says="LoginThrottle")
def test_a_login_that_nothing_counts_is_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual | {"debug": False})
        async def sign_in(request: Request) -> Response:
            user = await house.auth(request).attempt(await request.json())  # here
            return JSONResponse(user is not None)

        app = Starlette(routes=[Route("/page", page, middleware=[house.layer()]), Route("/in", house.public(sign_in))])
        house.install(app)
        """
    return findings(examine(text))


@proves(45, FOUND, "guesses-uncounted", where="here", says="Throttle(60)")
def test_passwords_in_every_request_that_nothing_counts_are_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual | {"debug": False, "guards": {"basic": BasicGuard()}})
        async def report(request: Request) -> Response:  # here
            return PlainTextResponse("report")

        app = Starlette(routes=[Route("/report", report, middleware=[house.layer("basic")])])
        house.install(app)
        """
    return findings(examine(text))


@proves(45, NAMED, "too_many_requests", status=429)
def test_a_limit_counts_what_the_guard_refuses():
    shop = Shop(
        "report", guards={"basic": BasicGuard()}, areas={"report": Area(("basic",), steps=(Throttle(3),))}
    )
    guess = shop.visitor(PAGE | {"Authorization": "Basic YWRhQGV4YW1wbGUuY29tOndyb25n"})
    assert [guess.get("/report").status_code for _ in range(3)] == [401, 401, 401]
    return refusal(shop.house, partial(guess.get, "/report"))


@proves(
    46,
    CANNOT_ARISE,
    why="the guard is asked before the body and the parameters are read, and before any dependency runs",
)
def test_a_stranger_hears_401_before_anything_of_his_request_is_looked_at():
    posts = fastapi_house()
    app = FastAPI()

    @app.post("/posts/{number}", dependencies=[posts.require("web")])
    async def update(number: int, fields: dict[str, int]) -> int:
        return number

    posts.install(app)
    answers = [
        browser(app).post(path, content=body) for path, body in (("/posts/x", "{"), ("/posts/1", "[]"))
    ]
    return instead([one.headers["guardhouse-reason"] for one in answers], ["no_credential"] * 2)


@proves(
    46,
    CANNOT_ARISE,
    why="steps stand in phases: however a stack is written, limits, guards and rules keep their order",
)
def test_the_order_in_which_a_stack_is_written_does_not_matter():
    house = starlette_house()
    orders = (
        ("api", "throttle:9,1", "can:edit"),
        ("can:edit", "api", "throttle:9,1"),
        ("throttle:9,1", "can:edit", "api"),
    )
    phases = [
        "before guards",
        "origin",
        "ambient",
        "ambient",
        "after guards",
        "after guards",
        "refused",
        "answer",
    ]
    return instead([[check.phase for check in house.stack(*asked).checks] for asked in orders], [phases] * 3)


@proves(47, FOUND, "middleware-outside", where="here", says="house.install(app)")
def test_a_middleware_that_asks_too_early_is_found(examine: Examine):
    text = """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual)
        app = FastAPI()
        app.add_route("/page", house.requires()(page))
        app.add_route("/login", house.public(login))
        house.install(app)

        @app.middleware("http")  # here
        async def greet(request: Request, go_on):
            response = await go_on(request)
            response.headers["X-User"] = (await house.user(request)).email
            return response
        """
    return findings(examine(text))


@proves(48, PREVENTED, "routes", says="nothing said about /nova/logs")
def test_a_route_that_lost_its_guard_stops_the_start():
    house = starlette_house(undeclared="refuse")
    app = Starlette(routes=[*desk(house), Mount("/nova", routes=[Route("/logs", thing)])])
    house.install(app)
    return stopped(partial(started, app))


@proves(48, PREVENTED, "package logs", says="The package relies on it.")
def test_a_package_area_that_lost_its_promise_stops_the_start():
    house = starlette_house()
    logs = Package("logs", routes=lambda house: [Route("/", thing)])
    return stopped(lambda: house.mount(Starlette(), "/logs", logs, steps=(Guest(),)))


@proves(49, FOUND, "guests-other-guard", where="here", says="staff")
def test_a_login_that_sends_visitors_back_by_another_guard_is_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual, login_url="/signin", home_url="/home",
            guards={"web": SessionGuard(), "staff": SessionGuard(realm="staff")},
            areas={"guests": Area(guards=("web",), guests=True)})
        async def signin(request: Request) -> Response:  # here
            await house.auth(request, "staff").attempt({})
            return JSONResponse(await house.auth(request, "web").attempt({}) is not None)

        async def home(request: Request) -> Response:
            return PlainTextResponse("home")

        app = Starlette(routes=[Route("/signin", signin, middleware=[house.layer("guests")]),
            Route("/home", house.public(home)), Route("/staff", page, middleware=[house.layer("staff")])])
        house.install(app)
        """
    return findings(examine(text))


@proves(49, FOUND, "login-url-guarded", where="here", says="/signin")
def test_a_login_that_asks_for_a_login_is_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual, login_url="/signin")
        async def signin(request: Request) -> Response:  # here
            return JSONResponse(await house.auth(request).attempt({}) is not None)

        app = Starlette(routes=[Route("/signin", signin, middleware=[house.layer("web")])])
        house.install(app)
        """
    return findings(examine(text))
