"""The list of devices: right after any order of things, without an id in it, and nobody's but the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import ConfigError, SessionGuard
from guardhouse.core.events import Logout, SessionsEnded
from guardhouse.guards.token import TokenGuard
from guardhouse.starlette import session_routes
from guardhouse.state.crumbs import key_of
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.record import Login, Record, encode, opened
from guardhouse.stores.sqlite import SQLiteStore
from guardhouse.testing import BrokenStore, CountingStore
from tests.house.test_tokens import Clock
from tests.houses import (
    ADA,
    GRACE,
    HASHER,
    PAGE,
    SESSION,
    browser,
    desk,
    log_in,
    present,
    said,
    starlette_house,
)

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1"
GUARDS = {"web": SessionGuard(), "staff": SessionGuard(realm="staff"), "token": TokenGuard()}


def house_of(**changes: Any) -> Any:
    return starlette_house(**({"guards": GUARDS, "clock": Clock()} | changes))


def application(house: Any, asked: str = "token,web") -> Starlette:
    async def me(request: Request) -> JSONResponse:
        return JSONResponse((await house.user(request)).id)

    async def confirm(request: Request) -> JSONResponse:
        return JSONResponse(await house.auth(request).confirm((await request.json())["password"]))

    routes = [
        Route("/me", me, middleware=[house.layer("web")]),
        Route("/staff", me, middleware=[house.layer("staff")]),
        Route("/confirm", confirm, methods=["POST"], middleware=[house.layer("web")]),
        *session_routes(house, asked),
        *desk(house),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return app


def device(app: Starlette, user: Any = ADA, agent: str = FIREFOX, peer: str = "203.0.113.7") -> TestClient:
    """A browser of its own, logged in."""
    return log_in(browser(app, PAGE | {"User-Agent": agent}, client=(peer, 50000)), user)


def listed(client: TestClient) -> Sequence[dict[str, Any]]:
    answer = client.get("/sessions")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found: list[dict[str, Any]] = answer.json()["sessions"]
    return found


def test_the_list_tells_each_device_in_plain_words_and_which_is_this_one():
    house = house_of()
    app = application(house)
    laptop = device(app)
    house.parts.clock.now += 60
    phone = device(app, agent=IPHONE, peer="2001:db8::1")
    first, second = listed(laptop)
    assert first | {"id": ""} == {
        "id": "",
        "created": 1_000_000.0,
        "logged_in": 1_000_000.0,
        "seen": 1_000_000.0,
        "until": 1_000_000.0 + 7200,
        "device": "Firefox on Windows",
        "address": "203.0.113.0/24",
        "current": True,
        "remembered": False,
    }
    assert (second["device"], second["address"], second["current"]) == (
        "Safari on iPhone",
        "2001:db8::/64",
        False,
    )
    assert [one["current"] for one in listed(phone)] == [True, False]


def test_no_list_holds_what_opens_a_session():
    house = house_of()
    app = application(house)
    laptop, phone = device(app), device(app)
    text = laptop.get("/sessions").text
    for client in (laptop, phone):
        session_id = client.cookies[SESSION]
        key = key_of(session_id.encode())
        assert session_id not in text
        assert key.hex() not in text
        assert present(browser(app), listed(client)[0]["id"]).get("/me").status_code == 401


def test_one_is_ended_by_its_name_at_once_and_stays_so():
    house = house_of()
    heard: list[Any] = []
    house.listen(SessionsEnded, heard.append)
    app = application(house)
    laptop, phone = device(app), device(app)
    name = listed(laptop)[1]["id"]
    assert laptop.delete(f"/sessions/{name}").status_code == 204
    assert said(phone.get("/me")) == (401, "session_ended")
    assert [one["current"] for one in listed(laptop)] == [True]
    assert laptop.delete(f"/sessions/{name}").status_code == 404
    assert heard == [SessionsEnded("web", ADA, name, 1)]


def test_nobody_ends_or_sees_what_is_another_users():
    house = house_of()
    app = application(house)
    ada, grace = device(app), device(app, GRACE)
    assert len(listed(grace)) == 1
    for name in (listed(ada)[0]["id"], "nothing", "%00", "x" * 5000):
        assert grace.delete(f"/sessions/{name}").status_code == 404
    assert ada.get("/me").json() == ADA.id


def test_all_others_are_ended_and_this_one_goes_on():
    app = application(house_of())
    laptop, phone, tablet, grace = device(app), device(app), device(app), device(app, GRACE)
    answer = laptop.delete("/sessions")
    assert answer.json() == {"ended": 2}
    assert laptop.get("/me").status_code == 200
    assert phone.get("/me").status_code == tablet.get("/me").status_code == 401
    assert grace.get("/me").status_code == 200
    assert laptop.delete("/sessions").json() == {"ended": 0}


def test_ending_this_one_is_a_logout_of_all_its_realms():
    house = house_of()
    heard: list[Any] = []
    house.listen(Logout, heard.append)
    app = application(house)
    laptop = log_in(device(app), guard="staff")
    cookie = laptop.cookies[SESSION]
    answer = laptop.delete(f"/sessions/{listed(laptop)[0]['id']}")
    assert answer.status_code == 204
    assert f"{SESSION}=" in answer.headers["set-cookie"]
    stale = present(browser(app), cookie)
    assert stale.get("/me").status_code == stale.get("/staff").status_code == 401
    assert [event.identity.user_id for event in heard] == [ADA.id]


def test_a_device_keeps_its_name_through_every_change_of_its_id():
    app = application(house_of())
    laptop, phone = device(app), device(app)
    name = next(one["id"] for one in listed(laptop) if not one["current"])
    assert phone.post("/confirm", json={"password": "correct horse battery staple"}).json() is True
    log_in(phone, guard="staff")
    assert name in {one["id"] for one in listed(laptop)}
    assert laptop.delete(f"/sessions/{name}").status_code == 204
    assert phone.get("/me").status_code == 401


def test_what_opens_nothing_any_more_is_not_listed():
    house = house_of()
    app = application(house)
    old, other = device(app), device(app)
    house.parts.clock.now += 7000
    laptop = device(app)
    assert len(listed(laptop)) == 3
    house.parts.clock.now += 300
    assert len(listed(laptop)) == 1
    other.get("/me")
    old.get("/me")
    assert len(listed(laptop)) == 1


def test_a_login_of_before_a_change_of_the_password_is_not_listed_but_ended_with_the_others():
    house = house_of()
    app = application(house)
    phone = device(app)
    house.parts.providers["users"].replace(replace(ADA, password_hash=HASHER.hash("another")))
    assert said(phone.get("/sessions")) == (401, "password_changed")
    laptop = browser(app)
    assert laptop.post("/login", json={"email": ADA.email, "password": "another"}).status_code == 200
    assert [one["current"] for one in listed(laptop)] == [True]
    assert laptop.delete("/sessions").json() == {"ended": 1}


async def test_a_user_who_has_no_password_any_more_has_no_login_that_was_made_with_one():
    house = house_of()
    device(application(house))
    assert len(await house.devices().list(ADA)) == 1
    assert await house.devices().list(replace(ADA, password_hash=None)) == []


async def test_whoever_looks_after_users_sees_and_ends_all_of_one():
    house = house_of()
    app = application(house)
    laptop, phone = device(app), device(app)
    devices = await house.devices().list(ADA)
    assert [one.current for one in devices] == [False, False]
    assert await house.devices().end(ADA, devices[0].id)
    assert await house.devices().end_all(ADA) == 1
    assert await house.devices().end_all(ADA) == 0
    assert laptop.get("/me").status_code == phone.get("/me").status_code == 401


async def test_devices_that_are_remembered_or_trusted_are_forgotten_and_nothing_else_of_the_user():
    house = house_of()
    kept = house.parts.store.enrolments
    for owner, kind in (
        (ADA, Kind.REMEMBERED), (ADA, Kind.TRUSTED), (ADA, Kind.TOTP), (GRACE, Kind.REMEMBERED),
    ):  # fmt: skip
        assert await kept.enrol(Enrolment(kind, f"{owner.id} {kind.value}", f"users:{owner.id}", 1.0))
    assert await house.devices().forget(ADA) == 2
    assert await house.devices().forget(ADA) == 0
    assert [one.kind for one in await kept.enrolled(f"users:{ADA.id}")] == [Kind.TOTP]
    assert len(await kept.enrolled(f"users:{GRACE.id}")) == 1


async def test_a_store_that_keeps_no_enrolments_remembers_no_device():
    class Plain(CountingStore):
        async def owned(self, owner: str) -> Sequence[Record]:
            return []

        async def revoke(self, owner: str, *, keep: bytes | None = None) -> int:
            return 0

        async def end(self, owner: str, public_id: str) -> bool:
            return False

    house = house_of(store=Plain(), guards={"web": SessionGuard()})
    assert await house.devices().forget(ADA) == 0


def test_another_site_ends_nothing():
    app = application(house_of())
    laptop, phone = device(app), device(app)
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/sessions", f"/sessions/{listed(laptop)[1]['id']}"):
        assert laptop.delete(path, headers=evil).status_code == 403
    assert phone.get("/me").status_code == 200


def test_a_password_of_long_ago_neither_lists_nor_ends():
    house = house_of()
    app = application(house)
    laptop, phone = device(app), device(app)
    house.parts.clock.now += 3600
    assert laptop.get("/me").status_code == phone.get("/me").status_code == 200
    house.parts.clock.now += 7100
    laptop.get("/me")
    phone.get("/me")
    house.parts.clock.now += 200
    for answer in (laptop.get("/sessions"), laptop.delete("/sessions"), laptop.delete("/sessions/x")):
        assert said(answer) == (403, "confirmation_needed")
    assert phone.get("/me").status_code == 200
    assert laptop.post("/confirm", json={"password": "correct horse battery staple"}).json() is True
    assert laptop.delete("/sessions").json() == {"ended": 1}


async def test_a_token_neither_lists_nor_ends():
    house = house_of()
    app = application(house)
    laptop = device(app)
    issued = await house.tokens().issue(ADA, "laptop")
    program = browser(app, {"Authorization": f"Bearer {issued.plain}"})
    for answer in (program.get("/sessions"), program.delete("/sessions"), program.delete("/sessions/x")):
        assert said(answer) == (403, "confirmation_needed")
    assert laptop.get("/me").status_code == 200


async def test_all_others_are_ended_with_the_tokens_where_that_is_wished():
    house = house_of()
    app = application(house)
    laptop = device(app)
    ada, grace = [await house.tokens().issue(user, "laptop") for user in (ADA, GRACE)]
    assert laptop.delete("/sessions").json() == {"ended": 0}
    assert said(laptop.delete("/sessions?tokens=perhaps")) == (422, None)
    assert len(await house.tokens().list(ADA)) == 1
    assert laptop.delete("/sessions?tokens=true").json() == {"ended": 0, "tokens": 1}
    assert [len(await house.tokens().list(user)) for user in (ADA, GRACE)] == [0, 1]
    assert ada.plain != grace.plain


def test_a_guest_is_asked_who_he_is():
    client = browser(application(house_of()))
    assert said(client.get("/sessions")) == (401, "no_credential")
    assert client.delete("/sessions").status_code == 401


async def test_at_the_desk_a_guest_has_no_devices_and_ends_none():
    house = house_of()

    async def ask(request: Request) -> JSONResponse:
        auth = house.auth(request)
        ended = [await auth.end_device("x"), await auth.end_other_devices()]
        return JSONResponse([list(await auth.devices()), *ended])

    app = Starlette(routes=[Route("/ask", house.public(ask), methods=["POST"])])
    house.install(app)
    assert browser(app).post("/ask").json() == [[], False, 0]


def test_who_is_believed_for_one_request_only_has_no_current_device():
    house = house_of()

    async def ask(request: Request) -> JSONResponse:
        auth = house.auth(request)
        await auth.once(await request.json())
        listed = [one.current for one in await auth.devices()]
        return JSONResponse([listed, await auth.end_other_devices()])

    app = application(house)
    app.router.routes.append(Route("/ask", house.public(ask), methods=["POST"]))
    device(app)
    answer = device(app, GRACE).post(
        "/ask", json={"email": ADA.email, "password": "correct horse battery staple"}
    )
    assert answer.json() == [[False], 1]


def test_a_record_of_before_devices_were_noted_reads_and_is_listed(tmp_path: Any):
    old = ["name", 1.0, 1.0, 60.0, 99.0, {"users": ["1", "users", "web", 1.0, None]}, {}]
    record = opened(encode(old))
    assert record.logins["users"] == Login("1", "users", "web", 1.0)
    assert record.logins["users"].device == ""


@pytest.mark.parametrize("what", ["list", "end one", "end others"])
def test_a_store_that_is_away_is_503_and_ends_and_tells_nothing(what: str):
    store = BrokenStore(broken=())
    app = application(house_of(store=store, guards={"web": SessionGuard(), "staff": SessionGuard()}), "web")
    laptop, phone = device(app), device(app)
    name = listed(laptop)[1]["id"]
    asks = {
        "list": lambda: laptop.get("/sessions"),
        "end one": lambda: laptop.delete(f"/sessions/{name}"),
        "end others": lambda: laptop.delete("/sessions"),
    }
    store.fail()
    answer = asks[what]()
    assert said(answer) == (503, "store_unavailable")
    assert answer.headers["retry-after"]
    assert "set-cookie" not in answer.headers
    store.heal()
    assert phone.get("/me").status_code == 200
    assert asks[what]().status_code in {200, 204}


def test_a_store_without_the_power_stops_the_start_and_says_so():
    house = house_of(store=CountingStore(), guards=None)
    with pytest.raises(ConfigError, match="find the sessions of one user"):
        session_routes(house, "web")


def test_guards_without_a_session_have_none_to_list():
    with pytest.raises(ConfigError, match="name a session guard"):
        session_routes(house_of(), "token")


def test_how_fresh_is_said_at_the_routes():
    house = house_of()
    routes = session_routes(house, "web", path="/here", fresh=timedelta(minutes=5))
    assert {route.path for route in routes} == {"/here", "/here/{id}"}  # type: ignore[attr-defined]


def test_two_stores_of_one_file_agree_at_once(tmp_path: Any):
    file = tmp_path / "sessions.db"
    one, two = (application(house_of(store=SQLiteStore(file))) for _ in range(2))
    laptop, phone = device(one), device(two)
    assert len(listed(laptop)) == 2
    assert laptop.delete("/sessions").json() == {"ended": 1}
    assert phone.get("/me").status_code == 401


def test_a_record_carries_little_more_for_it():
    login = Login("1", "users", "web", 1.0, "v1.k.m")
    bare = Record("p", 1.0, 1.0, 1.0, 1.0, {"users": login}, {})
    noted = Login("1", "users", "web", 1.0, "v1.k.m", "Samsung Internet on Android", "203.0.113.0/24")
    grown = Record("p", 1.0, 1.0, 1.0, 1.0, {"users": noted}, {})
    assert len(encode(grown)) - len(encode(bare)) <= 48
