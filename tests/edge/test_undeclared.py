"""Deny by default: a route about which nobody said anything stops the start, unless silence means open."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from guardhouse import ConfigError
from tests.houses import browser, fastapi_house, starlette_house


async def page(request: Request) -> JSONResponse:
    return JSONResponse("a page")


async def echo(socket: WebSocket) -> None:
    await socket.accept()


def house_of() -> Any:
    return starlette_house(undeclared="refuse")


def files(tmp_path: Any) -> StaticFiles:
    return StaticFiles(directory=tmp_path)


@pytest.mark.parametrize(
    ("silent", "path"),
    [
        (lambda tmp: Route("/page", page), "/page"),
        (lambda tmp: WebSocketRoute("/echo", echo), "/echo"),
        (lambda tmp: Mount("/below", routes=[Route("/page", page)]), "/below/page"),
        (lambda tmp: Mount("/static", StaticFiles(directory=tmp)), "/static"),
    ],
    ids=["a route", "a websocket", "below a mount", "files"],
)
def test_a_route_that_nobody_declared_stops_the_start_and_is_named(silent, path, tmp_path):
    house = house_of()
    app = Starlette(routes=[Route("/guarded", page, middleware=[house.layer("web")]), silent(tmp_path)])
    house.install(app)
    with (
        pytest.raises(ConfigError, match=rf"routes: found 'nothing said about {path} \(.+\)'\. Guard them"),
        browser(app),
    ):
        pass


def test_it_stops_the_first_request_where_the_server_runs_no_lifespan():
    app = Starlette(routes=[Route("/page", page)])
    house_of().install(app)
    with pytest.raises(ConfigError, match="nothing said about /page"):
        browser(app).get("/page")


def test_what_is_guarded_or_public_or_the_houses_own_is_declared(tmp_path):
    house = house_of()

    @house.requires("web")
    async def required(request: Request) -> JSONResponse:
        return await page(request)

    app = Starlette(
        routes=[
            Route("/layer", page, middleware=[house.layer("web")]),
            Route("/required", required),
            Route("/csrf-cookie", house.csrf_cookie),
            Route("/added", page),
            Mount("/guarded", routes=[Route("/page", page)], middleware=[house.layer("web")]),
            Mount("/static", house.public(files(tmp_path))),
        ]
    )
    house.install(app, public=["/added"])
    with browser(app) as client:
        assert client.get("/added").status_code == 200


def test_dependencies_of_fastapi_declare_and_its_documentation_needs_no_word():
    house: Any = fastapi_house(undeclared="refuse")
    app = FastAPI()
    router = APIRouter(prefix="/router", dependencies=[house.require("web")])

    @router.get("/page")
    @app.get("/optional", dependencies=[house.optional("web")])
    @app.get("/guest", dependencies=[house.guest("web")])
    async def answer() -> str:
        return "a page"

    @app.get("/user")
    async def user(me: Annotated[Any, house.guard("web")]) -> str:
        return str(me.email)

    app.include_router(router)
    house.install(app)
    with browser(app) as client:
        assert client.get("/docs").status_code == 200


def test_silence_may_mean_open():
    app = Starlette(routes=[Route("/page", page)])
    starlette_house(undeclared="open").install(app)
    with browser(app) as client:
        assert client.get("/page").json() == "a page"


def test_a_long_list_is_cut():
    app = Starlette(routes=[Route(f"/page{number}", page) for number in range(8)])
    house_of().install(app)
    with pytest.raises(ConfigError, match=r"/page4 \(\S+\) and 3 more"), browser(app):
        pass


def test_another_word_is_an_error():
    with pytest.raises(ConfigError, match=r"undeclared: found 'opn'\. Did you mean 'open'"):
        starlette_house(undeclared="opn")
