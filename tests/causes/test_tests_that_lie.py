"""Tests that pass while production refuses, or the other way round: a test here is a browser with a real login."""

from __future__ import annotations

from functools import partial

import anyio

from guardhouse import TokenGuard
from guardhouse.stores.memory import MemoryStore
from guardhouse.testing import Client
from tests.causes.applications import Shop
from tests.causes.proof import CANNOT_ARISE, FOUND, NAMED, proves
from tests.causes.seeing import findings, instead, refusal
from tests.doctor.conftest import Examine
from tests.houses import ADA


@proves(
    43,
    CANNOT_ARISE,
    why="a guard keeps nothing: every request is looked up anew, also in one test and one process",
)
def test_a_revoked_token_is_refused_by_the_application_that_has_just_believed_it():
    shop = Shop("token", guards={"token": TokenGuard()})
    made = anyio.run(partial(shop.house.tokens().issue, ADA, "ci"))
    caller = shop.visitor({"Authorization": f"Bearer {made.plain}"})
    before = caller.get("/token").status_code
    anyio.run(shop.house.tokens().revoke_all, ADA)
    after = caller.get("/token")
    return instead((before, after.headers["guardhouse-reason"]), (200, "token_unknown"))


@proves(43, NAMED, "session_unknown", status=401)
def test_a_session_that_was_ended_is_refused_by_the_same_application():
    shop = Shop("api")
    client = shop.logged_in()
    again = shop.visitor({"Cookie": f"__Host-gh={client.cookies['__Host-gh']}"})
    assert again.get("/api").status_code == 200
    client.post("/logout")
    return refusal(shop.house, partial(again.get, "/api"))


@proves(
    44,
    CANNOT_ARISE,
    why="the testing client has a session in the store and a cookie in the jar, and the origin check stays on",
)
def test_acting_as_somebody_writes_a_real_session():
    store = MemoryStore()
    shop = Shop("api", store=store)
    with Client(shop.app) as client:
        client.acting_as(ADA)
        told = [
            client.post("/api").status_code,
            client.from_site("https://evil.example").post("/api").status_code,
        ]
        client.cookies.clear()
        told.append(client.post("/api").status_code)
    return instead((told, len(store._bodies)), ([200, 403, 401], 1))


@proves(
    44,
    FOUND,
    "guard-overridden",
    where="dependency_overrides",
    says="house.guard('web') is replaced by a function",
)
def test_a_guard_that_is_replaced_outside_of_tests_is_found(examine: Examine):
    text = """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual)
        app = FastAPI()
        Me = house.guard("web")

        @app.get("/me")
        async def me(user: Annotated[str, Me]) -> str:
            return user

        app.add_route("/login", house.public(login))
        house.install(app)
        app.dependency_overrides[Me] = lambda: "ada"
        """
    return findings(examine(text))


@proves(44, FOUND, "testing-parts", where="clock", says="made for tests")
def test_a_part_for_tests_that_was_left_in_is_found(examine: Examine):
    text = """
        from guardhouse.testing import FixedClock
        house = Guardhouse(secret=key, **usual | {"debug": False, "clock": FixedClock()})
        app = Starlette(routes=[Route("/login", house.public(login)), Route("/page", page, middleware=[house.layer()])])
        house.install(app)
        """
    return findings(examine(text))
