"""Staying logged in over HTTP: a browser comes back by itself, each use replaces its cookie, and a copy ends everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from guardhouse.core.events import AccountChanged, Login
from guardhouse.doctor.rehearsal import rehearse
from guardhouse.doctor.sending import Asked
from guardhouse.edge.session_routes import session_routes
from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.remembered import GRACE
from guardhouse.stores.memory import MemoryStore
from guardhouse.ways import Ways
from tests.houses import ADA, HASHER, NAVIGATION, ORIGIN, PASSWORD, SESSION
from tests.ways.houses import NEW_PASSWORD, World

COOKIE = "__Host-gh-remember"
RIGHT = {"email": ADA.email, "password": PASSWORD}
REMEMBERED = RIGHT | {"remember": True}
DAY = timedelta(days=1).total_seconds()
HOURS = timedelta(hours=3).total_seconds()


@pytest.fixture
def world(worlds: Callable[..., World]) -> World:
    return worlds({"explain": "full"})


def come(world: World, **headers: str) -> TestClient:
    """Log in with the tick, and forget the session, as a browser does that was closed."""
    client = world.visitor(**headers)
    assert client.post("/login", json=REMEMBERED).status_code == 200
    client.cookies.delete(SESSION)
    return client


def bringing(world: World, *values: str, **headers: str) -> TestClient:
    """A browser with these values in the cookie, and nothing else."""
    return world.visitor(Cookie="; ".join(f"{COOKIE}={value}" for value in values), **headers)


def set_by(answer: Any, name: str = COOKIE) -> str | None:
    """What an answer sets a cookie to, with its attributes."""
    lines = [line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")]
    assert len(lines) < 2
    return lines[0].partition("=")[2] if lines else None


def enrolled(world: World, *kinds: Kind) -> list[Enrolment]:
    store: Any = world.house.parts.store
    return list(world.portal.call(store.enrolments.enrolled, f"users:{ADA.id}", *kinds))


def sessions(world: World) -> int:
    store: Any = world.house.parts.store
    return len(world.portal.call(store.owned, f"users:{ADA.id}"))


# -- the login --------------------------------------------------------------------------------------------------------


def test_the_tick_hands_out_a_cookie_of_its_own_and_leaves_the_session_as_it_is(world):
    client = world.visitor()
    answer = client.post("/login", json=REMEMBERED)
    assert (
        set_by(answer) == f"{client.cookies[COOKIE]}; Max-Age=2592000; Path=/; Secure; SameSite=Lax; HttpOnly"
    )
    assert "Max-Age" not in str(set_by(answer, SESSION))
    world.clock.now += HOURS
    del client.cookies[COOKIE]
    assert client.get("/me").status_code == 401


def test_without_the_tick_there_is_no_such_cookie(world):
    assert set_by(world.visitor().post("/login", json=RIGHT)) is None
    assert not enrolled(world)


def test_a_house_that_does_not_want_it_lengthens_the_session(worlds):
    world = worlds(remember=False)
    client = world.visitor()
    answer = client.post("/login", json=REMEMBERED)
    assert set_by(answer) is None
    assert "Max-Age=2592000" in str(set_by(answer, SESSION))
    world.clock.now += 10 * DAY
    assert client.get("/me").status_code == 200


def test_a_login_that_is_heard_of_says_whether_it_is_remembered(world):
    with world.house.overheard(world.heard.append):
        come(world).get("/me")
    assert [event.remember for event in world.heard if isinstance(event, Login)] == [True, True]


# -- coming back ------------------------------------------------------------------------------------------------------


def test_the_cookie_alone_begins_a_new_session_and_is_replaced(world):
    client = come(world)
    before = client.cookies[COOKIE]
    world.clock.now += 7 * DAY
    answer = client.get("/me")
    assert (answer.status_code, answer.json()) == (200, {"email": ADA.email})
    assert str(set_by(answer)).startswith(f"{client.cookies[COOKIE]}; Max-Age={23 * int(DAY)}; ")
    assert client.cookies[COOKIE] != before
    assert "Max-Age" not in str(set_by(answer, SESSION))
    assert "no-store" in answer.headers["cache-control"]
    again = client.get("/me")
    assert (again.status_code, set_by(again), set_by(again, SESSION)) == (200, None, None)


@pytest.mark.parametrize(
    "session",
    [
        pytest.param("", id="there is none"),
        pytest.param(f"{SESSION}={'A' * 43}; ", id="nobody knows it"),
        pytest.param(f"{SESSION}=rubbish; ", id="it is none of ours"),
    ],
)
def test_it_comes_back_wherever_a_session_is_gone(world, session):
    value = come(world).cookies[COOKIE]
    assert world.visitor(Cookie=f"{session}{COOKIE}={value}").get("/me").status_code == 200


def test_it_comes_back_when_its_session_has_expired(world):
    client = world.visitor()
    client.post("/login", json=REMEMBERED)
    world.clock.now += HOURS
    assert client.get("/me").status_code == 200
    assert client.get("/me").status_code == 200


def test_it_comes_back_into_a_session_in_which_nobody_is_logged_in(worlds):
    world: World = worlds()

    async def cart(request: Request) -> Response:
        (await world.house.session(request))["cart"] = ["a"]
        return Response()

    async def shown(request: Request) -> Response:
        user = await world.house.auth(request, "web").user()
        return JSONResponse([user and user.email, (await world.house.session(request)).get("cart")])

    world.app.router.routes += [Route("/cart", cart, methods=["POST"]), Route("/shown", shown)]
    client = come(world)
    client.post("/cart")
    assert client.get("/shown").json() == [ADA.email, ["a"]]


def test_two_guards_over_the_same_users_share_it_and_a_realm_of_its_own_does_not(worlds):
    world: World = worlds()
    for guard in ("api", "staff"):
        world.app.router.routes.append(Route(f"/{guard}", world.house.requires(guard)(world._me)))
    client = come(world)
    kept = client.cookies[COOKIE]
    assert client.get("/staff").json()["code"] == "no_credential"
    assert client.cookies[COOKIE] == kept
    assert client.get("/api").status_code == 200


def test_an_explicit_credential_goes_first_and_the_cookie_is_not_looked_at(worlds):
    world: World = worlds()
    world.app.router.routes.append(Route("/both", world.house.requires("key,web")(world._me)))
    client = come(world)
    kept = client.cookies[COOKIE]
    assert client.get("/both", headers={"X-Api-Key": "sesame"}).status_code == 200
    assert client.get("/both", headers={"X-Api-Key": "wrong"}).status_code == 401
    assert client.cookies[COOKIE] == kept


def test_the_origin_is_checked_before_the_cookie_is_looked_at(worlds):
    world: World = worlds()
    world.app.router.routes.append(Route("/do", world.house.requires("web")(world._me), methods=["POST"]))
    client = come(world)
    kept = client.cookies[COOKIE]
    for site, code in (("cross-site", "csrf_cross_site"), ("same-site", "csrf_cross_site")):
        answer = client.post("/do", headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        assert set_by(answer) is None
    del client.headers["Sec-Fetch-Site"]
    assert client.post("/do").json()["code"] == "csrf_token_missing"
    assert client.cookies[COOKIE] == kept
    assert client.post("/do", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_guests_are_told_from_those_who_come_back(worlds):
    world: World = worlds()

    async def page(request: Request) -> Response:
        return Response("for guests")

    async def optional(request: Request) -> Response:
        user = await world.house.auth(request, "web").user()
        return Response(user.email if user else "nobody")

    world.app.router.routes += [
        Route("/guests", world.house.requires("web", "guest")(page)),
        Route("/whoever", optional),
    ]
    assert come(world).get("/guests").status_code == 403
    assert come(world).get("/whoever").text == ADA.email
    assert bringing(world, "x").get("/guests").text == "for guests"
    assert bringing(world, "x").get("/whoever").text == "nobody"


def test_who_comes_back_has_proven_nothing_a_moment_ago(world):
    client = come(world)
    client.get("/me")
    store: Any = world.house.parts.store
    logins = [
        login for record in world.portal.call(store.owned, "users:1") for login in record.logins.values()
    ]
    assert {login.proofs for login in logins} == {"password", "remembered"}


def test_a_crash_after_a_turn_lets_the_browser_keep_what_it_was_given(worlds):
    store = Failing()
    world = worlds({"store": store})
    client = come(world)
    store.away = True
    answer = client.get("/me")
    assert answer.status_code == 503
    store.away = False
    world.clock.now += 60
    assert client.get("/me").status_code == 200
    assert not [letter for letter in world.letters() if letter.kind == "device_stolen"]


def test_a_rehearsal_of_its_request_hands_out_no_next_secret(world):
    client = come(world)
    before = enrolled(world)
    asked = Asked("GET", f"{ORIGIN}/me", ((b"cookie", f"{COOKIE}={client.cookies[COOKIE]}".encode()),))
    told = world.portal.call(rehearse, world.app, world.app, asked)
    assert (told.outcome, told.status) == ("refused", 401)
    assert enrolled(world) == before
    world.clock.now += GRACE
    assert client.get("/me").status_code == 200


class Failing(MemoryStore):
    """A store that cannot keep new sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    async def create(self, key: bytes, record: Any) -> None:
        if self.away:
            raise StoreError("away")
        await super().create(key, record)


# -- tabs, and copies -------------------------------------------------------------------------------------------------


def test_a_tab_that_opens_beside_another_gets_a_session_and_no_cookie(world):
    client = come(world)
    first = client.cookies[COOKIE]
    new = client.get("/me")
    beside = bringing(world, first).get("/me")
    assert (new.status_code, beside.status_code) == (200, 200)
    assert set_by(beside) is None
    assert set_by(beside, SESSION)
    assert set_by(beside, SESSION) != set_by(new, SESSION)
    assert len(enrolled(world)) == 1


def test_a_copy_that_comes_later_ends_everything(world):
    other, owner = world.visitor(), come(world)
    other.post("/login", json=REMEMBERED)
    first = owner.cookies[COOKIE]
    owner.get("/me")
    world.clock.now += GRACE
    heard: list[Any] = []
    with world.house.overheard(heard.append):
        thief = bringing(world, first, **{"User-Agent": "curl/8"}).get("/me")
    assert (thief.status_code, thief.json()["code"]) == (401, "remember_stolen")
    assert str(set_by(thief)).startswith("; Max-Age=0")
    assert set_by(thief, SESSION) is None
    for client in (owner, other):
        assert client.get("/me").status_code == 401
        assert client.get("/me").json()["code"] == "session_unknown"
    assert not enrolled(world)
    assert not sessions(world)
    letter = world.letter()
    assert (letter.kind, letter.values["device"]) == ("device_stolen", "curl")
    steps = [event.step for event in heard if isinstance(event, AccountChanged)]
    assert steps == ["remembered_device_stolen"]


def test_a_thief_who_was_first_is_put_out_when_the_owner_comes(world):
    owner = come(world)
    thief = bringing(world, owner.cookies[COOKIE])
    stolen = thief.get("/me")
    assert stolen.status_code == 200
    world.clock.now += HOURS
    assert owner.get("/me").json()["code"] == "remember_stolen"
    del thief.headers["Cookie"]
    assert thief.get("/me").status_code == 401
    assert not sessions(world)


def test_a_copy_is_found_at_the_login_too(world):
    owner = come(world)
    first = owner.cookies[COOKIE]
    owner.get("/me")
    world.clock.now += HOURS
    victim = bringing(world, first)
    assert victim.post("/login", json=RIGHT).status_code == 200
    assert world.letter().kind == "device_stolen"
    assert not enrolled(world)


# -- what is no good --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param(lambda good: ("",), "not one of ours", id="nothing"),
        pytest.param(lambda good: ("x" * 5000,), "not one of ours", id="too long"),
        pytest.param(lambda good: (f"{good}x",), "not one of ours", id="longer by a letter"),
        pytest.param(lambda good: (f"{good}.2000000000",), "not one of ours", id="with another end"),
        pytest.param(
            lambda good: ("A" * 22 + good[22:],), "forgotten, or never handed out", id="another name"
        ),
        pytest.param(lambda good: (good, "x"), "two values", id="two"),
    ],
)
def test_what_is_no_good_is_forgotten_by_the_browser_and_nobody_else_is_touched(world, values, why):
    owner = come(world)
    good = owner.cookies[COOKIE]
    answer = bringing(world, *values(good)).get("/me")
    assert answer.status_code == 401
    assert answer.json()["evidence"]["remembered"] == why
    assert str(set_by(answer)).startswith("; Max-Age=0")
    assert set_by(answer, SESSION) is None
    assert owner.get("/me").status_code == 200


def test_a_series_ends_when_it_was_said_to_end_however_often_it_is_used(world):
    client = come(world)
    for _ in range(29):
        world.clock.now += DAY
        assert client.get("/me").status_code == 200
    assert set_by(client.get("/me")) is None
    value = client.cookies[COOKIE]
    world.clock.now += DAY
    answer = bringing(world, value).get("/me")
    assert answer.json()["evidence"] == {"remembered": "past its end"}
    assert not enrolled(world)


def test_two_equal_values_are_one(world):
    value = come(world).cookies[COOKIE]
    assert bringing(world, value, value).get("/me").status_code == 200


def test_a_new_password_ends_it_whoever_set_it(world):
    client = come(world)
    world.users.replace(replace(ADA, password_hash=HASHER.hash(NEW_PASSWORD)))
    answer = client.get("/me")
    assert (answer.status_code, answer.json()["evidence"]) == (
        401,
        {"remembered": "the password was changed"},
    )
    assert not enrolled(world)


def test_a_reset_of_the_password_ends_it(world):
    client = come(world)
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    world.visitor().post("/reset-password", json={"token": world.token(), "password": NEW_PASSWORD})
    assert not enrolled(world)
    assert client.get("/me").status_code == 401


@pytest.mark.parametrize(
    ("happened", "why"),
    [
        pytest.param(
            lambda world: world.users.replace(replace(ADA, disabled=True)),
            "the user is disabled",
            id="disabled",
        ),
        pytest.param(lambda world: world.users.remove(ADA.id), "the user is gone", id="gone"),
    ],
)
def test_a_user_who_is_kept_out_does_not_come_back(world, happened, why):
    client = come(world)
    happened(world)
    answer = client.get("/me")
    assert (answer.status_code, answer.json()["evidence"]) == (401, {"remembered": why})
    assert not enrolled(world)


def test_a_second_factor_that_was_added_since_is_asked_for(world):
    client = come(world)
    store: Any = world.house.parts.store
    world.portal.call(store.enrolments.enrol, Enrolment(Kind.TOTP, "t", "users:1", world.clock.now))
    answer = client.get("/me")
    assert (answer.status_code, answer.json()["evidence"]) == (
        401,
        {"remembered": "a second factor was added"},
    )


def test_who_must_have_a_second_factor_by_now_is_asked_for_it(worlds):
    """A rule that is new, or a user who has become an administrator, waits for no remembered login to end."""
    strict: set[str] = set()
    world: World = worlds({"explain": "full"}, require_second_factor=lambda user: user.id in strict)
    client, at_ease = come(world), come(world)
    assert at_ease.get("/me").status_code == 200
    strict.add(ADA.id)
    answer = client.get("/me")
    assert (answer.status_code, answer.json()["evidence"]) == (
        401,
        {"remembered": "a second factor is required now"},
    )
    assert client.post("/login", json=RIGHT).json()["next"] == "two-factor-required"


def test_a_login_with_both_factors_is_remembered_and_gives_none_of_them(worlds):
    world: World = worlds()

    async def both(request: Request) -> Response:
        await world.house.auth(request, "web").login(ADA, remember=True, proofs=("password", "totp"))
        return Response()

    world.app.router.routes.append(Route("/both", both, methods=["POST"]))
    store: Any = world.house.parts.store
    world.portal.call(store.enrolments.enrol, Enrolment(Kind.TOTP, "t", "users:1", world.clock.now))
    client = world.visitor()
    client.post("/both")
    client.cookies.delete(SESSION)
    assert client.get("/me").status_code == 200
    (record,) = [
        one for one in world.portal.call(store.owned, "users:1") if one.logins["users"].proofs == "remembered"
    ]
    assert record.logins["users"].proofs == "remembered"


# -- leaving ----------------------------------------------------------------------------------------------------------


def test_a_logout_ends_the_series_of_this_device_and_no_other(world):
    client, other = world.visitor(), come(world)
    client.post("/login", json=REMEMBERED)
    value = client.cookies[COOKIE]
    answer = client.post("/logout")
    assert str(set_by(answer)).startswith("; Max-Age=0")
    assert bringing(world, value).get("/me").status_code == 401
    assert other.get("/me").status_code == 200


def test_a_logout_after_the_session_is_gone_ends_the_series_too(world):
    client = come(world)
    client.post("/logout")
    assert not enrolled(world)
    assert client.get("/me").status_code == 401


def test_a_logout_in_a_tab_beside_ends_the_series(world):
    client = come(world)
    first = client.cookies[COOKIE]
    client.get("/me")
    beside = bringing(world, first)
    beside.get("/me")
    del beside.headers["Cookie"]
    beside.post("/logout")
    assert not enrolled(world)


@pytest.mark.parametrize("email", [ADA.email, "grace@example.com"])
def test_a_login_without_the_tick_forgets_who_was_remembered_here(world, email):
    client = come(world)
    answer = client.post("/login", json={"email": email, "password": PASSWORD})
    assert str(set_by(answer)).startswith("; Max-Age=0")
    assert not enrolled(world)
    world.clock.now += HOURS
    assert client.get("/me").status_code == 401


def test_a_login_with_the_tick_begins_a_series_in_the_place_of_the_one_before(world):
    client = come(world)
    first = client.cookies[COOKIE]
    client.post("/login", json=REMEMBERED)
    assert len(enrolled(world)) == 1
    assert bringing(world, first).get("/me").status_code == 401
    client.cookies.delete(SESSION)
    assert client.get("/me").status_code == 200


# -- the list of devices ----------------------------------------------------------------------------------------------


@pytest.fixture
def listing(worlds: Callable[..., World]) -> World:
    world = worlds()
    world.app.router.routes += session_routes(world.house, "web")
    return world


def devices(client: TestClient) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get("/sessions").json()["sessions"]
    return listed


def test_the_list_shows_who_stays_logged_in_with_a_session_and_without(listing):
    come(listing, **{"User-Agent": "curl/8"})
    listing.clock.now += HOURS
    client = listing.visitor()
    client.post("/login", json=REMEMBERED)
    one, other = devices(client)
    assert (one["current"], one["remembered"], one["until"]) == (True, True, listing.clock.now + 30 * DAY)
    assert (other["current"], other["remembered"], other["device"]) == (False, True, "curl")
    assert other["until"] == listing.clock.now - HOURS + 30 * DAY


def test_a_login_that_is_not_remembered_is_shown_so(listing):
    client = listing.visitor()
    client.post("/login", json=RIGHT)
    assert [one["remembered"] for one in devices(client)] == [False]


@pytest.mark.parametrize("hours", [0, 3])
def test_a_device_that_is_ended_from_the_list_does_not_come_back(listing, hours):
    other = listing.visitor()
    other.post("/login", json=REMEMBERED)
    listing.clock.now += hours * 3600
    client = listing.visitor()
    client.post("/login", json=RIGHT)
    (device,) = [one for one in devices(client) if not one["current"]]
    assert client.delete(f"/sessions/{device['id']}").status_code == 204
    assert other.get("/me").status_code == 401
    assert client.delete(f"/sessions/{device['id']}").status_code == 404


def test_the_device_that_asks_can_be_ended_from_the_list(listing):
    client = listing.visitor()
    client.post("/login", json=REMEMBERED)
    (device,) = devices(client)
    assert str(set_by(client.delete(f"/sessions/{device['id']}"))).startswith("; Max-Age=0")
    assert not enrolled(listing)


def test_the_name_of_a_device_in_the_list_opens_nothing(listing):
    value = come(listing).cookies[COOKIE]
    listing.clock.now += HOURS
    client = listing.visitor()
    client.post("/login", json=RIGHT)
    assert value.partition(".")[0] not in client.get("/sessions").text


def test_ending_the_others_forgets_them_and_keeps_this_one(listing):
    others = [come(listing), listing.visitor()]
    others[1].post("/login", json=REMEMBERED)
    client = listing.visitor()
    client.post("/login", json=REMEMBERED)
    assert client.delete("/sessions").json() == {"ended": 2}
    assert [other.get("/me").status_code for other in others] == [401, 401]
    listing.clock.now += HOURS
    assert client.get("/me").status_code == 200


def test_ending_all_from_elsewhere_forgets_every_device(world):
    client = come(world)
    world.portal.call(world.house.devices("web").end_all, ADA)
    assert client.get("/me").status_code == 401


# -- a person ---------------------------------------------------------------------------------------------------------


def test_a_person_ticks_the_box_and_comes_back_to_a_page(world):
    client = world.visitor(**NAVIGATION)
    answer = client.post("/login", data=RIGHT | {"remember": "on", "next": "/me"}, follow_redirects=False)
    assert set_by(answer)
    client.cookies.delete(SESSION)
    assert client.get("/me", follow_redirects=False).status_code == 200


def test_a_person_whose_cookie_is_a_copy_is_led_to_the_login(world):
    owner = come(world)
    first = owner.cookies[COOKIE]
    owner.get("/me")
    world.clock.now += GRACE
    answer = bringing(world, first, **NAVIGATION).get("/me", follow_redirects=False)
    assert answer.status_code in (302, 303)
    assert answer.headers["guardhouse-reason"] == "remember_stolen"


# -- other doors ------------------------------------------------------------------------------------------------------


def test_a_websocket_comes_back_too_and_only_for_our_own_pages(worlds):
    world: World = worlds()

    async def socket(websocket: WebSocket) -> None:
        user = await world.house.user(websocket, "web")
        await websocket.accept()
        await websocket.send_text(user.email)
        await websocket.close()

    world.app.router.routes.append(WebSocketRoute("/ws", socket))
    value = come(world).cookies[COOKIE]
    headers = {"Cookie": f"{COOKIE}={value}"}
    with (
        pytest.raises(WebSocketDenialResponse),
        world.visitor().websocket_connect("/ws", headers=headers | {"Origin": "https://evil.example"}),
    ):
        raise AssertionError("nobody is let in")
    with world.visitor().websocket_connect("/ws", headers=headers | {"Origin": ORIGIN}) as connected:
        assert connected.receive_text() == ADA.email


def test_a_copy_ends_everything_also_where_no_mail_is_sent(worlds):
    world = worlds({"explain": "full"}, mail=None)
    owner = come(world)
    first = owner.cookies[COOKIE]
    owner.get("/me")
    world.clock.now += GRACE
    assert bringing(world, first).get("/me").json()["code"] == "remember_stolen"
    assert not sessions(world)


def test_an_outsider_is_not_told_why_a_cookie_is_no_good(worlds):
    world = worlds({"debug": False}, mail=None)
    answers = [bringing(world, value).get("/me") for value in ("x", f"{'A' * 22}.{'A' * 43}")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_who_stays_logged_in_at_another_way_is_left_alone(worlds):
    world: World = worlds()
    Ways(world.house, "staff", app_name="Acme", pages=False)

    async def enter(request: Request) -> Response:
        await world.house.auth(request, "staff").login(ADA)
        return Response()

    world.app.router.routes += [
        Route("/enter", enter, methods=["POST"]),
        Route("/staff", world.house.requires("staff")(world._me)),
    ]
    client = come(world)
    assert client.get("/staff").status_code == 401
    client.post("/enter")
    assert len(enrolled(world)) == 1
    client.cookies.delete(SESSION)
    assert client.get("/me").status_code == 200


def test_several_guards_of_one_area_ask_the_cookie_once(worlds):
    world: World = worlds({"explain": "full"})
    world.app.router.routes += [
        Route("/any", world.house.requires("web,api,key")(world._me)),
        Route("/twice", world.house.requires("web")(world.house.requires("api")(world._me))),
    ]
    answer = bringing(world, "x").get("/any")
    codes = [line["code"] for line in answer.json()["trace"]]
    assert codes.count("remember_expired") == 1
    assert codes.count("safe_method") == 1
    assert come(world).get("/any").status_code == 200
    assert come(world).get("/twice").status_code == 200


def test_a_visit_that_asks_again_is_told_the_same(worlds):
    world: World = worlds({"explain": "full"})

    async def twice(request: Request) -> Response:
        found = [await world.house.auth(request, guard).user() for guard in ("web", "api", "web")]
        return JSONResponse([user and user.email for user in found])

    world.app.router.routes.append(Route("/thrice", twice))
    assert come(world).get("/thrice").json() == [ADA.email] * 3
    assert bringing(world, "x").get("/thrice").json() == [None] * 3
    assert len(enrolled(world)) == 1


def test_a_login_that_waits_for_its_second_factor_is_not_passed_by(world):
    store: Any = world.house.parts.store
    value = come(world).cookies[COOKIE]
    world.portal.call(store.enrolments.enrol, Enrolment(Kind.TOTP, "t", "users:1", world.clock.now))
    client = world.visitor()
    assert client.post("/login", json=RIGHT).json()["next"] == "two-factor"
    cookies = f"{SESSION}={client.cookies[SESSION]}; {COOKIE}={value}"
    answer = world.visitor(Cookie=cookies).get("/me")
    assert (answer.json()["code"], set_by(answer)) == ("second_factor_missing", None)
    assert len(enrolled(world, Kind.REMEMBERED)) == 1


def test_the_list_leaves_out_what_brings_nobody_back(listing):
    store: Any = listing.house.parts.store
    come(listing)
    for name, body, ends in (("unreadable", b"?", 9e9), ("over", b"", 1.0)):
        listing.portal.call(
            store.enrolments.enrol, Enrolment(Kind.REMEMBERED, name, "users:1", 1.0, body, ends=ends)
        )
    listing.users.replace(replace(ADA, password_hash=HASHER.hash(NEW_PASSWORD)))
    client = listing.visitor()
    client.post("/login", json=RIGHT | {"password": NEW_PASSWORD})
    assert [one["current"] for one in devices(client)] == [True]
    (device,) = devices(client)
    assert client.delete(f"/sessions/{'0' * 20}").status_code == 404
    assert client.delete(f"/sessions/{device['id']}").status_code == 204
