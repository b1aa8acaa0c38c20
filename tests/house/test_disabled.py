"""A user who is disabled is kept out everywhere: his logins look like wrong passwords, his sessions and tokens are refused."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import BasicGuard, Failed, MemoryUsers, Passwords, TokenGuard
from guardhouse.edge.asgi import visit_of
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordCheck, PasswordHasher
from tests.houses import (
    ADA,
    GRACE,
    PAGE,
    PASSWORD,
    browser,
    desk,
    log_in,
    parts,
    said,
    starlette_house,
)

DEARER = replace(ARGON2_CHEAPEST, cost=replace(ARGON2_CHEAPEST.cost, time=2))
"""By which the hashes of Ada and Grace are old ones."""


class Counting(PasswordHasher):
    """A hasher that counts what it does."""

    def __init__(self) -> None:
        super().__init__(DEARER)
        self.done: list[str] = []

    def verify(self, password: str, stored: str | None) -> PasswordCheck:
        self.done.append("verify")
        return super().verify(password, stored)

    def hash(self, password: str) -> str:
        self.done.append("hash")
        return super().hash(password)


class World:
    """An application of Ada and Grace, of whom Ada may be disabled."""

    def __init__(self, **changes: Any) -> None:
        self.users = MemoryUsers([ADA, GRACE])
        guards = {"basic": BasicGuard(), "token": TokenGuard(), **parts()["guards"]}
        self.house = starlette_house(**({"users": self.users, "guards": guards} | changes))
        endpoints = [
            Route(f"/{name}", partial(self._endpoint, name), middleware=[self.house.layer(name)])
            for name in guards
        ]
        self.app = Starlette(
            routes=[
                *endpoints,
                *desk(self.house),
                Route("/optional", self._optional),
                Route("/once", self._once, methods=["POST"]),
                Route("/confirm", self._confirm, methods=["POST"]),
            ]
        )
        self.house.install(self.app)
        self.client = browser(self.app)

    def disable(self) -> None:
        assert anyio.run(self.users.disable, ADA)

    async def _endpoint(self, guard: str, request: Request) -> JSONResponse:
        return JSONResponse({"id": (await self.house.user(request, guard)).id})

    async def _optional(self, request: Request) -> JSONResponse:
        user = await self.house.admit_optional(visit_of(request, self.house), self.house.stack("web"))
        return JSONResponse({"id": user.id if user else None})

    async def _once(self, request: Request) -> JSONResponse:
        user = await self.house.auth(request, "web").once(await request.json())
        return JSONResponse({"id": user.id if user else None})

    async def _confirm(self, request: Request) -> JSONResponse:
        return JSONResponse(await self.house.auth(request, "web").confirm(PASSWORD))


def basic(password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{ADA.email}:{password}".encode()).decode()}


def token(world: World) -> dict[str, str]:
    async def issue() -> str:
        return (await world.house.tokens().issue(ADA, "laptop")).plain

    return {"Authorization": f"Bearer {anyio.run(issue)}"}


def session(world: World) -> dict[str, str]:
    log_in(world.client)
    return {}


@pytest.mark.parametrize(
    ("path", "credential"),
    [
        pytest.param("/web", session, id="a session"),
        pytest.param("/token", token, id="a token"),
        pytest.param("/key", lambda _: {"X-Api-Key": "sesame"}, id="a key"),
    ],
)
def test_what_a_user_has_already_is_refused_while_he_is_disabled(
    path: str, credential: Callable[[World], dict[str, str]]
) -> None:
    world = World()
    headers = credential(world)
    assert world.client.get(path, headers=headers).status_code == 200
    world.disable()
    assert said(world.client.get(path, headers=headers)) == (401, "user_disabled")
    assert anyio.run(world.users.enable, ADA)
    assert world.client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/login", "/once"])
def test_a_login_is_answered_as_one_with_a_wrong_password(path: str) -> None:
    world = World()
    wrong = world.client.post(path, json={"email": ADA.email, "password": "wrong"}, headers=PAGE)
    world.disable()
    right = world.client.post(path, json={"email": ADA.email, "password": PASSWORD}, headers=PAGE)
    assert (right.status_code, right.content) == (wrong.status_code, wrong.content)
    assert {name: value for name, value in right.headers.items() if name != "date"} == {
        name: value for name, value in wrong.headers.items() if name != "date"
    }


def test_basic_says_the_same_too() -> None:
    world = World()
    wrong = world.client.get("/basic", headers=basic("wrong"))
    world.disable()
    right = world.client.get("/basic", headers=basic())
    assert (right.status_code, right.json()) == (wrong.status_code, wrong.json())


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_the_work_is_that_of_a_wrong_password_also_where_the_hash_is_an_old_one(password: str) -> None:
    """One check, and no fresher hash: that takes as long again, and would tell who is disabled."""
    hasher = Counting()
    world = World(passwords=Passwords(hasher))
    world.disable()
    assert world.client.post("/login", json={"email": ADA.email, "password": password}, headers=PAGE).is_error
    assert hasher.done == ["verify"]


def test_who_is_disabled_while_his_password_is_checked_is_not_let_in() -> None:
    class Slow(MemoryUsers):
        async def rehash(self, user: Any, password_hash: str) -> None:
            await super().rehash(user, password_hash)
            await self.disable(user)

    hasher = PasswordHasher(DEARER)
    world = World(users=Slow([ADA]), passwords=Passwords(hasher))
    answer = world.client.post("/login", json={"email": ADA.email, "password": PASSWORD}, headers=PAGE)
    assert answer.status_code == 422


def test_listeners_hear_a_failed_login_with_the_user() -> None:
    world = World()
    heard: list[Any] = []
    world.disable()
    with world.house.overheard(heard.append):
        world.client.post("/login", json={"email": ADA.email, "password": PASSWORD}, headers=PAGE)
    (failed,) = [event for event in heard if isinstance(event, Failed)]
    assert failed.user == replace(ADA, disabled=True)


def test_nobody_logs_him_in_by_hand_either() -> None:
    world = World()
    present = replace(ADA, disabled=True)
    world.disable()

    async def force(request: Request) -> JSONResponse:
        await world.house.auth(request, "web").login(present)
        return JSONResponse({})

    world.app.router.routes.append(Route("/forced", force, methods=["POST"]))
    answer = world.client.post("/forced", headers=PAGE)
    assert said(answer) == (401, "user_disabled")
    assert "set-cookie" not in answer.headers


def test_a_page_that_is_open_to_guests_stays_open_to_him() -> None:
    world = World()
    log_in(world.client)
    assert world.client.get("/optional").json() == {"id": ADA.id}
    world.disable()
    assert world.client.get("/optional").json() == {"id": None}


def test_he_confirms_no_password() -> None:
    world = World()
    log_in(world.client)
    world.disable()
    assert world.client.post("/confirm", headers=PAGE).json() is False


def test_users_who_cannot_be_disabled_are_as_they_were() -> None:
    class Plain:
        """The five verbs, and no power."""

        def __init__(self) -> None:
            inside = MemoryUsers([replace(ADA, disabled=True)])
            for verb in ("by_id", "by_credentials", "id_of", "password_of", "rehash"):
                setattr(self, verb, getattr(inside, verb))

    world = World(users=Plain())
    assert world.house.parts.disabled == {}
    log_in(world.client)
    assert world.client.get("/web").status_code == 200
