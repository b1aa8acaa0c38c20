"""Whatever breaks in the store, wherever: 503 with Retry-After and no cookie, nobody a guest, nobody another, and well again by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from guardhouse.errors import StoreError
from guardhouse.starlette import session_routes
from guardhouse.state.record import Changes, Record
from guardhouse.testing import BrokenStore, FixedClock
from guardhouse.testing.doubles import VERBS
from tests.houses import (
    ADA,
    GRACE,
    ORIGIN,
    PASSWORD,
    SESSION,
    browser,
    desk,
    log_in,
    present,
    starlette_house,
)

CREDENTIALS = {"email": ADA.email, "password": PASSWORD}


def application(store: Any, clock: Any = None) -> Starlette:
    house = starlette_house(store=store, clock=clock or FixedClock())

    async def who(request: Request) -> JSONResponse:
        return JSONResponse((await house.user(request)).id)

    async def anybody(request: Request) -> JSONResponse:
        user = await house.auth(request).user()
        return JSONResponse(user.id if user else "a guest")

    async def write(request: Request) -> JSONResponse:
        session = await house.session(request)
        session["note"] = "kept"
        return JSONResponse("written")

    async def confirm(request: Request) -> JSONResponse:
        return JSONResponse(await house.auth(request).confirm(PASSWORD))

    async def socket(websocket: WebSocket) -> None:
        user = await house.user(websocket)
        await websocket.accept()
        await websocket.send_text(user.id)
        await websocket.close()

    async def open_socket(websocket: WebSocket) -> None:
        user = await house.auth(websocket).user()
        await websocket.accept()
        await websocket.send_text(user.id if user else "a guest")
        await websocket.close()

    routes = [
        Route("/me", who, methods=["GET", "POST"], middleware=[house.layer("web")]),
        Route("/anybody", house.public(anybody)),
        Route("/write", write, methods=["POST"], middleware=[house.layer("web")]),
        Route("/confirm", confirm, methods=["POST"], middleware=[house.layer("web")]),
        WebSocketRoute("/socket", socket, middleware=[house.layer("web")]),
        WebSocketRoute("/open", house.public(open_socket)),
        *session_routes(house, "web"),
        *desk(house),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return app


ASKS: Mapping[str, Callable[[TestClient], Any]] = {
    "login": lambda client: client.post("/login", json=CREDENTIALS),
    "login of another": lambda client: client.post("/login", json=CREDENTIALS | {"email": GRACE.email}),
    "logout": lambda client: client.post("/logout"),
    "read": lambda client: client.get("/me"),
    "a change": lambda client: client.post("/me"),
    "a page for anybody": lambda client: client.get("/anybody"),
    "write": lambda client: client.post("/write"),
    "confirm": lambda client: client.post("/confirm"),
    "list devices": lambda client: client.get("/sessions"),
    "end others": lambda client: client.delete("/sessions"),
    "end one": lambda client: client.delete(f"/sessions/{client.headers['Other-Device']}"),
    "end this one": lambda client: client.delete(f"/sessions/{client.headers['This-Device']}"),
}
NEEDS = {
    "login": {"move"},
    "login of another": {"move"},
    "logout": {"load", "delete"},
    "read": {"load"},
    "a change": {"load"},
    "a page for anybody": {"load"},
    "write": {"load", "save"},
    "confirm": {"load", "move"},
    "list devices": {"load", "owned"},
    "end others": {"load", "revoke"},
    "end one": {"load", "end"},
    "end this one": {"load", "delete"},
}


def logged_in(store: Any) -> TestClient:
    """A browser of Ada's, who is logged in at another one as well."""
    app = application(store)
    log_in(browser(app))
    client = log_in(browser(app))
    this, other = (one["id"] for one in client.get("/sessions").json()["sessions"])
    client.headers |= {"This-Device": this, "Other-Device": other}
    return client


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("ask", ASKS)
def test_whoever_asks_for_what_is_away_hears_503_and_keeps_his_cookie(ask: str, verb: str):
    store = BrokenStore(broken=())
    client = logged_in(store)
    before = client.cookies[SESSION]
    store.fail([verb])
    answer = ASKS[ask](client)
    store.heal()
    needed = NEEDS[ask] | ({"load"} if ask.startswith("login") else set())
    if verb not in needed:
        assert answer.status_code in {200, 204}
        return
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert client.cookies[SESSION] == before
    for word in (ADA.email, GRACE.email, "a guest"):
        assert word not in answer.text
    assert client.get("/me").json() == ADA.id, "and all is well again, by itself"
    assert len(client.get("/sessions").json()["sessions"]) == 2
    assert ASKS[ask](client).status_code in {200, 204}, "and what was asked for can be had"


@pytest.mark.parametrize("path", ["/socket", "/open"])
def test_a_socket_is_told_and_never_opened_for_a_guest(path: str):
    store = BrokenStore(broken=())
    client = logged_in(store)
    store.fail(["load"])
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(f"wss://testserver{path}", headers={"Origin": ORIGIN}),
    ):
        pass
    assert denied.value.status_code == 503
    assert "set-cookie" not in denied.value.headers
    store.heal()
    with client.websocket_connect(f"wss://testserver{path}", headers={"Origin": ORIGIN}) as socket:
        assert socket.receive_text() == ADA.id
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()


def test_a_touch_that_cannot_be_written_lets_nothing_leave_as_if_it_were():
    store, clock = BrokenStore(broken=()), FixedClock()
    client = log_in(browser(application(store, clock)))
    clock.advance(1800)
    store.fail(["save"])
    answer = client.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert "set-cookie" not in answer.headers
    store.heal()
    assert client.get("/me").json() == ADA.id


def test_an_expired_session_stays_expired_while_it_cannot_be_buried():
    store, clock = BrokenStore(broken=()), FixedClock()
    client = log_in(browser(application(store, clock)))
    clock.advance(24 * 3600)
    store.fail(["delete"])
    assert client.get("/me").status_code == 503
    store.heal()
    assert client.get("/me").status_code == 401
    clock.advance(-24 * 3600)
    assert client.get("/me").status_code == 401


class Unsure(BrokenStore):
    """A store whose answer is lost on the way back: it has done what was asked, and nobody can know."""

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        await self.inside.move(old, new, changes)
        return await super().move(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        await self.inside.delete(key)
        return await super().delete(key)

    async def create(self, key: bytes, record: Record) -> None:
        if "create" in self.broken:
            await self.inside.create(key, record)
            raise StoreError("the answer was lost")
        await super().create(key, record)


@pytest.mark.parametrize("ask", ["logout", "end this one"])
def test_a_logout_whose_answer_was_lost_is_503_and_can_be_asked_for_again(ask: str):
    store = Unsure(broken=())
    client = logged_in(store)
    cookie = client.cookies[SESSION]
    store.fail(["delete"])
    answer = ASKS[ask](client)
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    store.heal()
    assert client.post("/logout").status_code == 204
    assert present(client, cookie).get("/me").status_code == 401


@pytest.mark.parametrize("verb", ["move", "create"])
def test_a_login_whose_answer_was_lost_is_nobodys_login(verb: str):
    store = Unsure(broken=())
    client = log_in(browser(application(store)), GRACE) if verb == "move" else browser(application(store))
    store.fail([verb])
    answer = client.post("/login", json=CREDENTIALS)
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers
    store.heal()
    assert client.get("/me").status_code == 401, "neither Ada, nor Grace under an id that was handed on"
    assert log_in(client).get("/me").json() == ADA.id
