"""Whatever an application is made of, the doctor looks at it without stumbling, and without calling it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles

from guardhouse.doctor.examination import examined
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.matrix import matrix_of
from guardhouse.doctor.sources import names_in, read_sources
from guardhouse.doctor.subject import subject_of
from guardhouse.edge.routes import walk
from tests.houses import starlette_house


async def page(request: Request) -> Response:
    return PlainTextResponse("page")


async def raw(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nothing is called")


class Anything:
    async def __call__(self, request: Request) -> Response:
        raise AssertionError("nothing is called")

    async def handle(self, request: Request, error: Exception) -> Response:
        raise AssertionError("nothing is called")


class Wrapping:
    def __init__(self, app: Any, *names: str, **more: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


async def never(*_: object) -> Response:
    raise AssertionError("nothing is called")


def odd(house: Any, folder: Path) -> Starlette:
    wrapping: Any = Wrapping
    middleware: Any = [
        Middleware(wrapping, "positional"),
        Middleware(partial(wrapping, named=1)),
        Middleware(lambda app, name="": wrapping(app, name)),
    ]
    handlers: Any = {401: Anything().handle, 403: partial(never), Exception: never, 404: Anything()}
    return Starlette(
        routes=[
            Route("/{a}/{b:int}", Anything()),
            Route("/method", Anything().handle),
            Route("/partial", partial(page)),
            Route("/built-in", print),
            WebSocketRoute("/ws", raw),
            Mount("/{a}", routes=[Mount("/{a}", routes=[Route("/{a}", page)])]),
            Mount("", app=Router([Route("/nameless", page, middleware=[house.layer("web")])])),
            Mount("/raw", raw),
            Mount("/static", StaticFiles(directory=folder)),
            Host("{sub}.example.org", raw),
        ],
        middleware=middleware,
        exception_handlers=handlers,
    )


def looked_at(app: Any, house: Any) -> list[Finding]:
    return anyio.run(examined, subject_of(app, app, house))


def test_an_odd_application_is_looked_at(tmp_path: Path):
    house = starlette_house(login_url="/x")
    app = odd(house, tmp_path)
    house.install(app)
    codes = {finding.code for finding in looked_at(app, house)}
    assert {"route-undeclared", "handler-swallows"} <= codes
    assert "rule-unknown" not in codes
    assert anyio.run(matrix_of, app, house)


def test_wrapped_by_hand_the_outermost_is_looked_at_too(tmp_path: Path):
    house = starlette_house()
    app = odd(house, tmp_path)
    house.install(app)
    assert anyio.run(examined, subject_of(Wrapping(Wrapping(app)), app, house))


@pytest.mark.parametrize(
    "function", [print, partial(page), Anything(), Anything, Anything().handle, lambda: 0, None, 3]
)
def test_names_are_read_off_anything(function):
    assert isinstance(names_in(function), frozenset)


def test_a_module_whose_source_is_gone_or_broken_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import importlib.util  # noqa: PLC0415 - here only

    for name, text in (("odd_gone", "x = 1"), ("odd_broken", "x = 1")):
        file = tmp_path / f"{name}.py"
        file.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    (tmp_path / "odd_gone.py").unlink()
    (tmp_path / "odd_broken.py").write_text("def (:\n", encoding="utf-8")
    for name in ("odd_gone", "odd_broken", "not_even_a_module"):
        sources = read_sources([], [name])
        assert not sources.trees
        assert not sources.whole


def test_the_places_of_a_walk_are_those_of_the_source():
    app = Starlette(routes=[Route("/page", page)])
    (info,) = walk(app)
    assert info.where.startswith(__file__)
