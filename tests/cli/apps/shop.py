"""A small application to list and to ask, as a developer would write it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from guardhouse.core.area import Area, Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny
from guardhouse.fastapi import Guardhouse
from guardhouse.gate.visit import Visit
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.users.memory import MemoryUsers, User

KEYS = {"sesame": "1", "lost": "2"}


def audit(visit: Visit) -> Deny | None:
    return Deny("audit", Reason.STEP_REFUSED) if b"x-audit" in dict(visit.facts.headers) else None


house: Guardhouse[User] = Guardhouse(
    secret="ghs_0Zr4kq9Yw2LhTn7VbXc1Ae5Sd8Ff3GjM",
    users=MemoryUsers([User(id="1", email="ada@example.com")]),
    guards={
        "web": SessionGuard(),
        "api": SessionGuard(),
        "key": FunctionGuard(header="X-Api-Key", find=KEYS.get),
    },
    areas={"office": Area(guards=("key",), steps=(Step("audit", audit),))},
    explain="code",
    login_url="/login",
    undeclared="open",
)
app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
Me = Annotated[User, house.guard("api", "key")]
print("what an application prints while it is imported")


@app.get("/api/me")
async def me(user: Me) -> dict[str, str]:
    print("what an endpoint prints")
    return {"id": user.id}


@app.post("/api/do_thing")
async def do_thing(user: Me) -> dict[str, str]:
    return {"id": user.id}


@app.get("/greet")
async def greet(user: Annotated[User | None, house.optional("api")]) -> dict[str, bool]:
    return {"guest": user is None}


@app.get("/office")
async def office(user: Annotated[User, house.guard("office")]) -> dict[str, str]:
    return {"id": user.id}


@app.get("/fail")
async def fail(user: Me) -> None:
    raise RuntimeError("the value sesame is in this text")


@app.get("/crash")
@house.public
async def crash() -> None:
    raise RuntimeError("without a guard")


@app.get("/public")
@house.public
async def public() -> dict[str, bool]:
    return {"public": True}


@app.get("/forgotten")
async def forgotten() -> dict[str, bool]:
    return {}


@app.post("/login")
async def login(credentials: dict[str, str]) -> dict[str, bool]:
    return {}


@app.websocket("/ws")
async def ws(socket: WebSocket, user: Me) -> None:
    await socket.accept()
    await socket.receive_text()


app.add_api_route("/csrf-cookie", house.csrf_cookie, methods=["GET"])
pages = APIRouter(dependencies=[house.require("web")])


@pages.get("/home")
async def home() -> dict[str, bool]:
    return {}


app.include_router(pages)


async def hello(request: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def file(scope: object, receive: object, send: object) -> None:
    """Answer nothing; an application that cannot be looked into."""


app.router.routes.append(Mount("/files", app=file))
app.router.routes.append(Mount("/open", app=house.public(Starlette(routes=[Route("/hello", hello)]))))
house.install(app)


def make() -> FastAPI:
    return app


async def make_later() -> FastAPI:
    return app


def make_badly() -> FastAPI:
    raise OSError("no database\nhere")


class Wrapped:
    """Middleware written by hand around the application."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)


wrapped = Wrapped(app)
houseless = Starlette()
