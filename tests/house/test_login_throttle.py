"""A login route with the throttle in front of it: what is weighed, what is said, and what an outage does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from anyio import create_task_group
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse import Passwords
from guardhouse.core.answer import Refusal
from guardhouse.core.events import Throttled
from guardhouse.core.reasons import Reason
from guardhouse.edge.asgi import visit_of
from guardhouse.gate.refused import refused
from guardhouse.limits import LoginThrottle
from guardhouse.state.attempts import AttemptLimit
from guardhouse.state.limit import Limit
from tests.houses import ADA, GRACE, HASHER, ORIGIN, PAGE, PASSWORD, starlette_house

TRIES, OF_A_NETWORK = 5, 20


class Weighing(Passwords):
    """Counts how many passwords are looked at."""

    weighed = 0

    async def check(self, password: str, stored: str | None) -> Any:
        self.weighed += 1
        return await super().check(password, stored)


@pytest.fixture(params=["memory:", "sqlite:///logins.db"])
def house(request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    return starlette_house(store=request.param, passwords=Weighing(HASHER))


@pytest.fixture
def client(house: Any) -> httpx2.AsyncClient:
    throttle = LoginThrottle(
        house.limits,
        account=AttemptLimit(tries=TRIES),
        network=Limit(OF_A_NETWORK, timedelta(minutes=15), "login"),
    )

    async def login(request: Request) -> Response:
        handed = await request.json()
        visit = visit_of(request, house)
        wait = await throttle.take(visit, handed["email"])
        if wait is not None:
            raise await refused(visit, Refusal(Reason.LOGIN_THROTTLED, "login", retry_after=wait.seconds))
        user = await house.auth(request, "web").attempt(handed)
        if user is None:
            raise await refused(visit, Refusal(Reason.LOGIN_FAILED, "login"))
        await throttle.forgive(visit, handed["email"])
        return JSONResponse({"id": user.id})

    app = Starlette(routes=[Route("/login", house.public(login), methods=["POST"])])
    house.install(app)
    transport = httpx2.ASGITransport(app=app, client=("203.0.113.9", 50000))
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=PAGE)


async def at_once(client: httpx2.AsyncClient, guesses: list[dict[str, Any]]) -> list[httpx2.Response]:
    answers: list[httpx2.Response] = []

    async def guess(request: dict[str, Any]) -> None:
        answers.append(await client.post("/login", **request))

    async with create_task_group() as tasks:
        for request in guesses:
            tasks.start_soon(guess, request)
    return answers


def wrong(email: str = ADA.email, **headers: str) -> dict[str, Any]:
    return {"json": {"email": email, "password": "wrong"}, "headers": headers}


async def test_of_a_hundred_parallel_guesses_at_an_account_as_many_are_weighed_as_are_allowed(house, client):
    answers = await at_once(client, [wrong() for _ in range(100)])
    assert house.parts.passwords.weighed == TRIES
    refusals = [answer for answer in answers if answer.status_code == 429]
    assert len(refusals) == 100 - TRIES
    assert {answer.json()["code"] for answer in refusals} == {"login_throttled"}
    assert all(0 < int(answer.headers["retry-after"]) <= 900 for answer in refusals)
    assert not any(name.startswith("ratelimit") for answer in answers for name in answer.headers)


async def test_a_list_of_accounts_and_headers_of_other_addresses_help_nobody(house, client):
    guesses = [wrong(f"user{n}@example.com", **{"X-Forwarded-For": f"198.51.{n}.1"}) for n in range(100)]
    await at_once(client, guesses)
    assert house.parts.passwords.weighed == OF_A_NETWORK


async def test_the_right_password_is_not_weighed_either_while_the_account_waits(house, client):
    await at_once(client, [wrong() for _ in range(TRIES)])
    answer = await client.post("/login", json={"email": ADA.email, "password": PASSWORD})
    assert (answer.status_code, house.parts.passwords.weighed) == (429, TRIES)


async def test_known_and_unknown_accounts_are_answered_alike(client):
    said = []
    for email in (ADA.email, "nobody@example.com"):
        answers = await at_once(client, [wrong(email) for _ in range(8)])
        said.append(sorted((answer.status_code, answer.headers.get("retry-after")) for answer in answers))
    assert [status for status, _ in said[0]] == [status for status, _ in said[1]]


async def test_who_mistypes_now_and_then_never_waits(client):
    for _ in range(3):
        for _ in range(TRIES - 1):
            assert (await client.post("/login", **wrong())).json()["code"] == "login_failed"
        answer = await client.post("/login", json={"email": ADA.email, "password": PASSWORD})
        assert answer.json() == {"id": ADA.id}


@pytest.mark.parametrize("house", ["sqlite:///logins.db"], indirect=True)
async def test_an_outage_of_the_store_is_no_open_door(house, client):
    await client.post("/login", **wrong())
    await house.close()
    house.parts.store.path.write_bytes(b"no database" * 1000)
    answer = await client.post("/login", **wrong())
    assert (answer.status_code, house.parts.passwords.weighed) == (503, 1)


# -- a device that is known --------------------------------------------------------------------------------------------


def right(email: str = ADA.email) -> dict[str, Any]:
    return {"json": {"email": email, "password": PASSWORD}}


FAMILIAR = "__Host-gh-familiar"


async def test_who_guesses_in_vain_does_not_lock_out_the_owner_on_his_own_device(house, client):
    """Not even from the owner's own network, whose tries are all used up."""
    assert (await client.post("/login", **right())).status_code == 200
    mark = client.cookies[FAMILIAR]
    client.cookies.clear()
    await at_once(client, [wrong() for _ in range(TRIES + 1)])
    await at_once(client, [wrong(f"user{n}@example.com") for n in range(OF_A_NETWORK)])
    assert (await client.post("/login", **right())).status_code == 429
    client.cookies.set(FAMILIAR, mark)
    assert (await client.post("/login", **right())).status_code == 200


async def test_a_device_that_is_known_has_no_more_tries_than_others_and_uses_up_nobody_elses(house, client):
    await client.post("/login", **right())
    statuses = [answer.status_code for answer in await at_once(client, [wrong() for _ in range(30)])]
    assert statuses.count(429) == 30 - TRIES
    client.cookies.clear()
    assert (await client.post("/login", **right())).status_code == 200


async def test_the_mark_of_one_account_helps_nobody_to_guess_at_another(house, client):
    await client.post("/login", **right(GRACE.email))
    await at_once(client, [wrong() for _ in range(100)])
    assert house.parts.passwords.weighed == TRIES + 1


async def test_the_mark_is_for_the_browser_alone_and_a_wrong_password_gets_none(client):
    refused_login = await client.post("/login", **wrong())
    assert FAMILIAR not in str(refused_login.headers.get_list("set-cookie"))
    answer = await client.post("/login", **right())
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(FAMILIAR)]
    assert "; HttpOnly" in cookie
    assert "; Secure" in cookie
    assert "Max-Age=15552000" in cookie
    assert ADA.email not in cookie


@pytest.mark.parametrize("sent", ["rubbish", "v1.x.y.1.z", "~~~~", '"quoted"'])
async def test_a_mark_that_is_none_is_a_stranger(client, sent):
    client.cookies.set(FAMILIAR, sent)
    answers = await at_once(client, [wrong() for _ in range(TRIES + 1)])
    assert [answer.status_code for answer in answers].count(429) == 1


async def test_listeners_hear_who_must_wait_and_why(house, client):
    heard: list[Any] = []
    with house.overheard(lambda event: heard.append(event) if isinstance(event, Throttled) else None):
        await client.post("/login", **right())
        for _ in range(TRIES + 1):
            await client.post("/login", **wrong())
        client.cookies.clear()
        for _ in range(TRIES + 1):
            await client.post("/login", **wrong())
        for number in range(OF_A_NETWORK):
            await client.post("/login", **wrong(f"user{number}@example.com"))
    assert [event.by for event in heard[:3]] == ["device", "account", "network"]
    assert heard[0].account == ADA.email
    assert heard[0].seconds > 0
