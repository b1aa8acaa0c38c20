"""Lines of the conformance list (docs/conformance.md) that fit nowhere else, each tried as an application meets it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse import Authenticated, MemoryUsers, Passwords, SessionGuard, TokenGuard
from guardhouse.vault.formats import Argon2Cost
from guardhouse.vault.password import Argon2Profile, PasswordHasher
from tests.houses import (
    ADA,
    HASHER,
    PASSWORD,
    SESSION,
    browser,
    desk,
    log_in,
    present,
    said,
    starlette_house,
)

RIGHT = {"email": ADA.email, "password": PASSWORD}
DEARER = PasswordHasher(Argon2Profile("dearer", Argon2Cost(time=2, memory=8), "for this test"))


class Names(StrEnum):
    """Names as an enumeration of the application."""

    API = "api"
    CART = "cart"


def application(house: Any, **more: Any) -> Any:
    """`/me` behind web, `/api/me` behind api, and what a test adds, open."""

    async def me(request: Request) -> Response:
        return JSONResponse((await house.user(request)).id)

    routes = [
        Route("/me", me, middleware=[house.layer("web")]),
        Route("/api/me", me, middleware=[house.layer("api")]),
        *(Route(f"/{name}", house.public(endpoint), methods=["POST"]) for name, endpoint in more.items()),
    ]
    app = Starlette(routes=[*routes, *desk(house)])
    house.install(app)
    return app


# -- logging in and out -----------------------------------------------------------------------------------------------


def test_who_is_found_by_his_id_is_logged_in_and_an_unknown_id_logs_nobody_in():
    house: Any = starlette_house()

    async def enter(request: Request) -> Response:
        user = await house.parts.providers["users"].by_id(request.query_params["id"])
        if user is not None:
            await house.auth(request).login(user)
        return JSONResponse(user is not None)

    app = application(house, enter=enter)
    client = browser(app)
    assert (client.post("/enter?id=404").json(), client.get("/me").status_code) == (False, 401)
    assert (client.post("/enter?id=1").json(), client.get("/me").json()) == (True, ADA.id)


def test_once_replaces_an_old_hash_as_a_login_does():
    users = MemoryUsers([ADA])
    house: Any = starlette_house(users=users, passwords=Passwords(DEARER))

    async def once(request: Request) -> Response:
        return JSONResponse(await house.auth(request).once(RIGHT) is not None)

    client = browser(application(house, once=once))
    answer = client.post("/once")
    assert (answer.json(), "set-cookie" in answer.headers) == (True, False)
    assert users._by_id[ADA.id].password_hash != ADA.password_hash


def test_after_a_logout_the_same_request_knows_nobody():
    house: Any = starlette_house()

    async def leave(request: Request) -> Response:
        auth = house.auth(request)
        before = await auth.check()
        await auth.logout()
        return JSONResponse([before, await auth.check()])

    assert log_in(browser(application(house, leave=leave))).post("/leave").json() == [True, False]


def test_a_logout_ends_the_login_of_this_device_and_of_no_other():
    app = application(starlette_house())
    phone, laptop = log_in(browser(app)), log_in(browser(app))
    phone.post("/logout")
    assert (phone.get("/me").status_code, laptop.get("/me").status_code) == (401, 200)


def test_the_cookie_of_a_remembered_login_is_worth_nothing_after_the_logout():
    app = application(starlette_house())
    client = log_in(browser(app), remember="on")
    kept = client.cookies[SESSION]
    client.post("/logout")
    assert said(present(browser(app), kept).get("/me")) == (401, "session_ended")


# -- names, sessions --------------------------------------------------------------------------------------------------


def test_a_name_of_an_enumeration_is_the_name_of_a_guard():
    house: Any = starlette_house()
    assert house.stack(Names.API) is house.stack("api")


def test_a_key_of_an_enumeration_is_the_key_of_a_session_and_survives():
    house: Any = starlette_house()

    async def write(request: Request) -> Response:
        (await house.session(request))[Names.CART] = 1
        return JSONResponse({})

    async def read(request: Request) -> Response:
        return JSONResponse(dict(await house.session(request)))

    client = browser(application(house, write=write, read=read))
    client.post("/write")
    assert client.post("/read").json() == {"cart": 1}


def test_an_explicit_null_is_there_and_a_missing_key_is_not():
    house: Any = starlette_house()

    async def write(request: Request) -> Response:
        (await house.session(request))["nothing"] = None
        return JSONResponse({})

    async def read(request: Request) -> Response:
        session = await house.session(request)
        return JSONResponse(["nothing" in session, session.get("nothing", 1), session.get("missing", 1)])

    client = browser(application(house, write=write, read=read))
    client.post("/write")
    assert client.post("/read").json() == [True, None, 1]


# -- a changed password -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/me", "/api/me"])
def test_who_changes_his_own_password_stays_and_his_other_devices_do_not(path: str):
    users = MemoryUsers([ADA])
    house: Any = starlette_house(users=users)

    async def change(request: Request) -> Response:
        changed = replace(await house.auth(request).user(), password_hash=HASHER.hash("another password"))
        users.replace(changed)
        await house.auth(request).login(changed)
        return JSONResponse({})

    app = application(house, change=change)
    here, elsewhere = log_in(browser(app)), log_in(browser(app))
    here.post("/change")
    assert here.get(path).status_code == 200
    assert said(elsewhere.get(path)) == (401, "password_changed")


def test_while_the_password_is_the_same_what_else_is_in_the_session_stays():
    house: Any = starlette_house()

    async def add(request: Request) -> Response:
        session = await house.session(request)
        session["cart"] = session.get("cart", 0) + 1
        return JSONResponse([session["cart"], (await house.auth(request).user()).id])

    client = log_in(browser(application(house, add=add)))
    assert [client.post("/add").json() for _ in range(2)] == [[1, ADA.id], [2, ADA.id]]


# -- where a request comes from ---------------------------------------------------------------------------------------

FRONT = "https://front.example.com"


@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, False, 200, id="same origin, no token"),
        pytest.param({"Sec-Fetch-Site": "same-site", "Origin": "https://other.testserver"}, False, 403, id="same site"),
        pytest.param({"Sec-Fetch-Site": "same-site", "Origin": FRONT}, False, 200, id="same site, trusted"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False, 403, id="cross site"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, True, 403,
                     id="cross site, with the token"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, True, 403, id="cross site without an origin, with the token"),
        pytest.param({}, False, 403, id="a browser that says nothing"),
        pytest.param({}, True, 200, id="a browser that says nothing, with the token"),
        pytest.param({"Origin": "https://evil.example"}, True, 403, id="an old browser elsewhere, with the token"),
    ],
)  # fmt: skip
def test_a_page_of_another_site_is_refused_whatever_token_it_has(headers, token, status):
    house: Any = starlette_house(trusted_origins=[FRONT])

    async def pass_on(request: Request) -> Response:
        return JSONResponse(house.csrf_token(request))

    client = log_in(browser(application(house, token=pass_on)))
    proof = {"X-CSRF-Token": client.post("/token").json()} if token else {}
    client.headers.pop("Sec-Fetch-Site")
    assert client.post("/logout", headers={**headers, **proof}).status_code == (
        204 if status == 200 else status
    )


# -- tokens -----------------------------------------------------------------------------------------------------------


async def test_who_comes_by_token_is_told_of_when_the_user_is_looked_up():
    house: Any = starlette_house(guards={"web": SessionGuard(), "api": TokenGuard()})
    heard: list[Any] = []
    house.listen(Authenticated, heard.append)
    client = browser(application(house))
    plain = (await house.tokens().issue(ADA, "laptop")).plain
    assert client.get("/api/me", headers={"Authorization": f"Bearer {plain}"}).json() == ADA.id
    assert client.get("/api/me", headers={"Authorization": f"Bearer {plain[:-1]}"}).status_code == 401
    assert heard == [Authenticated("api", ADA)]


async def test_an_ability_is_asked_of_those_who_are_let_in_only():
    house: Any = starlette_house(guards={"web": SessionGuard(), "api": TokenGuard()})

    async def read(request: Request) -> Response:
        return JSONResponse({})

    app = Starlette(routes=[Route("/", read, middleware=[house.layer("api", "abilities:read")])])
    house.install(app)
    client = browser(app)
    assert said(client.get("/")) == (401, "no_credential")
    plain = (await house.tokens().issue(ADA, "laptop", abilities=["write"])).plain
    assert said(client.get("/", headers={"Authorization": f"Bearer {plain}"})) == (403, "ability_missing")
