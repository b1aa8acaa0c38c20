"""The application that the bench runs: sessions that are read, written and ended, and names that are used once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.faults.failpoints import Failpoints
from guardhouse import MemoryUsers, Passwords, User
from guardhouse.limits import LoginThrottle
from guardhouse.starlette import Guardhouse
from guardhouse.state.attempts import AttemptLimit
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher

PASSWORD = "correct horse battery staple"  # noqa: S105 - of users who exist only here
ORIGIN = "https://bench.example"
GUESSES = 10
"""How many passwords of one account are weighed in a day."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker is told."""

    store: str
    password_hash: str
    users: int
    secrets: tuple[str, ...]
    skew: float = 0.0
    """By how many seconds its clock is wrong."""
    mortal: bool = False
    """Whether it can be told to die at a verb of the store."""


def house_of(settings: Settings, clock: Callable[[], float] = time.time) -> Guardhouse[User]:
    """Build the house that all workers, and who makes sessions for them beforehand, have in common."""
    known = [
        User(id=str(number), email=f"{number}@bench.example", password_hash=settings.password_hash)
        for number in range(settings.users)
    ]
    return Guardhouse(
        secret=settings.secrets,
        users=MemoryUsers(known),
        store=settings.store,
        public_url=ORIGIN,
        passwords=Passwords(PasswordHasher(ARGON2_CHEAPEST)),
        clock=clock,
    )


def application(settings: Settings) -> Starlette:
    """Build the application."""
    skew = [settings.skew]
    house = house_of(settings, lambda: time.time() + skew[0])
    store = cast("Any", house.parts.store)
    throttle = LoginThrottle(house.limits, account=AttemptLimit(tries=GUESSES, most=GUESSES))
    failpoints = Failpoints(store, mortal=settings.mortal)

    async def login(request: Request) -> Response:
        asked = {"email": f"{request.query_params['user']}@bench.example", "password": PASSWORD}
        return JSONResponse({"user": getattr(await house.auth(request).attempt(asked), "id", None)})

    async def read(request: Request) -> Response:
        identity, session = await house.identity_of(request, "web"), await house.session(request)
        return JSONResponse({"user": identity.user_id, "value": session.get(request.query_params["key"])})

    async def write(request: Request) -> Response:
        identity, session = await house.identity_of(request, "web"), await house.session(request)
        await asyncio.sleep(float(request.query_params.get("slow", "0")))
        session[request.query_params["key"]] = request.query_params["value"]
        return JSONResponse({"user": identity.user_id})

    async def logout(request: Request) -> Response:
        await house.auth(request).logout()
        return JSONResponse({})

    async def revoke(request: Request) -> Response:
        identity = await house.identity_of(request, "web")
        await store.revoke(f"users:{identity.user_id}")
        return JSONResponse({"user": identity.user_id})

    async def once(request: Request) -> Response:
        new = await store.once(request.query_params["name"].encode(), time.time() + 600)
        return JSONResponse({}, 200 if new else 409)

    async def guess(request: Request) -> Response:
        account = f"{request.query_params['user']}@bench.example"
        if await throttle.take(request.query_params["from"], account) is not None:
            return JSONResponse({}, 429)
        weighed = await house.auth(request).validate({"email": account, "password": "a wrong password"})
        return JSONResponse({"weighed": weighed is None})

    async def health(request: Request) -> Response:
        skew[0] = float(request.query_params.get("skew", skew[0]))
        failpoints.arm(request.query_params)
        return JSONResponse({"tasks": len(asyncio.all_tasks()), "files": _open_files(), "now": time.time()})

    guard = house.requires("web")
    routes = [
        Route("/login", house.public(login), methods=["POST"]),
        Route("/read", guard(read)),
        Route("/write", guard(write), methods=["POST"]),
        Route("/logout", house.public(logout), methods=["POST"]),
        Route("/revoke", guard(revoke), methods=["POST"]),
        Route("/once", house.public(once), methods=["POST"]),
        Route("/guess", house.public(guess), methods=["POST"]),
        Route("/health", house.public(health)),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return app


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
