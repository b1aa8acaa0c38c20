"""A house whose sessions lie in the cookie: everything a visitor does works as with a store, and what cannot is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import ConfigError, MemoryUsers, SessionGuard, SessionPolicy
from guardhouse.core.events import SessionsEnded
from guardhouse.doctor.reading import reading
from guardhouse.edge.session_routes import session_routes
from guardhouse.errors import SessionTooLargeError
from guardhouse.gate.glance import glance
from guardhouse.guards.token import TokenGuard
from guardhouse.starlette import Guardhouse
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.opening import open_sealed
from guardhouse.stores.sealed import SealedSessions
from guardhouse.testing import negative_tests
from tests.houses import (
    ADA,
    GRACE,
    HASHER,
    OTHER_SECRET,
    PASSWORD,
    SECRET,
    SESSION,
    browser,
    desk,
    log_in,
    present,
    said,
    starlette_house,
)

POLICY = SessionPolicy(idle=timedelta(hours=1), absolute=timedelta(hours=8))


class World:
    """An application of a sealed house, and its clock."""

    def __init__(self, **changes: Any) -> None:
        self.now = 1_000_000.0
        self.house = starlette_house(
            **{
                "store": "sealed:",
                "sessions": POLICY,
                "clock": lambda: self.now,
                "explain": "full",
                "debug": True,
                **changes,
            }
        )
        house = self.house

        @house.requires("web")
        async def me(request: Request) -> Response:
            return JSONResponse((await house.user(request)).id)

        @house.requires("web")
        async def post(request: Request) -> Response:
            (await house.session(request)).update(request.query_params)
            return JSONResponse("written")

        @house.public
        async def data(request: Request) -> Response:
            session = await house.session(request)
            return JSONResponse({key: session[key] for key in session if not key.startswith("_")})

        @house.public
        async def flash(request: Request) -> Response:
            session = await house.session(request)
            if request.method == "POST":
                session.flash("note", "saved")
                session.intend("/orders")
            return JSONResponse([session.flashed("note") if request.method == "GET" else None])

        @house.public
        async def intended(request: Request) -> Response:
            return JSONResponse((await house.session(request)).intended("/home"))

        @house.public
        async def confirm(request: Request) -> Response:
            return JSONResponse(await house.auth(request).confirm(PASSWORD))

        @house.public
        async def others(request: Request) -> Response:
            (await house.session(request))["by"] = "this one"
            return JSONResponse(await house.auth(request).end_other_devices())

        self.app = Starlette(
            routes=[
                *desk(house),
                Route("/me", me),
                Route("/post", post, methods=["POST"]),
                Route("/data", data),
                Route("/flash", flash, methods=["GET", "POST"]),
                Route("/intended", intended),
                Route("/confirm", confirm, methods=["POST"]),
                Route("/others", others, methods=["POST"]),
            ]
        )
        house.install(self.app)

    def browser(self) -> TestClient:
        return browser(self.app)

    def carrying(self, value: str) -> TestClient:
        return present(self.browser(), value)


@pytest.fixture(params=["sealed:", "sealed:memory:"])
def world(request: pytest.FixtureRequest) -> World:
    return World(store=request.param)


def calls_back(world: World) -> bool:
    return world.house.parts.beside is not world.house.parts.store


def test_a_login_is_carried_and_nothing_is_kept(world: World):
    client = world.browser()
    assert said(client.get("/me")) == (401, "no_credential")
    log_in(client)
    assert client.get("/me").json() == ADA.id
    assert client.get("/me").headers.get("set-cookie") is None, "nothing is sealed anew that did not change"
    assert len(client.cookies[SESSION]) < 400
    assert log_in(world.browser(), GRACE).get("/me").json() == GRACE.id


def test_what_is_written_comes_back_in_the_next_cookie(world: World):
    client = log_in(world.browser())
    before = client.cookies[SESSION]
    assert client.post("/post?cart=3&note=x").status_code == 200
    assert client.cookies[SESSION] != before
    assert client.get("/data").json() == {"cart": "3", "note": "x"}
    client.post("/post?cart=4")
    assert client.get("/data").json() == {"cart": "4", "note": "x"}


def test_a_login_gives_a_new_cookie_and_the_one_of_before_is_dead_where_that_can_be_told(world: World):
    client = log_in(world.browser())
    before = client.cookies[SESSION]
    log_in(client)
    assert client.get("/me").status_code == 200
    assert world.carrying(before).get("/me").status_code == (401 if calls_back(world) else 200)


def test_after_a_logout_the_browser_has_nothing_and_a_copy_is_dead_where_that_can_be_told(world: World):
    client = log_in(world.browser())
    copy = client.cookies[SESSION]
    answer = client.post("/logout")
    assert "Max-Age=0" in next(
        line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION + "=")
    )
    assert said(client.get("/me")) == (401, "no_credential")
    stolen = world.carrying(copy)
    assert said(stolen.get("/me")) == ((401, "session_unknown") if calls_back(world) else (200, None))
    world.now += 3601
    assert stolen.get("/me").status_code == 401, "no copy outlives its deadline"


def test_a_logout_of_one_realm_leaves_the_other(world: World):
    client = world.browser()
    log_in(client)
    log_in(client, guard="staff")
    client.post("/logout", params={"guard": "staff"})
    assert client.get("/me").json() == ADA.id


# -- CSRF tokens ----------------------------------------------------------------------------------------------------


def token(client: TestClient) -> dict[str, str]:
    return {"X-XSRF-TOKEN": client.cookies["XSRF-TOKEN"]}


def by_token(client: TestClient, path: str, tokens: dict[str, str], **body: Any) -> Any:
    """Ask as a browser that says nothing about itself, so that the CSRF token decides."""
    site = client.headers.pop("Sec-Fetch-Site")
    answer = client.post(path, headers=tokens, **body)
    client.headers["Sec-Fetch-Site"] = site
    return answer


def test_a_token_outlives_every_write_but_no_change_of_the_id(world: World):
    client = log_in(world.browser())
    tokens = token(client)
    for number in range(3):
        assert by_token(client, f"/post?n={number}", tokens).status_code == 200
    client.get("/csrf-cookie")
    assert by_token(client, "/post?n=3", tokens).status_code == 200
    for path, body in (("/confirm", None), ("/login", credentials()), ("/logout", None)):
        assert client.post(path, json=body).is_success
        assert said(by_token(client, "/post?n=4", tokens))[0] in (401, 403)
    log_in(client)
    assert said(by_token(client, "/post?n=5", tokens)) == (403, "csrf_token_invalid")
    assert by_token(client, "/post?n=6", token(client)).status_code == 200


def credentials() -> dict[str, str]:
    return {"email": ADA.email, "password": PASSWORD}


def test_a_token_of_before_the_login_proves_nothing_after_it(world: World):
    client = world.browser()
    client.get("/csrf-cookie")
    tokens = token(client)
    log_in(client)
    assert said(by_token(client, "/post?n=1", tokens)) == (403, "csrf_token_invalid")


def test_a_token_of_another_session_proves_nothing(world: World):
    mine, theirs = log_in(world.browser()), log_in(world.browser())
    assert said(by_token(mine, "/post?n=1", token(theirs))) == (403, "csrf_token_invalid")


def test_who_carries_a_cookie_that_does_not_open_is_a_visitor_whose_tokens_hold(world: World):
    client = world.carrying("A" * 100)
    client.get("/csrf-cookie")
    answer = by_token(client, "/login", token(client), json=credentials())
    assert answer.status_code == 200
    assert client.get("/me").json() == ADA.id


# -- what a session does --------------------------------------------------------------------------------------------


def test_a_message_for_the_next_page_is_shown_once(world: World):
    client = world.browser()
    client.post("/flash")
    assert client.get("/flash").json() == ["saved"]
    assert client.get("/flash").json() == [None]
    assert client.get("/intended").json() == "/orders"
    assert client.get("/intended").json() == "/home"


def test_a_login_takes_over_what_a_guest_had_put_there(world: World):
    client = world.browser()
    client.post("/flash")
    log_in(client)
    assert client.get("/flash").json() == ["saved"]


def test_somebody_who_keeps_coming_is_kept_and_who_does_not_is_out(world: World):
    client = log_in(world.browser())
    copy = client.cookies[SESSION]
    for _ in range(4):
        world.now += 1800
        assert client.get("/me").status_code == 200
    assert client.cookies[SESSION] != copy
    assert said(world.carrying(copy).get("/me")) == (401, "session_expired")
    assert client.get("/me").status_code == 200, "the copy that has expired is of a session that goes on"
    world.now += 3601
    assert said(client.get("/me")) == (401, "session_expired")


def test_nobody_is_in_longer_than_the_absolute_deadline_whatever_he_does(world: World):
    client = log_in(world.browser())
    for _ in range(15):
        world.now += 1900
        client.post("/post?n=1")
    world.now += 1900
    assert said(client.get("/me")) == (401, "session_expired")


def test_a_remembered_login_stays_one_through_every_write(world: World):
    client = log_in(world.browser(), remember="")

    def age(answer: Any) -> int:
        line = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(SESSION + "="))
        return int(line.partition("Max-Age=")[2].partition(";")[0])

    days = POLICY.remembered_absolute.total_seconds()
    world.now += 3600
    assert age(client.post("/post?n=1")) == days - 3600
    world.now += 2 * 24 * 3600
    touched = client.get("/me")
    assert age(touched) == days - 3600 - 2 * 24 * 3600
    assert "no-store" in touched.headers["cache-control"]


def test_a_session_of_the_browser_gets_no_age(world: World):
    client = log_in(world.browser())
    assert "Max-Age" not in client.post("/post?n=1").headers["set-cookie"]


def test_a_request_that_another_site_sent_keeps_nobody_in(world: World):
    client = log_in(world.browser())
    world.now += 1800
    answer = client.post("/post?n=1", headers={"Sec-Fetch-Site": "cross-site"})
    assert (said(answer)[0], answer.headers.get("set-cookie")) == (403, None)


def test_what_no_browser_would_keep_is_the_developers_to_mend(world: World):
    client = log_in(world.browser())
    before = client.cookies[SESSION]
    with pytest.raises(SessionTooLargeError, match="basket"):
        client.post("/post", params={"basket": "x" * 4000, "small": "1"})
    assert client.cookies[SESSION] == before
    assert client.get("/data").json() == {}


def test_a_change_of_the_password_ends_every_copy():
    users = MemoryUsers([ADA, GRACE])
    world = World(users=users)
    copy = log_in(world.browser()).cookies[SESSION]
    users.replace(replace(ADA, password_hash=HASHER.hash("another one")))
    assert said(world.carrying(copy).get("/me")) == (401, "password_changed")


# -- what is called back --------------------------------------------------------------------------------------------


def test_all_others_are_ended_at_once_and_this_one_goes_on():
    world = World(store="sealed:memory:")
    heard: list[Any] = []
    world.house._listeners.setdefault(SessionsEnded, []).append(heard.append)
    here, there, grace = log_in(world.browser()), log_in(world.browser()), log_in(world.browser(), GRACE)
    tokens = token(here)
    answer = here.post("/others")
    assert (answer.status_code, answer.json()) == (200, None)
    assert [one.get("/me").status_code for one in (here, there, grace)] == [200, 401, 200]
    assert here.get("/data").json() == {"by": "this one"}
    assert by_token(here, "/post?n=1", tokens).status_code == 200, "its id is what it was"
    assert heard == [SessionsEnded("web", ADA, None, None)]


async def test_all_of_a_user_are_ended_from_elsewhere():
    world = World(store="sealed:memory:")
    there = log_in(world.browser())
    assert await world.house.devices().end_all(ADA) is None
    assert said(there.get("/me")) == (401, "session_unknown")
    assert log_in(there).get("/me").status_code == 200


@pytest.mark.parametrize("store", ["sealed:", "sealed:memory:"])
async def test_there_is_no_list_of_devices_and_that_is_said_when_it_is_built(store: str):
    house = starlette_house(store=store)
    with pytest.raises(ConfigError, match="nobody can list them"):
        session_routes(house, "web")
    if store == "sealed:":
        with pytest.raises(ConfigError, match="count epochs"):
            house.devices()
    else:
        for call in (house.devices().list(ADA), house.devices().end(ADA, "x")):
            with pytest.raises(ConfigError, match="nobody can list them"):
                await call


def test_what_is_no_session_lies_beside():
    guards = {"web": SessionGuard(), "token": TokenGuard()}
    with pytest.raises(ConfigError, match="behind sealed:"):
        starlette_house(store="sealed:", guards=guards)
    beside = MemoryStore()
    house = starlette_house(store=open_sealed(beside=beside), guards=guards)
    assert house.parts.tokens is beside.tokens
    assert house.limits.attempts is beside.attempts


# -- what it says ---------------------------------------------------------------------------------------------------


def refusal(world: World, value: str) -> dict[str, Any]:
    told: dict[str, Any] = world.carrying(value).get("/me", headers={"Accept": "application/json"}).json()
    return told


def test_a_cookie_of_another_key_says_so():
    theirs = log_in(World(secret=OTHER_SECRET).browser()).cookies[SESSION]
    told = refusal(World(explain="full", debug=True), theirs)
    assert told["code"] == "session_unreadable"
    assert told["evidence"]["sealed"] == "with a key that is not in the ring"
    assert told["evidence"]["key"] != told["evidence"]["seals"]


@pytest.mark.parametrize(
    ("change", "code", "evidence"),
    [
        (
            lambda value: value[: len(value) // 4 * 4 - 4],
            "session_unreadable",
            ("sealed", "by nobody here for this cookie"),
        ),
        (lambda _: "A" * 43, "session_malformed", ("shape", "43 characters, where ours are letters")),
        (lambda value: f'"{value}"', "session_malformed", ("shape", "in quotes")),
    ],
    ids=["cut", "an id of a store", "quoted"],
)
def test_a_cookie_that_does_not_open_says_why(
    change: Callable[[str], str], code: str, evidence: tuple[str, str]
):
    world = World(explain="full", debug=True)
    value = log_in(world.browser()).cookies[SESSION]
    told = refusal(world, change(value))
    assert told["code"] == code
    assert evidence[1] in told["evidence"][evidence[0]]


def test_a_file_of_settings_names_it_too():
    config = {"store": "sealed:", "guards": {"web": {"driver": "session", "provider": "users"}}}
    house: Any = Guardhouse.from_config(config, secret=SECRET, users=MemoryUsers([ADA]))
    assert isinstance(house.parts.store, SealedSessions)


def test_the_class_in_place_of_one_is_refused():
    with pytest.raises(ConfigError, match=r"make one: SealedSessions\("):
        starlette_house(store=SealedSessions)


async def test_the_doctor_looks_and_calls_nothing_back():
    world = World(store="sealed:memory:")
    client = log_in(world.browser())
    parts = reading(world.house.parts)
    key = client.cookies[SESSION].encode()
    await parts.keeper.end(key)
    assert await parts.keeper.load(key) == await world.house.parts.keeper.load(key) != None  # noqa: E711 - one chain
    assert parts.tokens is not None


def test_an_older_cookie_of_the_same_session_brings_back_what_it_held(world: World):
    """This is what docs/sealed.md says of it."""
    client = log_in(world.browser())
    client.post("/post?tries=1")
    older = client.cookies[SESSION]
    client.post("/post?tries=2")
    assert world.carrying(older).get("/data").json() == {"tries": "1"}
    client.post("/confirm")
    assert world.carrying(older).get("/me").status_code == (401 if calls_back(world) else 200)


def test_a_house_with_a_store_takes_no_sealed_cookie_for_one_of_its_own():
    value = log_in(World().browser()).cookies[SESSION]
    assert said(World(store="memory:").carrying(value).get("/me")) == (401, "session_malformed")


def test_a_new_key_seals_and_the_old_one_opens():
    client = log_in(World().browser())
    rotated = World(secret=[OTHER_SECRET, SECRET]).carrying(client.cookies[SESSION])
    assert rotated.post("/post?n=1").status_code == 200
    value = rotated.cookies.get(SESSION, domain="testserver.local") or ""
    assert said(World(secret=OTHER_SECRET).carrying(value).get("/data")) == (200, None)
    assert World(secret=OTHER_SECRET).carrying(value).get("/data").json() == {"n": "1"}


def test_at_a_glance_and_at_length_a_cookie_says_the_same(world: World):
    client = log_in(world.browser())
    house = world.house
    for value in (client.cookies[SESSION], client.cookies[SESSION][:-1] + "A", "A" * 100):
        headers = [(b"cookie", f"{SESSION}={value}".encode())]
        seen = glance(house.parts, house.stack("web"), headers, safe=True)
        assert (seen.identity is not None) is (world.carrying(value).get("/me").status_code == 200)


@pytest.mark.parametrize("store", ["sealed:", "sealed:memory:"])
def test_every_route_refuses_whom_it_should(store: str):
    world = World(store=store)
    test: Any = negative_tests(world.app)
    negatives = [one.values[0] for one in test.pytestmark[0].args[1]]
    kinds = {negative.kind for negative in negatives}
    for negative in negatives:
        test(negative)
    assert {"no cookie", "expired", "stale CSRF token"} <= kinds
    assert ("revoked" in kinds) is (store == "sealed:memory:")
