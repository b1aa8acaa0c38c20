"""Ways in of a house whose sessions lie in cookies: what counts once is kept beside them, and where nothing is, that is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from guardhouse import ConfigError
from guardhouse.core.events import SessionsEnded
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.remembered import GRACE
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.sealed import SealedSessions
from tests.houses import ADA, PASSWORD, SESSION
from tests.services.issuer import foreign_server
from tests.ways.elsewhere import Elsewhere
from tests.ways.houses import NEW_PASSWORD, World
from tests.ways.phones import switch_on
from tests.ways.test_foreign import NEWCOMER

COOKIE = "__Host-gh-remember"
RIGHT = {"email": ADA.email, "password": PASSWORD}
REMEMBERED = RIGHT | {"remember": True}
HOURS = 3 * 3600.0


class Forgetful:
    """A store beside the cookies that keeps enrolments, and cannot tell what was used before."""

    def __init__(self) -> None:
        self.enrolments = MemoryStore().enrolments


@pytest.fixture
def inner() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def world(worlds: Callable[..., World], inner: MemoryStore) -> World:
    """Where epochs are counted, and all else lies beside them."""
    return sealed(worlds, SealedSessions(epochs=inner))


@pytest.fixture
def uncounted(worlds: Callable[..., World], inner: MemoryStore) -> World:
    """Where a store lies beside the cookies, and nobody counts epochs."""
    return sealed(worlds, SealedSessions(beside=inner))


def sealed(worlds: Callable[..., World], store: SealedSessions, **ways: Any) -> World:
    """A world with these sessions, and a route that logs the other devices out."""
    world = worlds({"explain": "full", "store": store}, **ways)

    async def others(request: Request) -> Response:
        return JSONResponse(await world.house.auth(request, "web").end_other_devices())

    world.app.router.routes.append(Route("/others", world.house.requires("web")(others), methods=["POST"]))
    return world


def enrolled(world: World, inner: MemoryStore) -> list[Enrolment]:
    return list(world.portal.call(inner.enrolments.enrolled, f"users:{ADA.id}", Kind.REMEMBERED))


def come(world: World) -> TestClient:
    client = world.visitor()
    assert client.post("/login", json=REMEMBERED).status_code == 200
    return client


def bringing(world: World, cookies: str) -> TestClient:
    return world.visitor(Cookie=cookies)


def test_a_browser_stays_logged_in_when_its_sealed_session_is_past(world: World, inner: MemoryStore):
    client = come(world)
    first = client.cookies[COOKIE]
    world.clock.now += HOURS
    assert client.get("/me").status_code == 200
    assert client.cookies[COOKIE] != first
    assert len(enrolled(world, inner)) == 1
    client.post("/logout")
    assert client.get("/me").status_code == 401
    assert not enrolled(world, inner)


def test_a_copy_of_what_remembers_ends_every_sealed_session(world: World, inner: MemoryStore):
    other, owner = come(world), come(world)
    first = owner.cookies[COOKIE]
    owner.cookies.delete(SESSION)
    owner.get("/me")
    world.clock.now += GRACE
    with world.house.overheard(world.heard.append):
        thief = bringing(world, f"{COOKIE}={first}").get("/me")
    assert thief.json()["code"] == "remember_stolen"
    assert [client.get("/me").status_code for client in (owner, other)] == [401, 401]
    assert not enrolled(world, inner)
    assert [one.count for one in world.heard if isinstance(one, SessionsEnded)] == [None]


def test_a_reset_of_the_password_ends_every_sealed_session(world: World, inner: MemoryStore):
    client = come(world)
    copy = f"{SESSION}={client.cookies[SESSION]}"
    world.visitor().post("/forgot-password", json={"email": ADA.email})
    answer = world.visitor().post("/reset-password", json={"token": world.token(), "password": NEW_PASSWORD})
    assert answer.status_code == 200
    assert bringing(world, copy).get("/me").json()["code"] == "session_unknown"
    assert not enrolled(world, inner)


def test_a_reset_ends_them_by_the_password_alone_where_nobody_counts(uncounted: World, inner: MemoryStore):
    client = come(uncounted)
    uncounted.visitor().post("/forgot-password", json={"email": ADA.email})
    token = uncounted.token()
    answer = uncounted.visitor().post("/reset-password", json={"token": token, "password": NEW_PASSWORD})
    assert answer.status_code == 200
    del client.cookies[COOKIE]
    assert client.get("/me").json()["code"] == "password_changed"
    assert not enrolled(uncounted, inner)


def test_the_other_devices_are_forgotten_too_and_this_one_is_not(world: World, inner: MemoryStore):
    other, here = come(world), come(world)
    assert here.post("/others").status_code == 200
    world.clock.now += HOURS
    assert other.get("/me").status_code == 401
    assert here.get("/me").status_code == 200
    assert len(enrolled(world, inner)) == 1


def test_devices_are_forgotten_before_sessions_are_ended_from_elsewhere(world: World, inner: MemoryStore):
    client = come(world)
    assert world.portal.call(world.house.devices().end_all, ADA) is None
    assert client.get("/me").status_code == 401
    assert not enrolled(world, inner)


@pytest.mark.parametrize("store", ["world", "uncounted"])
def test_a_link_opens_once_whichever_cookie_is_put_back(
    worlds: Callable[..., World], inner: MemoryStore, store: str
):
    sessions = SealedSessions(epochs=inner) if store == "world" else SealedSessions(beside=inner)
    world = sealed(worlds, sessions, magic_links="same-browser")
    client = world.visitor()
    client.post("/send-link", json={"email": ADA.email})
    token, before = world.token(), "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    assert client.post("/enter", json={"token": token}).status_code == 200
    again = bringing(world, before).post("/enter", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (410, "link_spent")


@pytest.mark.parametrize("store", ["epochs", "beside"])
def test_tries_are_counted_beside_the_cookies_however_old_the_cookie_is(
    worlds: Callable[..., World], inner: MemoryStore, store: str
):
    made: Any = SealedSessions(epochs=inner) if store == "epochs" else SealedSessions(beside=inner)
    world = sealed(worlds, made)
    answers = [
        world.visitor().post("/login", json={"email": ADA.email, "password": "wrong"}) for _ in range(12)
    ]
    assert answers[-1].status_code == 429
    beside = sealed(worlds, made)
    assert beside.visitor().post("/login", json=RIGHT).status_code == 429, (
        "another process asks the same store"
    )


# -- the second step ----------------------------------------------------------------------------------------------------


def half_way(world: World) -> str:
    client = world.visitor()
    assert client.post("/login", json=RIGHT).json()["next"] == "two-factor"
    return f"{SESSION}={client.cookies[SESSION]}"


def give(world: World, cookie: str, code: str) -> Any:
    return bringing(world, cookie).post("/two-factor", json={"code": code})


@pytest.mark.parametrize("store", ["epochs", "beside"])
def test_a_code_counts_once_whichever_cookie_is_put_back(
    worlds: Callable[..., World], inner: MemoryStore, store: str
):
    world = sealed(worlds, SealedSessions(**{store: inner}))
    owner = switch_on(world)
    first, second = half_way(world), half_way(world)
    code = owner.phone.code(world.clock.now)
    assert give(world, first, code).json() == {"done": "logged-in"}
    again = give(world, first, code).json()["code"]
    assert again == ("factor_not_asked" if store == "epochs" else "factor_wrong")
    assert give(world, second, code).json()["code"] == "factor_wrong"


@pytest.mark.parametrize("store", ["epochs", "beside"])
def test_who_puts_back_his_tries_has_no_more_of_them(
    worlds: Callable[..., World], inner: MemoryStore, store: str
):
    world = sealed(worlds, SealedSessions(**{store: inner}))
    owner = switch_on(world)
    cookie = half_way(world)
    codes = [give(world, cookie, "000000").json()["code"] for _ in range(12)]
    assert set(codes[:5]) == {"factor_wrong"}
    assert codes[-1] == "login_throttled"
    other = give(world, half_way(world), owner.phone.code(world.clock.now))
    assert other.json()["code"] == "login_throttled", "in another window too"


# -- logins elsewhere ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["epochs", "beside"])
def test_what_comes_back_counts_once_whichever_cookie_is_put_back(
    portal: Any, inner: MemoryStore, store: str
):
    with foreign_server() as server:
        server.people["joan"] = dict(NEWCOMER)
        world = Elsewhere(portal, server, {"store": SealedSessions(**{store: inner})})
        browser = world.person()
        params = world.visit(world.begin(browser), "joan")
        before = f"{SESSION}={browser.cookies[SESSION]}"
        assert "reason" not in world.bring(browser, params).headers["location"]
        again = world.bring(bringing(world, before), params)
        assert again.headers["location"].endswith("reason=foreign_state")


def test_many_who_begin_with_a_long_way_to_go_fit_into_a_cookie(portal: Any, inner: MemoryStore):
    with foreign_server() as server:
        world = Elsewhere(portal, server, {"store": SealedSessions(epochs=inner)})
        browser = world.person()
        for letters in (1, 400, 500, 2000, 400, 400):
            world.begin(browser, next="/".ljust(letters, "x"))
        assert world.bring(browser, world.visit(world.begin(browser))).status_code == 303


# -- where nothing lies beside ------------------------------------------------------------------------------------------


def test_without_a_store_a_login_can_only_last_longer_and_there_is_no_second_factor(
    worlds: Callable[..., World],
):
    world = sealed(worlds, SealedSessions())
    client = come(world)
    assert COOKIE not in client.cookies
    world.clock.now += 10 * 24 * 3600
    assert client.get("/me").status_code == 200
    assert world.ways.kit.enrolments is None


def test_without_a_store_a_link_that_must_open_once_stops_the_start(worlds: Callable[..., World]):
    with pytest.raises(ConfigError, match=r"must open once.*SealedSessions\(epochs"):
        sealed(worlds, SealedSessions(), magic_links="any-browser")


def test_what_enrols_beside_cookies_must_tell_what_was_used(worlds: Callable[..., World]):
    with pytest.raises(ConfigError, match=r"Forgetful.*put back an older cookie"):
        sealed(worlds, SealedSessions(beside=Forgetful()))
