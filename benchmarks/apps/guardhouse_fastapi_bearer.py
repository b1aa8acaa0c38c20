"""guardhouse on FastAPI, for programs that send a token in Authorization: one dependency, which is the user."""

from __future__ import annotations

from fastapi import FastAPI

from benchmarks.apps.bearers import ADA, SECRET, USERS, issuer, jwt_guard
from guardhouse import TokenGuard, User
from guardhouse.fastapi import Guardhouse


def application(guard: str) -> FastAPI:
    """Build the application with that guard, `token` or `jwt`, as its one dependency."""
    house: Guardhouse[User] = Guardhouse(
        secret=SECRET,
        users=USERS,
        guards={"token": TokenGuard(), "jwt": jwt_guard(remember=1024)},
        public_url="https://bench.example",
    )
    current = house.guard(guard)
    app = FastAPI()

    @app.post("/login")
    @house.public
    async def login() -> dict[str, str]:
        if guard == "jwt":
            return {"access_token": issuer.issue(ADA.id)}
        return {"access_token": (await house.tokens("token").issue(ADA, "bench")).plain}

    @app.get("/me")
    @app.post("/do")
    async def me(user: User = current) -> dict[str, int]:
        return {"id": int(user.id)}

    @app.get("/open")
    @house.public
    async def answer() -> dict[str, int]:
        return {"id": 42}

    house.install(app, public=["/docs", "/redoc", "/openapi.json"])
    return app
