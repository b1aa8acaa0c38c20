"""Which guard, which realm, which default: a login belongs to a realm, and whatever asks for another one hears of it."""

from __future__ import annotations

from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from guardhouse import Area, Guest
from guardhouse.steps.confirmed import Confirmed
from tests.causes.applications import Shop
from tests.causes.proof import CANNOT_ARISE, FOUND, NAMED, PREVENTED, proves
from tests.causes.seeing import findings, instead, refusal, stopped
from tests.doctor.conftest import Examine
from tests.doctor.test_findings import GUARDED
from tests.houses import ADA, GRACE, browser, desk, log_in, starlette_house

DEFAULT_KEEPS_NONE = """
        house = Guardhouse(secret=key, **usual, default="key",
            guards={{"web": SessionGuard(), "key": FunctionGuard(header="X-Api-Key", find=str)}})

        async def sign_in(request: Request) -> Response:
            return JSONResponse(await house.auth(request, "web").attempt({{}}) is not None)

        async def mistaken(request: Request) -> Response:
            return JSONResponse(await {call} is None)  # here

        app = Starlette(routes=[Route("/in", house.public(sign_in)), Route("/mistaken", house.public(mistaken)),
            Route("/page", page, middleware=[house.layer("web")]), Route("/key", page, middleware=[house.layer("key")])])
        house.install(app)
        """


@proves(1, CANNOT_ARISE, why="the session follows from the guard: whatever asks a session guard reads one")
def test_a_session_guard_brings_its_session_to_any_route():
    shop = Shop("api")
    stack = shop.house.stack("api")
    return instead((stack.session, shop.logged_in().get("/api").text), (True, ADA.email))


@proves(
    1,
    FOUND,
    "house-elsewhere",
    where="here",
    says="Call install(app) of that house on the outermost application",
)
@proves(
    58,
    FOUND,
    "house-elsewhere",
    where="here",
    says="Call install(app) of that house on the outermost application",
)
def test_a_route_that_no_layer_reaches_is_found(examine: Examine):
    text = """
        other = Guardhouse(secret=key[::-1], **usual)
        async def thing(request: Request) -> Response:  # here
            return PlainTextResponse("done")

        app = Starlette(routes=[Route("/thing", thing, middleware=[other.layer()]), Route("/login", house.public(login)),
            Route("/page", page, middleware=[house.layer()])])
        house.install(app)
        """
    return findings(examine(GUARDED + text))


@proves(2, NAMED, "no_login_for_guard", realm="staff", held="users")
def test_the_login_of_another_realm_is_named_with_both():
    shop = Shop("web", "staff")
    return refusal(shop.house, partial(shop.logged_in().get, "/staff"))


@proves(2, FOUND, "login-nowhere", where="here", says="realm api")
def test_a_realm_that_no_login_leads_to_is_found(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual, guards={"web": SessionGuard(), "api": SessionGuard(realm="api")})
        async def thing(request: Request) -> Response:  # here
            return PlainTextResponse("done")

        app = Starlette(routes=[Route("/login", house.public(login)), Route("/thing", thing, middleware=[house.layer("api")]),
            Route("/page", page, middleware=[house.layer("web")])])
        house.install(app)
        """
    return findings(examine(text))


@proves(
    3, FOUND, "login-at-stateless-guard", where="here", says="guard key, the default, which is FunctionGuard"
)
@proves(
    29,
    FOUND,
    "login-at-stateless-guard",
    where="here",
    says="Name a session guard, house.auth(request, ...): 'web'",
)
def test_a_login_at_a_default_guard_that_keeps_none_is_found(examine: Examine):
    return findings(examine(DEFAULT_KEEPS_NONE.format(call="house.auth(request).attempt({})")))


@proves(
    28,
    FOUND,
    "login-at-stateless-guard",
    where="here",
    says="Name a session guard, house.auth(request, ...): 'web'",
)
def test_a_logout_at_a_default_guard_that_keeps_none_is_found(examine: Examine):
    return findings(examine(DEFAULT_KEEPS_NONE.format(call="house.auth(request).logout()")))


@proves(28, PREVENTED, "guard key", says="It keeps no login; the guards that do: web, api, staff.")
@proves(29, PREVENTED, "guard key", says="It keeps no login; the guards that do: web, api, staff.")
def test_the_desk_of_a_guard_that_keeps_none_names_those_that_do():
    house = starlette_house()

    async def out(request: Request) -> Response:
        await house.auth(request, "key").logout()
        return Response()

    app = Starlette(routes=[Route("/out", house.public(out), methods=["POST"])])
    house.install(app)
    return stopped(lambda: browser(app).post("/out"))


@proves(
    4,
    CANNOT_ARISE,
    why="whom the guard let in is bound to the request, and house.user(request) asks for nobody else",
)
def test_the_user_is_the_one_whom_this_routes_guard_let_in():
    shop = Shop("web", "staff")
    client = log_in(shop.logged_in(), GRACE, guard="staff")
    return instead([client.get(path).text for path in ("/web", "/staff")], [ADA.email, GRACE.email])


@proves(61, CANNOT_ARISE, why="a rule is handed the user whom the route's guard let in")
def test_a_rule_judges_the_user_of_the_guard():
    house = starlette_house()
    asked: list[str] = []

    @house.rules.define("publish")
    def publish(user) -> bool:
        asked.append(user.email)
        return True

    async def thing(request: Request) -> Response:
        return PlainTextResponse("published")

    app = Starlette(
        routes=[*desk(house), Route("/thing", thing, middleware=[house.layer("staff", "can:publish")])]
    )
    house.install(app)
    client = log_in(log_in(browser(app)), GRACE, guard="staff")
    return instead((client.get("/thing").text, asked), ("published", [GRACE.email]))


@proves(27, NAMED, "guests_only", status=403)
def test_a_second_login_of_a_script_is_told_and_not_redirected():
    shop = Shop("guests", areas={"guests": Area(("web",), steps=(Guest(),))})
    return refusal(shop.house, partial(shop.logged_in().post, "/guests"))


@proves(30, NAMED, "confirmation_needed", status=403, within="3:00:00")
def test_a_recent_login_is_asked_of_a_guard_without_sessions():
    shop = Shop("vault", areas={"vault": Area(("key",), steps=(Confirmed(),))})
    return refusal(shop.house, partial(shop.visitor({"X-Api-Key": "sesame"}).get, "/vault"))


@proves(57, CANNOT_ARISE, why="an explicit credential goes first, and a cookie beside it is not even read")
def test_the_key_wins_over_the_cookie():
    shop = Shop("both", areas={"both": Area(("web", "key"))})
    client = shop.logged_in()
    return instead(client.get("/both", headers={"X-Api-Key": "hopper"}).text, GRACE.email)


@proves(57, NAMED, "credential_rejected", status=401)
def test_a_bad_key_is_final_although_the_cookie_is_good():
    shop = Shop("both", areas={"both": Area(("web", "key"))})
    return refusal(shop.house, partial(shop.logged_in().get, "/both", headers={"X-Api-Key": "revoked"}))
