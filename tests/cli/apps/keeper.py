"""An application that keeps tokens in the file that the environment names."""

import os
from typing import Annotated

from fastapi import FastAPI

from guardhouse import MemoryUsers, SessionGuard, User
from guardhouse.fastapi import Guardhouse
from guardhouse.guards.token import TokenGuard

house: Guardhouse[User] = Guardhouse(
    secret="ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM",
    users=MemoryUsers([User(id="1", email="ada@example.com")]),
    guards={"web": SessionGuard(), "token": TokenGuard()},
    store=os.environ.get("KEEPER_STORE", "memory:"),
)
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.get("/me")
async def me(user: Annotated[User, house.guard("token")]) -> str:
    return user.email


house.install(app)
