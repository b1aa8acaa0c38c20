"""A thousand requests at once in one process, each with a credential of its own: none ever sees another's identity."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from guardhouse import (
    Area,
    BasicGuard,
    JWTGuard,
    Keys,
    MemoryUsers,
    OwnIssuer,
    SessionGuard,
    TokenGuard,
    User,
)
from tests.houses import HASH, PASSWORD, desk, starlette_house

USERS, REQUESTS = 50, 1000
KEYS = Keys.of("kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX", "HS256", "k1")
PEOPLE = [
    User(id=str(number), email=f"user{number}@example.com", password_hash=HASH) for number in range(USERS)
]
PAGE = {"Sec-Fetch-Site": "same-origin"}

Headers = Mapping[str, str]


class DistantUsers:
    """Users that are waited for, some longer than others, so that look-ups overtake each other."""

    def __init__(self) -> None:
        self._users = MemoryUsers(PEOPLE)
        self._draw = Random(3)

    async def by_id(self, user_id: str) -> User | None:
        await self._wait()
        return await self._users.by_id(user_id)

    async def by_credentials(self, credentials: Mapping[str, str]) -> User | None:
        await self._wait()
        return await self._users.by_credentials(credentials)

    def id_of(self, user: User) -> str:
        return user.id

    def password_of(self, user: User) -> str | None:
        return user.password_hash

    async def rehash(self, user: User, password_hash: str) -> None:
        raise AssertionError("these hashes are fresh")

    async def _wait(self) -> None:
        await anyio.sleep(self._draw.random() / 50)


SETTINGS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "in memory": lambda _: {"users": MemoryUsers(PEOPLE), "store": "memory:"},
    "in SQLite, with distant users": lambda folder: {
        "users": DistantUsers(),
        "store": f"sqlite:///{folder}/house.db",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
async def test_no_request_ever_sees_the_identity_of_another(settings: str, tmp_path: Path):
    guards: dict[str, Any] = {
        "web": SessionGuard(),
        "token": TokenGuard(),
        "jwt": JWTGuard(KEYS, "us", "api"),
        "basic": BasicGuard(),
    }
    house = starlette_house(
        guards=guards,
        areas={"all": Area(guards=("token", "jwt", "basic", "web"))},
        public_url="https://testserver",
        **SETTINGS[settings](tmp_path),
    )
    draw = Random(7)

    async def who(request: Request) -> JSONResponse:
        """Look three times, and let others run in between."""
        before = await house.identity_of(request)
        await anyio.sleep(draw.random() / 50)
        user = await house.user(request)
        session = await house.session(request) if before.guard == "web" else {}
        await anyio.sleep(draw.random() / 50)
        after = await house.identity_of(request)
        seen = {before.user_id, user.id, after.user_id, session.get("mine", user.id)}
        return JSONResponse({"seen": sorted(seen), "by": after.guard, "echo": request.query_params["echo"]})

    async def mine(request: Request) -> JSONResponse:
        (await house.session(request))["mine"] = (await house.identity_of(request)).user_id
        return JSONResponse({})

    async def guest(request: Request) -> JSONResponse:
        """Anybody may look, also those whom nobody knows."""
        await anyio.sleep(draw.random() / 50)
        user = await house.auth(request, "web").user()
        return JSONResponse(
            {"seen": [user.id] if user else [], "by": "web", "echo": request.query_params["echo"]}
        )

    layer = [house.layer("all")]
    app = Starlette(
        routes=[
            Route("/who", who, middleware=layer),
            Route("/mine", mine, methods=["POST"], middleware=layer),
            Route("/guest", house.public(guest)),
            *desk(house),
        ]
    )
    house.install(app)
    async with AsyncClient(transport=ASGITransport(app), base_url="https://testserver") as client:
        shown = await _credentials(house, client)
        answered, wrong = await _at_once(client, shown)
    assert wrong == []
    assert sum(answered.values()) == REQUESTS
    assert min(answered[kind] for kind in KINDS) > REQUESTS / len(KINDS) / 2, "each kind was there in number"


# -- what is asked --------------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[str, str | None]] = {
    "session": ("/who", "web"),
    "token": ("/who", "token"),
    "jwt": ("/who", "jwt"),
    "basic": ("/who", "basic"),
    "token beside another's session": ("/who", "token"),
    "jwt beside another's session": ("/who", "jwt"),
    "forged beside another's session": ("/who", None),
    "nothing": ("/who", None),
    "session where guests are welcome": ("/guest", "web"),
    "nothing where guests are welcome": ("/guest", "nobody"),
}
"""Where each kind of request goes, and which guard says yes; None where the answer is a refusal."""


async def _at_once(
    client: AsyncClient, shown: Mapping[str, Mapping[str, Headers]]
) -> tuple[Counter[str], list[Any]]:
    """Start all requests before the first is answered; count those that were right, and list the others."""
    draw, answered, wrong = Random(7), Counter[str](), list[Any]()

    async def call(number: int) -> None:
        kind = draw.choice([*KINDS])
        one, other = draw.sample(PEOPLE, 2)
        headers, expected = _expected(kind, one, other, shown, f"{number}")
        answer = await client.get(KINDS[kind][0], params={"echo": f"{number}"}, headers=headers)
        found = answer.json() if answer.status_code == 200 else answer.headers["guardhouse-reason"]
        if found == expected:
            answered[kind] += 1
        else:
            wrong.append((kind, one.id, other.id, found, expected))

    async with anyio.create_task_group() as tasks:
        for number in range(REQUESTS):
            tasks.start_soon(call, number)
    return answered, wrong


def _expected(
    kind: str, one: User, other: User, shown: Mapping[str, Mapping[str, Headers]], echo: str
) -> tuple[Headers, Any]:
    """Return what a request shows, and what it must be answered."""
    word = kind.partition(" ")[0]
    own: Headers = {} if word == "nothing" else shown[one.id][word]
    headers = {**own, **shown[other.id]["session"]} if "another's" in kind else own
    guard = KINDS[kind][1]
    if guard is None:
        return headers, "no_credential" if word == "nothing" else "token_malformed"
    seen, by = ([], "web") if guard == "nobody" else ([one.id], guard)
    return headers, {"seen": seen, "by": by, "echo": echo}


async def _credentials(house: Any, client: AsyncClient) -> dict[str, dict[str, Headers]]:
    """Log everybody in, and give everybody a token of each kind."""
    issuer = OwnIssuer(KEYS, issuer="us", audience="api")
    found: dict[str, dict[str, Headers]] = {}
    for person in PEOPLE:
        client.cookies.clear()
        await client.post("/login", json={"email": person.email, "password": PASSWORD}, headers=PAGE)
        await client.post("/mine", headers=PAGE)
        session = {"Cookie": f"__Host-gh={client.cookies['__Host-gh']}"}
        client.cookies.clear()
        token = (await house.tokens().issue(person, "laptop")).plain
        pair = b64encode(f"{person.email}:{PASSWORD}".encode()).decode()
        found[person.id] = {
            "session": session,
            "token": {"Authorization": f"Bearer {token}"},
            "forged": {"Authorization": f"Bearer {token}x"},
            "jwt": {"Authorization": f"Bearer {issuer.issue(person.id)}"},
            "basic": {"Authorization": f"Basic {pair}"},
        }
    return found
