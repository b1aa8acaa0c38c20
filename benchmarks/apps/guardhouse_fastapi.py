"""guardhouse on FastAPI, sessions in memory: one dependency, which is the user."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Request

from guardhouse import MemoryUsers, User
from guardhouse.fastapi import Guardhouse

ADA = User(id="42", email="ada@example.com")

house: Guardhouse[User] = Guardhouse(
    secret="a secret of the benchmark, thirty-two bytes or more",  # noqa: S106
    users=MemoryUsers([ADA]),
    public_url="https://bench.example",
)
Me = Annotated[User, house.guard("web")]

app = FastAPI()


@app.post("/login")
@house.public
async def login(request: Request) -> dict[str, int]:
    """Log Ada in."""
    await house.auth(request).login(ADA)
    return {}


@app.get("/me")
@app.post("/do")
async def me(user: Me) -> dict[str, int]:
    """Answer who is logged in."""
    return {"id": int(user.id)}


@app.get("/open")
@house.public
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}


house.install(app, public=["/docs", "/redoc", "/openapi.json"])
