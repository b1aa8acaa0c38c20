"""Sessions: where they begin and end, what they are bound to, and what is said when one is gone."""

from __future__ import annotations

import dataclasses
from functools import partial
from hashlib import sha256
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from guardhouse import CookiePolicy, MemoryUsers
from guardhouse.doctor.effective import settings_of
from guardhouse.stores.memory import MemoryStore
from tests.causes.applications import Shop, change
from tests.causes.proof import CANNOT_ARISE, NAMED, PREVENTED, proves
from tests.causes.seeing import instead, refusal, stopped
from tests.houses import ADA, GRACE, HASHER, PASSWORD, browser, desk, log_in, starlette_house


@proves(
    5, CANNOT_ARISE, why="the house's one layer carries the session everywhere, so a login works in any area"
)
def test_a_login_works_on_a_route_of_keys():
    shop = Shop("api")

    @shop.house.requires("key")
    async def sign_in(request: Request) -> Response:
        await shop.house.auth(request, "web").login(ADA)
        return Response(status_code=204)

    shop.app.router.routes.append(Route("/keys/login", sign_in, methods=["POST"]))
    client = shop.visitor()
    client.post("/keys/login", headers={"X-Api-Key": "sesame"})
    return instead(client.get("/api").text, ADA.email)


@proves(5, PREVENTED, "NotInstalledError", says="call house.install(app) on the outermost application")
def test_a_desk_without_its_house_says_what_to_call():
    house = starlette_house()
    app = Starlette(routes=desk(house))
    return stopped(lambda: log_in(browser(app)))


@proves(1, PREVENTED, "NotInstalledError", says="call house.install(app) on the outermost application")
@proves(58, PREVENTED, "NotInstalledError", says="call house.install(app) on the outermost application")
def test_a_guard_that_no_layer_reaches_says_what_to_call():
    house = starlette_house()

    async def thing(request: Request) -> Response:
        return PlainTextResponse("done")

    app = Starlette(routes=[Route("/thing", thing, middleware=[house.layer("api")])])
    return stopped(lambda: browser(app).get("/thing"))


@proves(
    21,
    CANNOT_ARISE,
    why="settings are frozen when the house is installed, and `guardhouse config` shows each with its source",
)
def test_the_same_site_setting_is_what_the_cookie_says():
    shop = Shop("api", cookie=CookiePolicy(same_site="Strict"))
    shown = {one.key: one.value for one in settings_of(shop.house)}
    change(shop.house.parts.cookie, "same_site", "Lax")
    answer = shop.visitor().post("/login", json={"email": ADA.email, "password": PASSWORD})
    lines = [line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-gh=")]
    told = (shown["cookie.same_site"], ["SameSite=Strict" in line for line in lines])
    return instead(told, ("Strict", [True]))


@proves(31, CANNOT_ARISE, why="the fingerprint lies in the login itself and goes with it")
def test_the_next_user_logs_in_once():
    shop = Shop(
        "api", users=MemoryUsers([ADA, dataclasses.replace(GRACE, password_hash=HASHER.hash("another"))])
    )
    client = shop.logged_in()
    client.post("/logout")
    client.post("/login", json={"email": GRACE.email, "password": "another"})
    return instead(client.get("/api").text, GRACE.email)


@proves(33, NAMED, "password_changed", status=401)
def test_a_new_password_ends_the_sessions_of_the_old_one():
    users = MemoryUsers([ADA])
    shop = Shop("api", users=users)
    intruder = shop.logged_in()
    users.replace(dataclasses.replace(ADA, password_hash=HASHER.hash("a new one")))
    return refusal(shop.house, partial(intruder.get, "/api"))


@proves(
    34, CANNOT_ARISE, why="each device has a session of its own; ending the others does not touch this one"
)
def test_a_remembered_device_outlives_the_end_of_the_others():
    store = MemoryStore()
    shop = Shop("api", store=store)
    own, other = (log_in(shop.visitor(), remember="yes") for _ in range(2))
    kept = next(key for key in store._bodies if key == key_of(own))
    ended = anyio.run(partial(store.revoke, "users:1", keep=kept))
    return instead((ended, own.get("/api").status_code, other.get("/api").status_code), (1, 200, 401))


def key_of(client) -> bytes:
    return sha256(client.cookies["__Host-gh"].encode()).digest()


@proves(36, NAMED, "session_unknown", status=401)
def test_a_request_with_the_id_of_before_the_login_is_told_that_another_login_ended_it():
    shop = Shop("api")
    client = shop.logged_in()
    late = shop.visitor(
        {"Sec-Fetch-Site": "same-origin", "Cookie": f"__Host-gh={client.cookies['__Host-gh']}"}
    )
    log_in(client)
    assert client.get("/api").status_code == 200
    seen = refusal(shop.house, partial(late.get, "/api"))
    assert "a login in another tab" in str(seen.codes["session_unknown"]["hint"])
    return seen


@proves(36, NAMED, "csrf_token_invalid", status=403)
def test_a_token_of_before_the_login_is_told_so_and_replaced():
    shop = Shop("api")
    client = shop.logged_in()
    token = client.cookies["XSRF-TOKEN"]
    log_in(client)
    answers: list[Any] = []
    old = shop.visitor({"X-XSRF-TOKEN": token}, like=client)

    def ask() -> Any:
        answers.append(old.post("/api"))
        return answers[0]

    seen = refusal(shop.house, ask)
    assert "XSRF-TOKEN=" in answers[0].headers["set-cookie"]
    return seen


@proves(50, CANNOT_ARISE, why="the answer to the login itself brings the session's cookie and the CSRF token")
def test_the_login_brings_all_cookies():
    shop = Shop("api")
    client = shop.logged_in()
    return instead(
        (sorted(client.cookies), client.get("/api").status_code), (["XSRF-TOKEN", "__Host-gh"], 200)
    )
