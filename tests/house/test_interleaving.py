"""A thousand requests at once in one process, each with a credential of its own: none ever sees another's identity."""

from __future__ import annotations

from random import Random
from typing import Any

import anyio
import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import Area, JWTGuard, Keys, MemoryUsers, OwnIssuer, SessionGuard, TokenGuard, User
from tests.houses import HASH, PASSWORD, desk, starlette_house

USERS = 50
REQUESTS = 1000
KEYS = Keys.of("kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX", "HS256", "k1")


@pytest.mark.slow
async def test_no_request_ever_sees_the_identity_of_another():
    people = [
        User(id=str(number), email=f"user{number}@example.com", password_hash=HASH) for number in range(USERS)
    ]
    house = starlette_house(
        users=MemoryUsers(people),
        guards={"web": SessionGuard(), "token": TokenGuard(), "jwt": JWTGuard(KEYS, "us", "api")},
        areas={"all": Area(guards=("token", "jwt", "web"))},
        public_url="https://testserver",
    )

    async def who(request: Request) -> JSONResponse:
        before = (await house.identity_of(request)).user_id
        await anyio.sleep(Random(before).random() / 100)  # let others run between two looks
        user = await house.user(request)
        session = await house.session(request) if "session" in request.query_params else {}
        return JSONResponse({"before": before, "user": user.id, "session": session.get("mine")})

    async def mine(request: Request) -> JSONResponse:
        (await house.session(request))["mine"] = (await house.identity_of(request)).user_id
        return JSONResponse({})

    layer = [house.layer("all")]
    app = Starlette(
        routes=[
            Route("/who", who, middleware=layer),
            Route("/mine", mine, methods=["POST"], middleware=layer),
            *desk(house),
        ]
    )
    house.install(app)
    async with AsyncClient(transport=ASGITransport(app), base_url="https://testserver") as client:
        credentials = await _credentials(house, client, people)
        draw, wrong = Random(7), []

        async def call() -> None:
            person = draw.choice(people)
            kind = draw.choice(["session", "token", "jwt", "both"])
            other = draw.choice(people)
            headers = credentials[person.id][kind if kind != "both" else "token"]
            if kind == "both":  # the explicit credential goes first, whosever cookie comes along
                headers = headers | credentials[other.id]["session"]
            answer = (
                await client.get(
                    "/who", params={"session": "1"} if kind == "session" else {}, headers=headers
                )
            ).json()
            mine = person.id if kind == "session" else None
            if answer != {"before": person.id, "user": person.id, "session": mine}:
                wrong.append((person.id, kind, answer))

        async with anyio.create_task_group() as tasks:
            for _ in range(REQUESTS):
                tasks.start_soon(call)
    assert wrong == []


async def _credentials(
    house: Any, client: AsyncClient, people: list[User]
) -> dict[str, dict[str, dict[str, str]]]:
    """Log everybody in, and give everybody a token of each kind."""
    own, issuer = {"Sec-Fetch-Site": "same-origin"}, OwnIssuer(KEYS, issuer="us", audience="api")
    found: dict[str, dict[str, dict[str, str]]] = {}
    for person in people:
        client.cookies.clear()
        await client.post("/login", json={"email": person.email, "password": PASSWORD}, headers=own)
        await client.post("/mine", headers=own)
        session = {"Cookie": f"__Host-gh={client.cookies['__Host-gh']}"}
        client.cookies.clear()
        token = (await house.tokens().issue(person, "laptop")).plain
        found[person.id] = {
            "session": session,
            "token": {"Authorization": f"Bearer {token}"},
            "jwt": {"Authorization": f"Bearer {issuer.issue(person.id)}"},
        }
    return found
