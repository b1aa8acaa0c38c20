"""A WebSocket that cannot be answered like a request is closed with a code that says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from guardhouse import StoreError
from guardhouse.state.record import Record
from guardhouse.stores.memory import MemoryStore
from tests.edge.wire import scope
from tests.houses import ORIGIN, starlette_house

DENIAL: Mapping[str, Any] = {"websocket.http.response": {}}


class Broken(MemoryStore):
    async def create(self, key: bytes, record: Record) -> None:
        raise StoreError("no connection")


def application(**changes: Any) -> Starlette:
    house = starlette_house(**changes)

    async def guarded(socket: WebSocket) -> None:
        await socket.accept()

    async def asks_late(socket: WebSocket) -> None:
        await socket.accept()
        await house.user(socket)

    async def writes(socket: WebSocket) -> None:
        (await house.session(socket))["note"] = "here"
        await socket.accept()

    routes = [
        WebSocketRoute("/guarded", guarded, middleware=[house.layer("web")]),
        WebSocketRoute("/required", house.requires("web")(guarded)),
        WebSocketRoute("/late", house.public(asks_late)),
        WebSocketRoute("/writes", house.public(writes)),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return app


async def sent(app: Starlette, path: str, extensions: Mapping[str, Any]) -> list[Any]:
    """What the application says to a stranger's WebSocket."""
    messages: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        messages.append(message)

    socket = scope("GET", path, {"Origin": ORIGIN}, type="websocket", scheme="wss", extensions=extensions)
    await app({name: value for name, value in socket.items() if name != "method"}, receive, send)
    return messages


@pytest.mark.parametrize("path", ["/guarded", "/required"])
async def test_a_server_that_cannot_deny_in_words_closes_with_the_reason(path: str):
    closed = {"type": "websocket.close", "code": 4401, "reason": "no_credential"}
    assert await sent(application(), path, {}) == [closed]


@pytest.mark.parametrize("path", ["/guarded", "/required"])
async def test_a_server_that_can_answers_as_to_a_request(path: str):
    start, _ = await sent(application(), path, DENIAL)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)


@pytest.mark.parametrize("extensions", [{}, DENIAL])
async def test_who_is_refused_after_the_acceptance_hears_it_in_the_close(extensions: Mapping[str, Any]):
    accepted, closed = await sent(application(), "/late", extensions)
    assert accepted["type"] == "websocket.accept"
    assert closed == {"type": "websocket.close", "code": 4401, "reason": "no_credential"}


async def test_who_must_not_be_told_why_is_told_the_status_only():
    (closed,) = await sent(application(explain="off"), "/guarded", {})
    assert closed == {"type": "websocket.close", "code": 4401, "reason": ""}


async def test_a_session_that_cannot_be_stored_closes_instead_of_accepting():
    assert await sent(application(store=Broken()), "/writes", {}) == [
        {"type": "websocket.close", "code": 4503, "reason": "store_unavailable"}
    ]
