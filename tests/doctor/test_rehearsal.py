"""A rehearsal says what the gate would say, and nothing of the application runs and nothing is written."""

from __future__ import annotations

import importlib
import sqlite3
import sys
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from guardhouse.core.events import Refused
from guardhouse.core.facts import Header
from guardhouse.doctor.explanation import Explanation, Records, explain_answer
from guardhouse.doctor.rehearsal import rehearse
from guardhouse.doctor.sending import Asked, send
from guardhouse.fastapi import Guardhouse
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.steps.throttle import Throttle
from guardhouse.testing import Client, FixedClock, fake_users, fast_passwords
from guardhouse.users.memory import User
from tests.cli.conftest import APPS
from tests.houses import SECRET

AT = "https://localhost"
KEY = (b"x-api-key", b"sesame")
STRANGER = (b"cookie", b"__Host-gh=" + b"a" * 43)


@pytest.fixture(scope="module")
def shop() -> Any:
    sys.path.insert(0, str(APPS))
    try:
        return importlib.import_module("shop").app
    finally:
        sys.path.remove(str(APPS))


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        pytest.param("GET", "/api/me", (KEY,), id="allowed"),
        pytest.param("GET", "/api/me", (), id="nothing sent"),
        pytest.param("GET", "/api/me", ((b"x-api-key", b"x"),), id="a bad key"),
        pytest.param("GET", "/api/me", ((b"x-api-key", b"lost"),), id="a key of nobody"),
        pytest.param("GET", "/home", (STRANGER,), id="an unknown session"),
        pytest.param("POST", "/api/do_thing", (STRANGER, (b"origin", b"https://evil.example")), id="another site"),
        pytest.param("GET", "/greet", (), id="a guest"),
        pytest.param("GET", "/office", (KEY, (b"x-audit", b"1")), id="a step refuses"),
        pytest.param("GET", "/public", (), id="public"),
        pytest.param("GET", "/forgotten", (), id="undecided"),
        pytest.param("GET", "/open/hello", (), id="below a public mount"),
        pytest.param("GET", "/nowhere", (), id="no route"),
        pytest.param("PUT", "/api/me", (), id="no method"),
        pytest.param("WS", "/ws", (KEY, (b"origin", AT.encode())), id="a WebSocket"),
        pytest.param("WS", "/ws", (), id="a WebSocket of nobody"),
    ],
)  # fmt: skip
async def test_it_agrees_with_the_request_that_is_really_sent(shop, capsys, method, path, headers):
    asked, records = Asked(method, AT + path, headers), Records()
    sent = explain_answer(shop, await send(shop, asked, records.kept()), records)
    capsys.readouterr()
    rehearsed = await rehearse(shop, shop, asked)
    assert "what an endpoint prints" not in capsys.readouterr().out
    assert rehearsed.outcome == sent.outcome
    assert [verdict.reason for verdict in rehearsed.trace] == [verdict.reason for verdict in sent.trace]
    assert rehearsed.document["code"] == sent.document["code"]
    assert rehearsed.document["identity"] == sent.document["identity"]


class Desk:
    """An application that marks what it does, over a file, with a logged-in client and a token."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.users, self.marks = FixedClock(), fake_users(), list[str]()
        self.file = folder / "sessions.db"
        self.house: Guardhouse[User] = Guardhouse(
            secret=SECRET,
            users=self.users,
            guards={"web": SessionGuard(), "token": TokenGuard()},
            store=f"sqlite:///{self.file}",
            passwords=fast_passwords(),
            clock=self.clock,
        )
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        dependencies = [self.house.require("token", "web", Throttle(1))]

        @self.app.post("/pay/{item}", dependencies=dependencies)
        async def pay(item: str) -> None:
            self.marks.append(f"paid {item}")

        self.house.listen(Refused, lambda event: self.marks.append(f"heard of {event.code}"))
        self.house.install(self.app)

    def rows(self) -> str:
        """Everything that the file holds."""
        with closing(sqlite3.connect(self.file)) as connection:
            return "\n".join(connection.iterdump())


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def cookie_of(client: Client) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)


async def pay(desk: Desk, *headers: Header, body: bytes = b"") -> Explanation:
    asked = Asked("POST", "https://testserver/pay/bread", headers, body)
    return await rehearse(desk.app, desk.app, asked)


@pytest.mark.parametrize("site", [b"same-origin", b"cross-site"])
async def test_nothing_is_written_and_nothing_runs(desk, site):
    with Client(desk.app) as client:
        cookie = cookie_of(client.acting_as(desk.users.ada)).encode()
    before = desk.rows()
    desk.clock.advance(timedelta(hours=1))  # time enough for a session to be touched
    told = [await pay(desk, (b"cookie", cookie), (b"sec-fetch-site", site)) for _ in range(3)]
    assert {one.outcome for one in told} == {"allowed" if site == b"same-origin" else "refused"}
    assert (desk.marks, desk.rows() == before) == ([], True)


async def test_an_expired_session_is_not_buried(desk):
    with Client(desk.app) as client:
        cookie = cookie_of(client.acting_as(desk.users.ada)).encode()
    before = desk.rows()
    desk.clock.advance(timedelta(days=90))
    told = await pay(desk, (b"cookie", cookie), (b"sec-fetch-site", b"same-origin"))
    assert (told.document["code"], desk.rows() == before) == ("session_expired", True)


async def test_a_token_is_not_marked_as_used(desk):
    with Client(desk.app):
        issued = await desk.house.tokens().issue(desk.users.ada, name="mine")
    before = desk.rows()
    told = await pay(desk, (b"authorization", b"Bearer " + issued.plain.encode()))
    assert (told.outcome, desk.rows() == before) == ("allowed", True)


async def test_the_token_of_a_form_is_found_in_its_body(desk):
    with Client(desk.app) as client:
        client.acting_as(desk.users.ada)
        token = client.cookies[desk.house.parts.cookie.csrf]
        cookie = cookie_of(client).encode()
    form = (b"content-type", b"application/x-www-form-urlencoded")
    told = await pay(desk, (b"cookie", cookie), form, body=f"_token={token}".encode())
    assert told.outcome == "allowed"
    assert (await pay(desk, (b"cookie", cookie), form)).document["code"] == "csrf_token_missing"


async def test_a_parameter_that_no_router_can_read_is_a_failure_of_the_application(desk):
    @desk.app.get("/numbers/{number:int}")
    @desk.house.public
    async def numbers(number: int) -> int:
        return number

    asked = Asked("GET", f"{AT}/numbers/{'9' * 5000}")
    told = await rehearse(desk.app, desk.app, asked)
    assert (told.outcome, told.status) == ("failed", 500)
    assert isinstance((await send(desk.app, asked, nullcontext())).failure, ValueError)
