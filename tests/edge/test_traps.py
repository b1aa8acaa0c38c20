"""What looks guarded and is open in other libraries: here it works, or the application does not start."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Body, Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient, WebSocketDenialResponse

from guardhouse import ConfigError, FunctionGuard, SessionGuard, User
from tests.houses import (
    ADA,
    ORIGIN,
    PASSWORD,
    SESSION,
    browser,
    desk,
    fastapi_house,
    find_key,
    log_in,
    present,
    said,
    starlette_house,
)

house = fastapi_house()
plain = starlette_house()
tokens_only = fastapi_house(guards={"key": FunctionGuard(header="X-Api-Key", find=find_key)})

Me = Annotated[User, house.guard("api")]


async def secret(request: Request) -> Response:
    return PlainTextResponse("secret")


async def api_secret() -> str:
    return "secret"


async def shout(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def log(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of the application's own."""

    @wraps(endpoint)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await endpoint(*args, **kwargs)

    return wrapper


def installed(app: Starlette, **options: Any) -> Starlette:
    (house if isinstance(app, FastAPI) else plain).install(app, **options)
    return app


# -- the traps, as a developer would write them ---------------------------------------------------------------------


def layer_on_an_included_route() -> Starlette:
    router = APIRouter(routes=[Route("/secret", secret, middleware=[house.layer("api")])])
    app = FastAPI()
    app.include_router(router, prefix="/in")
    return installed(app)


def layer_on_an_included_websocket() -> Starlette:
    router = APIRouter(routes=[WebSocketRoute("/shout", shout, middleware=[house.layer("api")])])
    app = FastAPI()
    app.include_router(router)
    return installed(app)


def layer_shared_with_a_route_that_keeps_it() -> Starlette:
    guarded = [house.layer("api")]
    app = FastAPI(routes=[Route("/kept", secret, middleware=guarded)])
    app.include_router(APIRouter(routes=[Route("/secret", secret, middleware=guarded)]))
    return installed(app)


def requires_above_the_route() -> Starlette:
    app = FastAPI()

    @house.requires("api")
    @app.get("/secret")
    async def endpoint() -> str:
        return "secret"

    return installed(app)


def requires_above_another_decorator_above_the_route() -> Starlette:
    app = FastAPI()
    router = APIRouter()

    @house.requires("api")
    @log
    @router.get("/secret")
    async def endpoint() -> str:
        return "secret"

    app.include_router(router)
    return installed(app)


def requires_between_two_routes() -> Starlette:
    app = FastAPI()

    @app.get("/guarded")
    @house.requires("api")
    @app.get("/secret")
    async def endpoint() -> str:
        return "secret"

    return installed(app)


def guard_as_parameter() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[User, SessionGuard()]) -> str:
        return me.id

    return installed(app)


def guard_as_optional_parameter() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[User, SessionGuard()] | None = None) -> str:
        return "secret"

    return installed(app)


def guard_as_default() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[Any, Body()] = SessionGuard()) -> str:
        return "secret"

    return installed(app)


def guard_not_called() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[User, house.guard]) -> str:
        return me.id

    return installed(app)


def layer_as_parameter() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[User, house.layer("api")]) -> str:
        return me.id

    return installed(app)


def current_user(me: Annotated[str, SessionGuard()]) -> str:
    return me


def stack_as_parameter() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[User, house.stack("api")]) -> str:
        return me.id

    return installed(app)


def guard_as_parameter_of_a_dependency() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[str, Depends(current_user)]) -> str:
        return me

    return installed(app)


def app_guard_and_documentation() -> Starlette:
    return installed(FastAPI(dependencies=[house.require("api")]))


def _guarded_app() -> FastAPI:
    return FastAPI(dependencies=[house.require("api")], openapi_url=None)


def app_guard_and_plain_route() -> Starlette:
    app = _guarded_app()
    app.add_route("/secret", secret)
    return installed(app)


def app_guard_and_plain_websocket() -> Starlette:
    app = _guarded_app()
    app.router.routes.append(WebSocketRoute("/shout", shout))
    return installed(app)


def app_guard_and_files() -> Starlette:
    app = _guarded_app()
    app.mount("/files", StaticFiles(directory=Path(__file__).parent))
    return installed(app)


def app_guard_and_sub_application() -> Starlette:
    app, below = _guarded_app(), FastAPI(openapi_url=None)
    below.add_api_route("/secret", api_secret)
    app.mount("/below", below)
    return installed(app)


def router_guard_and_plain_route() -> Starlette:
    router = APIRouter(dependencies=[house.require("api")], routes=[Route("/secret", secret)])
    app = FastAPI()
    app.include_router(router, prefix="/in")
    return installed(app)


def inclusion_guard_and_mount_in_a_nested_router() -> Starlette:
    inner = APIRouter(routes=[Mount("/below", routes=[Route("/secret", secret)])])
    outer = APIRouter()
    outer.include_router(inner)
    app = FastAPI()
    app.include_router(outer, prefix="/in", dependencies=[house.require("api")])
    return installed(app)


def cors_for_everybody() -> Starlette:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    return installed(app)


def cors_by_a_pattern_for_everybody() -> Starlette:
    app = Starlette()
    app.add_middleware(CORSMiddleware, allow_origin_regex=r"https?://.*", allow_credentials=True)
    return installed(app)


def cors_for_everybody_in_a_sub_application() -> Starlette:
    everybody = Middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    return installed(Starlette(routes=[Mount("/below", Starlette(middleware=[everybody]))]))


def public_and_guarded() -> Starlette:
    app = FastAPI()

    @app.get("/secret", dependencies=[house.require("api")])
    @house.public
    async def endpoint() -> str:
        return "secret"

    return installed(app)


TRAPS: list[Any] = [
    pytest.param(layer_on_an_included_route, "/in/secret", "include_router() drops", id="1 included route"),
    pytest.param(
        layer_on_an_included_websocket, "/shout", "include_router() drops", id="1 included websocket"
    ),
    pytest.param(
        layer_shared_with_a_route_that_keeps_it, "/secret", "include_router() drops", id="1 shared layer"
    ),
    pytest.param(requires_above_the_route, "/secret", "below the decorator", id="2 requires above"),
    pytest.param(
        requires_above_another_decorator_above_the_route,
        "/secret",
        "below the decorator",
        id="2 with another",
    ),
    pytest.param(requires_between_two_routes, "/secret", "below the decorator", id="2 between two routes"),
    pytest.param(guard_as_parameter, "/secret", 'house.guard("...")', id="3 guard as parameter"),
    pytest.param(guard_as_optional_parameter, "/secret", 'house.guard("...")', id="3 inside of optional"),
    pytest.param(guard_as_default, "/secret", 'house.guard("...")', id="3 as the default"),
    pytest.param(guard_not_called, "/secret", 'house.guard("...")', id="3 not called"),
    pytest.param(layer_as_parameter, "/secret", 'house.guard("...")', id="3 a layer"),
    pytest.param(stack_as_parameter, "/secret", 'house.guard("...")', id="3 a stack"),
    pytest.param(guard_as_parameter_of_a_dependency, "/secret", 'house.guard("...")', id="3 in a dependency"),
    pytest.param(
        app_guard_and_documentation, "/openapi.json", "'/docs/oauth2-redirect'", id="4 documentation"
    ),
    pytest.param(app_guard_and_plain_route, "/secret", 'house.layer("api")', id="4 plain route"),
    pytest.param(app_guard_and_plain_websocket, "/shout", 'house.layer("api")', id="4 plain websocket"),
    pytest.param(app_guard_and_files, "/files", "house.public", id="4 files"),
    pytest.param(
        app_guard_and_sub_application, "/below/secret", 'house.layer("api")', id="4 sub-application"
    ),
    pytest.param(router_guard_and_plain_route, "/in/secret", 'house.layer("api")', id="4 router"),
    pytest.param(
        inclusion_guard_and_mount_in_a_nested_router,
        "/in/below/secret",
        'house.layer("api")',
        id="4 nested inclusion",
    ),
    pytest.param(cors_for_everybody, "CORSMiddleware", "allow_origins=[...]", id="8 every origin"),
    pytest.param(
        cors_by_a_pattern_for_everybody, "CORSMiddleware", "allow_origins=[...]", id="8 every origin matches"
    ),
    pytest.param(
        cors_for_everybody_in_a_sub_application,
        "CORSMiddleware",
        "allow_origins=[...]",
        id="8 in a sub-application",
    ),
    pytest.param(public_and_guarded, "/secret", "guarded or public", id="public and guarded"),
]


@pytest.mark.parametrize(("write", "place", "fix"), TRAPS)
def test_what_looks_guarded_and_is_not_stops_the_start(write: Callable[[], Starlette], place, fix):
    with pytest.raises(ConfigError) as raised, TestClient(write()):
        pass
    assert place in raised.value.key
    assert fix in raised.value.fix


@pytest.mark.parametrize(("write", "place", "fix"), TRAPS)
def test_a_server_without_lifespan_serves_no_request_of_it(write: Callable[[], Starlette], place, fix):
    client = TestClient(write(), raise_server_exceptions=False)
    for path in ("/secret", "/in/secret", "/below/secret", "/in/below/secret", "/openapi.json", "/elsewhere"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_the_error_says_in_which_line_the_endpoint_stands():
    with (
        pytest.raises(ConfigError, match=rf"route /secret \(.*{Path(__file__).name}:\d+\)"),
        TestClient(guard_not_called()),
    ):
        pass


def test_a_route_added_while_the_application_starts_is_checked_at_the_first_request():
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.include_router(APIRouter(routes=[Route("/secret", secret, middleware=[house.layer("api")])]))
        yield

    with TestClient(installed(FastAPI(lifespan=lifespan)), raise_server_exceptions=False) as client:
        assert client.get("/secret").status_code == 500


# -- the same things written as they work ---------------------------------------------------------------------------


def layer_on_a_route() -> Starlette:
    return installed(Starlette(routes=[Route("/secret", secret, middleware=[plain.layer("api")])]))


def layer_on_a_fastapi_route() -> Starlette:
    return installed(FastAPI(routes=[Route("/secret", secret, middleware=[house.layer("api")])]))


def layer_on_a_mount() -> Starlette:
    return installed(
        Starlette(routes=[Mount("/", routes=[Route("/secret", secret)], middleware=[plain.layer("api")])])
    )


def layer_on_a_mount_in_an_included_router() -> Starlette:
    app = FastAPI(openapi_url=None)
    guarded = Mount("/secret", routes=[Route("/", secret)], middleware=[house.layer("api")])
    app.include_router(APIRouter(routes=[guarded]))
    return installed(app)


def layer_on_a_router() -> Starlette:
    router = Router(routes=[Route("/secret", secret)], middleware=[plain.layer("api")])
    return installed(Starlette(routes=[Mount("/", app=router)]))


def layer_on_the_application() -> Starlette:
    return installed(Starlette(routes=[Route("/secret", secret)], middleware=[plain.layer("api")]))


def layer_on_a_sub_application() -> Starlette:
    below = Starlette(routes=[Route("/secret", secret)], middleware=[plain.layer("api")])
    return installed(Starlette(routes=[Mount("/", below)]))


def requires_below_the_route() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    @log
    @house.requires("api")
    async def endpoint() -> str:
        return "secret"

    return installed(app)


def guard_in_annotated() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Me) -> str:
        return me.id

    return installed(app)


def guard_as_default_value() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: User = house.guard("api")) -> str:
        return me.id

    return installed(app)


def guard_through_depends() -> Starlette:
    app = FastAPI()

    @app.get("/secret")
    async def endpoint(me: Annotated[User, Depends(house.guard("api"))]) -> str:
        return me.id

    return installed(app)


def app_guard_with_open_documentation() -> Starlette:
    app = FastAPI(dependencies=[house.require("api")])
    app.add_api_route("/secret", api_secret)
    return installed(app, public=["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"])


def included_router_of_an_included_router() -> Starlette:
    inner, outer, app = APIRouter(), APIRouter(), FastAPI()
    inner.add_api_route("/secret", api_secret)
    outer.include_router(inner, dependencies=[house.require("api")])
    app.include_router(outer)
    return installed(app)


GUARDED: list[Any] = [
    layer_on_a_route,
    layer_on_a_fastapi_route,
    layer_on_a_mount,
    layer_on_a_mount_in_an_included_router,
    layer_on_a_router,
    layer_on_the_application,
    layer_on_a_sub_application,
    requires_below_the_route,
    guard_in_annotated,
    guard_as_default_value,
    guard_through_depends,
    app_guard_with_open_documentation,
    included_router_of_an_included_router,
]


@pytest.mark.parametrize("write", GUARDED)
def test_written_as_it_works_a_stranger_gets_an_explained_401(write: Callable[[], Starlette]):
    with browser(write()) as client:
        for evil in ("", "?me=1&user=evil"):
            answer = client.get(f"/secret{evil}", follow_redirects=True)
            assert said(answer) == (401, "no_credential")
            assert answer.json()["code"] == "no_credential"


def test_only_paths_that_are_there_can_be_called_public():
    with pytest.raises(ConfigError) as raised:
        installed(FastAPI(), public=["/dcos"])
    assert raised.value.nearest == "/docs"


# -- 5 to 9 -------------------------------------------------------------------------------------------------------


def test_5_the_routes_of_included_routers_are_seen():
    for write in (layer_on_an_included_route, router_guard_and_plain_route):
        with pytest.raises(ConfigError, match="/in/secret"):
            house.check(write())


@pytest.fixture
def app() -> Starlette:
    async def mine(request: Request) -> Response:
        return PlainTextResponse((await plain.user(request)).id)

    guarded = Route("/mine", mine, methods=["GET", "POST", "DELETE"], middleware=[plain.layer("api")])
    return installed(Starlette(routes=[*desk(plain), guarded]))


def test_6_a_planted_session_id_is_never_adopted(app: Starlette):
    planted = "A" * 43
    client = present(browser(app), planted)
    assert said(client.get("/mine")) == (401, "session_ended")
    log_in(client)
    assert client.cookies[SESSION] != planted
    assert client.get("/mine").text == ADA.id
    assert said(present(browser(app), planted).get("/mine")) == (401, "session_ended")


def test_6_a_stolen_cookie_is_worth_nothing_after_the_logout(app: Starlette):
    client = log_in(browser(app))
    thief = present(browser(app), client.cookies[SESSION])
    assert thief.get("/mine").text == ADA.id
    client.post("/logout")
    assert said(thief.get("/mine")) == (401, "session_ended")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_7_a_cookie_alone_changes_nothing(app: Starlette, method):
    client = log_in(browser(app))
    bare = browser(app, headers={})
    bare.cookies.update(client.cookies)
    assert said(bare.request(method, "/mine")) == (403, "csrf_token_missing")
    foreign = {"Origin": "https://evil.example"}
    assert said(bare.request(method, "/mine", headers=foreign)) == (403, "csrf_origin_untrusted")
    assert said(bare.request(method, "/mine", headers={"Origin": ORIGIN})) == (200, None)


def test_8_a_page_of_another_origin_reads_nothing_by_cors():
    front = "https://front.example"
    app = Starlette(routes=[*desk(plain), Route("/secret", secret, middleware=[plain.layer("api")])])
    app.add_middleware(CORSMiddleware, allow_origins=[front], allow_credentials=True)
    client = log_in(browser(installed(app)))
    evil = client.get("/secret", headers={"Origin": "https://evil.example"})
    good = client.get("/secret", headers={"Origin": front})
    assert "access-control-allow-origin" not in evil.headers
    assert good.headers["access-control-allow-origin"] == front


def test_8_everybody_may_read_where_no_guard_trusts_what_browsers_send():
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    tokens_only.install(app)
    with TestClient(app):
        pass


def test_9_a_sub_application_without_our_handler_answers_a_plain_401():
    below = Starlette(routes=[Route("/secret", secret, middleware=[plain.layer("api")])])
    app = installed(Starlette(routes=[Mount("/below", below)]))
    answer = browser(app).get("/below/secret")
    assert said(answer) == (401, "no_credential")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    assert "www-authenticate" in answer.headers


def test_9_a_handler_of_the_application_keeps_the_reason():
    async def own_page(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"mine": True}, error.status_code, error.headers)

    for handled in (401, HTTPException):
        app = Starlette(
            routes=[Route("/secret", secret, middleware=[plain.layer("api")])],
            exception_handlers={handled: own_page},
        )
        answer = browser(installed(app)).get("/secret")
        assert said(answer) == (401, "no_credential")
        assert answer.json().get("mine", False) is (handled == 401)


def test_9_a_guard_takes_requests_and_websockets_alike():
    app = FastAPI()

    @app.websocket("/socket")
    async def socket(socket: WebSocket, me: Me) -> None:
        await socket.accept()
        await socket.send_text(me.id)
        await socket.close()

    app.router.routes.extend(desk(house))
    client = log_in(browser(installed(app)))
    with client.websocket_connect("wss://testserver/socket", headers={"Origin": ORIGIN}) as opened:
        assert opened.receive_text() == ADA.id
    client.cookies.clear()
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("wss://testserver/socket", headers={"Origin": ORIGIN}),
    ):
        pass
    assert said(denied.value) == (401, "no_credential")


def test_9_a_layer_outside_of_the_installed_application_says_where_to_install():
    app = Starlette(routes=[Route("/secret", secret, middleware=[plain.layer("api")])])
    assert TestClient(app, raise_server_exceptions=False).get("/secret").status_code == 500
    with pytest.raises(Exception, match=r"house\.install\(app\) on the outermost application"):
        TestClient(app).get("/secret")


# -- no false alarms ------------------------------------------------------------------------------------------------


class Page(HTTPEndpoint):
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("page")


class GuardedPage(HTTPEndpoint):
    @house.requires("api")
    async def get(self, request: Request) -> Response:
        return PlainTextResponse("page")

    @house.requires("api")
    def post(self, request: Request) -> Response:
        return PlainTextResponse("posted")


class Echo(WebSocketEndpoint):
    pass


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name

    async def page(self, request: Request) -> Response:
        return PlainTextResponse(self.name)

    async def __call__(self, request: Request) -> Response:
        return PlainTextResponse(self.name)


async def named(request: Request, name: str) -> Response:
    return PlainTextResponse(name)


async def raw(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("raw")(scope, receive, send)


def ordinary_starlette() -> Starlette:
    shop = Shop("shop")
    routes = [
        Route("/", secret),
        Route("/page", Page),
        Route("/partial", partial(named, name="partial")),
        Route("/method", shop.page),
        Route("/guarded-method", plain.requires("api")(shop.page)),
        Route("/guarded-partial", plain.requires("api")(partial(named, name="partial"))),
        Route("/guarded-object", plain.requires("api")(shop)),
        Route("/lambda", lambda request: PlainTextResponse("lambda")),
        Mount("/files", StaticFiles(directory=Path(__file__).parent)),
        Mount("/below", routes=[Route("/", secret), Mount("/deeper", Router([Route("/", secret)]))]),
        Mount("/raw", raw),
        Host("api.testserver", Router([Route("/", secret, middleware=[plain.layer("api")])])),
        WebSocketRoute("/shout", shout),
        WebSocketRoute("/echo", Echo),
    ]
    explicit = Middleware(CORSMiddleware, allow_origins=["https://front.example"], allow_credentials=True)
    pattern = Middleware(
        CORSMiddleware, allow_origin_regex=r"https://\w+\.front\.example", allow_credentials=True
    )
    everybody_without = Middleware(CORSMiddleware, allow_origins=["*"])
    return Starlette(
        routes=routes, middleware=[explicit, pattern, everybody_without, Middleware(GZipMiddleware)]
    )


def ordinary_fastapi() -> Starlette:
    app, inner, outer = FastAPI(), APIRouter(prefix="/inner"), APIRouter(dependencies=[house.require("api")])

    async def later(work: BackgroundTasks) -> str:
        return "later"

    async def helped(me: Me, page: Annotated[int, Body()] = 1) -> str:
        return me.id

    inner.add_api_route("/later", later)
    inner.add_api_route("/helped", helped, methods=["POST"])
    inner.add_api_websocket_route("/shout", shout)
    outer.include_router(inner, prefix="/v1")
    app.include_router(outer)
    app.add_api_route("/partial", partial(api_secret))
    app.mount("/below", FastAPI(dependencies=[house.require("api")], openapi_url=None))
    app.mount("/files", StaticFiles(directory=Path(__file__).parent))
    app.add_route("/csrf-cookie", house.csrf_cookie)
    return app


def guarded_throughout() -> Starlette:
    app = FastAPI(dependencies=[house.require("api")], openapi_url=None)
    app.add_route("/plain", house.requires("api")(secret))
    app.add_route("/open", house.public(Shop("open").__call__.__func__))  # type: ignore[attr-defined]
    app.add_route("/csrf-cookie", house.csrf_cookie)
    app.router.routes.append(Route("/page", GuardedPage))
    app.mount("/files", house.public(StaticFiles(directory=Path(__file__).parent)))
    app.mount("/assets", app=house.public(Starlette(routes=[Route("/", secret)])))
    app.router.routes.append(Mount("/guarded", routes=[Route("/", secret)], middleware=[house.layer("api")]))
    return app


@pytest.mark.parametrize("write", [ordinary_starlette, ordinary_fastapi, guarded_throughout])
def test_ordinary_applications_start_in_silence(write: Callable[[], Starlette], caplog):
    caplog.set_level(logging.DEBUG, "guardhouse")
    app = installed(write())
    starlette_house(cookie=None).install(app)
    with TestClient(app):
        pass
    assert not caplog.records


def test_a_house_may_stand_around_several_applications():
    one = Starlette(routes=[Route("/one", secret, middleware=[plain.layer("api")])])
    two = Starlette(routes=[Route("/two", secret, middleware=[plain.layer("api")])])
    for app in (one, two):
        installed(app)
    for app, path in ((one, "/one"), (two, "/two")):
        with browser(app) as client:
            assert said(client.get(path)) == (401, "no_credential")


def test_a_class_endpoint_is_guarded_method_by_method():
    app = FastAPI(routes=[*desk(house), Route("/page", GuardedPage)])
    client = browser(installed(app))
    assert said(client.get("/page")) == (401, "no_credential")
    assert said(client.post("/page")) == (401, "no_credential")
    assert [client.get("/page").status_code, log_in(client).post("/page").text] == [401, "posted"]


def test_the_password_of_the_tests_is_nowhere_in_an_answer(app: Starlette):
    wrong = browser(app).post("/login", json={"email": ADA.email, "password": f"not {PASSWORD}"})
    assert PASSWORD not in wrong.text
