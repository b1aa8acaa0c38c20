"""Cookies that take long to unquote reach no application: they are counted where a request comes in, and refused with a reason."""

from __future__ import annotations

from http.cookies import SimpleCookie
from time import process_time
from typing import Annotated

import pytest
from fastapi import Cookie, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from guardhouse import User, starlette
from guardhouse.edge.unquoting import MOST_BACKSLASHES, backslashes
from guardhouse.fastapi import Guardhouse
from tests.houses import parts

SECONDS = 0.1
"""What the longest cookie that uvicorn lets in takes four seconds for, where it is unquoted slowly."""


@pytest.fixture
def client() -> TestClient:
    house = Guardhouse[User](**parts())
    app = FastAPI()

    @app.get("/open")
    @house.public
    async def seen(theme: Annotated[str, Cookie()] = "") -> dict[str, int]:
        return {"length": len(theme)}

    @app.websocket("/echo")
    @house.public
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("in")

    house.install(app)
    return TestClient(app)


def quoted(count: int) -> str:
    return f'theme="{count * chr(92)}"'


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        pytest.param([], 0, id="no cookie"),
        pytest.param([(b"cookie", b"a=1; b=2")], 0, id="none"),
        pytest.param([(b"cookie", b'a="\\054"'), (b"x", b"\\" * 9), (b"cookie", b"\\\\")], 3, id="two lines"),
    ],
)
def test_the_backslashes_of_all_cookie_lines_are_counted(headers, count):
    assert backslashes(headers) == count


def test_a_request_that_is_turned_away_hears_why_in_no_time(client: TestClient):
    began = process_time()
    answer = client.get("/open", headers={"Cookie": quoted(60_000)})
    assert process_time() - began < SECONDS
    assert (answer.status_code, answer.headers["guardhouse-reason"]) == (400, "cookie_costly")
    assert "no-store" in answer.headers["cache-control"]


@pytest.mark.parametrize(("count", "status"), [(MOST_BACKSLASHES, 200), (MOST_BACKSLASHES + 1, 400)])
def test_the_bound_is_exact(client: TestClient, count, status):
    assert client.get("/open", headers={"Cookie": quoted(count)}).status_code == status


def test_a_cookie_that_was_quoted_by_python_is_read(client: TestClient):
    kept = SimpleCookie({"theme": '{"dark": true, "sizes": [1, 2, 3]}'})["theme"]
    assert "\\" in kept.coded_value
    answer = client.get("/open", headers={"Cookie": f"theme={kept.coded_value}"})
    assert answer.json() == {"length": len(kept.value)}


def test_starlette_leaves_it_to_the_application_whether_cookies_are_read():
    house = starlette.Guardhouse[User](**parts())

    @house.public
    async def seen(_: Request) -> Response:
        return Response()

    app = Starlette(routes=[Route("/open", seen)])
    house.install(app)
    assert TestClient(app).get("/open", headers={"Cookie": quoted(60_000)}).status_code == 200


def test_a_websocket_is_turned_away_too(client: TestClient):
    with client.websocket_connect("/echo") as socket:
        assert socket.receive_text() == "in"
    refused = pytest.raises(WebSocketDisconnect)
    with refused, client.websocket_connect("/echo", headers={"Cookie": quoted(2000)}):
        pytest.fail("it was let in")
