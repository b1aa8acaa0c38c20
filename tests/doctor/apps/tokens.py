"""FastAPI's security tutorial turned round: an API for programs, whose CORS lets everybody read, and nobody by cookie."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, Response
from starlette.requests import Request

from guardhouse import BasicGuard, MemoryUsers, TokenGuard, User
from guardhouse.fastapi import Guardhouse
from guardhouse.state.token import TokenPolicy

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([User(id="1", email="ada@example.com")]),
    guards={"token": TokenGuard(policy=TokenPolicy(lifetime=timedelta(days=90))), "basic": BasicGuard()},
    store=os.environ["APP_STORE"],
)
app = FastAPI(title="tokens")
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["Authorization"])


class Paging:
    def __init__(self, skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> None:
        self.skip, self.limit = skip, limit


@app.get("/items")
async def read_items(
    me: Annotated[User, house.guard("token")], paging: Annotated[Paging, Depends()]
) -> list[int]:
    return list(range(paging.skip, paging.limit))


@app.delete("/items/{item}")
async def delete_item(item: int, me: Annotated[User, house.guard("token", "abilities:write")]) -> int:
    return item


@app.get("/health")
@house.public
async def health() -> str:
    return "ok"


@app.exception_handler(ZeroDivisionError)
async def divided(request: Request, error: ZeroDivisionError) -> Response:
    return JSONResponse({"message": "by zero"}, 418)


@app.post("/tokens/by-password")
async def by_password(me: Annotated[User, house.guard("basic", "throttle:10,1")]) -> str:
    issued = await house.tokens().issue(me, "by password")
    return issued.plain


house.install(app)
