"""Houses, users and browsers for tests: the same two people everywhere, hashed as cheaply as Argon2 allows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.testclient import TestClient

import guardhouse.fastapi
import guardhouse.starlette
from guardhouse import FunctionGuard, MemoryUsers, Passwords, SessionGuard, User
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher

SECRET = "kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX"
OTHER_SECRET = "Zs8mQ2vK6yXc4TgUa1HnWp9LrEj3Bd7oFi5NtMuk"
PASSWORD = "correct horse battery staple"
HASHER = PasswordHasher(ARGON2_CHEAPEST)
HASH = HASHER.hash(PASSWORD)
ADA = User(id="1", email="ada@example.com", password_hash=HASH)
GRACE = User(id="2", email="grace@example.com", password_hash=HASH)
KEYS = {"sesame": ADA.id, "hopper": GRACE.id, "ghost": "404"}

ORIGIN = "https://testserver"
# Read only, as many share them: Starlette's client writes its own `user-agent` into the headers that it is given.
PAGE = MappingProxyType({"Sec-Fetch-Site": "same-origin"})
NAVIGATION = MappingProxyType(
    {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}
)
SESSION = "__Host-gh"

Events = list[Any]


async def find_key(key: str) -> str | None:
    return KEYS.get(key)


def parts(**changes: Any) -> dict[str, Any]:
    """Settings of a house with a guard of each kind, and a realm for the staff."""
    guards = {
        "web": SessionGuard(),
        "api": SessionGuard(),
        "staff": SessionGuard(realm="staff"),
        "key": FunctionGuard(header="X-Api-Key", find=find_key),
    }
    settings: dict[str, Any] = {
        "secret": SECRET,
        "users": MemoryUsers([ADA, GRACE]),
        "guards": guards,
        "passwords": Passwords(HASHER),
        "login_url": "/login",
        "undeclared": "open",  # tests.edge.test_undeclared is about the others
    }
    return settings | changes


def starlette_house(**changes: Any) -> guardhouse.starlette.Guardhouse[User]:
    return guardhouse.starlette.Guardhouse(**parts(**changes))


def fastapi_house(**changes: Any) -> guardhouse.fastapi.Guardhouse[User]:
    return guardhouse.fastapi.Guardhouse(**parts(**changes))


def desk(house: guardhouse.starlette.Guardhouse[User]) -> list[BaseRoute]:
    """The routes at which people log in and out, of the guard that the query names."""

    async def login(request: Request) -> Response:
        remember = "remember" in request.query_params
        auth = house.auth(request, request.query_params.get("guard", "web"))
        user = await auth.attempt(await request.json(), remember=remember)
        return JSONResponse({"id": user.id if user else None}, 200 if user else 422)

    async def logout(request: Request) -> Response:
        await house.auth(request, request.query_params.get("guard", "web")).logout()
        return Response(status_code=204)

    return [
        Route("/login", house.public(login), methods=["POST"]),
        Route("/logout", house.public(logout), methods=["POST"]),
        Route("/csrf-cookie", house.csrf_cookie),
    ]


def browser(app: Starlette, headers: Mapping[str, str] = PAGE, **options: Any) -> TestClient:
    """A client on a page of the application itself, that follows no redirect."""
    return TestClient(app, base_url=ORIGIN, headers=dict(headers), follow_redirects=False, **options)


def log_in(client: TestClient, user: User = ADA, **query: str) -> TestClient:
    answer = client.post("/login", params=query, json={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200
    return client


def present(client: TestClient, session_id: str, name: str = SESSION) -> TestClient:
    """Let the client send a session cookie that the house may never have set."""
    client.cookies.set(name, session_id, domain="testserver.local", path="/")
    return client


def said(answer: Any) -> tuple[int, str | None]:
    """What an answer says: its status, and the code of the refusal."""
    return answer.status_code, answer.headers.get("guardhouse-reason")
