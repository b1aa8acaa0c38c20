"""An application that the checks at start refuse: its guard stands as a parameter."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI

from guardhouse.fastapi import Guardhouse
from guardhouse.guards.session import SessionGuard
from guardhouse.users.memory import MemoryUsers, User

house: Guardhouse[User] = Guardhouse(
    secret="ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM", users=MemoryUsers(), undeclared="open"
)
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/me")
async def me(user: Annotated[User | None, SessionGuard()] = None) -> None: ...


house.install(app)
