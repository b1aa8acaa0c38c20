"""Where sessions lie: too large, of another form or version, or unable to hold what they are told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from guardhouse import MemoryUsers, SessionPolicy, User
from guardhouse.stores.memory import MemoryStore
from guardhouse.testing import BrokenStore
from tests.causes.applications import Shop
from tests.causes.proof import CANNOT_ARISE, NAMED, PREVENTED, proves
from tests.causes.seeing import instead, refusal, stopped
from tests.houses import ADA, PASSWORD


@proves(38, PREVENTED, "SessionTooLargeError", says="its largest keys are basket")
def test_a_session_that_grows_too_large_raises_with_its_largest_keys():
    shop = Shop("api", sessions=SessionPolicy(max_bytes=4096))

    @shop.house.requires("web")
    async def fill(request: Request) -> Response:
        session = await shop.house.session(request)
        session["basket"] = "x" * 5000
        return PlainTextResponse("full")

    shop.app.router.routes.append(Route("/fill", fill, methods=["POST"]))
    return stopped(lambda: shop.logged_in().post("/fill"))


@proves(
    38, CANNOT_ARISE, why="the cookie carries an id of one length; what the session holds lies in the store"
)
def test_the_cookie_does_not_grow_with_the_session():
    shop = Shop("api")
    return instead(len(shop.logged_in().cookies["__Host-gh"]), 43)


@proves(39, NAMED, "store_unavailable", status=503)
def test_a_login_that_cannot_be_stored_is_no_success():
    shop = Shop("api", store=BrokenStore(broken={"create"}))
    body = {"email": ADA.email, "password": PASSWORD}
    return refusal(shop.house, partial(shop.visitor().post, "/login", json=body))


class NumberedUsers(MemoryUsers):
    """Users whose ids are numbers, while logins are kept as text."""

    def id_of(self, user: User) -> Any:
        return int(user.id)


@proves(39, PREVENTED, "users users", says="id_of() returns text: return str(user.id).")
def test_an_id_that_is_no_text_stops_the_login_itself():
    return stopped(Shop("api", users=NumberedUsers([ADA])).logged_in)


@proves(39, PREVENTED, "store", says="found 'schema 99'")
def test_tables_of_another_version_stop_the_start(tmp_path: Path):
    file = tmp_path / "sessions.db"

    def start() -> None:
        with Shop("api", store=f"sqlite:///{file}").visitor():
            pass

    start()
    with closing(sqlite3.connect(file)) as tables:
        tables.execute("UPDATE guardhouse_schema SET version = 99")
        tables.commit()
    return stopped(start)


@proves(52, NAMED, "session_unreadable", status=401)
def test_a_record_of_another_form_is_named():
    store: Any = MemoryStore()
    shop = Shop("api", store=store)
    client = shop.logged_in()
    for key in store._bodies:
        store._bodies[key] = b"\x00 another form"
    return refusal(shop.house, partial(client.get, "/api"))
