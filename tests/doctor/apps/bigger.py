"""FastAPI's "Bigger Applications", with its CORS, sub-application, background tasks, lifespan, static files and docs."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, HTTPException, Request, WebSocket
from fastapi.exception_handlers import http_exception_handler
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.base import RequestResponseEndpoint

from guardhouse import Area, FunctionGuard, MemoryUsers, SessionGuard, User
from guardhouse.fastapi import Guardhouse
from guardhouse.limits import LoginThrottle

ORIGINS = ["https://app.example.com", "https://admin.example.com"]

house = Guardhouse(
    secret=os.environ["APP_KEY"],
    users=MemoryUsers([User(id="1", email="ada@example.com", password_hash=None)]),
    guards={"web": SessionGuard(), "key": FunctionGuard(header="X-Token", find=str)},
    areas={"api": Area(guards=("key", "web"), answers="json")},
    store=os.environ["APP_STORE"],
    public_url="https://api.example.com",
    trusted_origins=ORIGINS,
    trusted_proxies=["10.0.0.0/8"],
)
throttle = LoginThrottle(house.limits)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    models["answer"] = len(app.routes)
    yield
    models.clear()


models: dict[str, int] = {}
app = FastAPI(lifespan=lifespan)

app.add_middleware(GZipMiddleware, minimum_size=1000)
app.add_middleware(
    CORSMiddleware,
    allow_origins=ORIGINS,
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


@app.middleware("http")
async def add_process_time_header(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers["X-Process-Time"] = request.method
    return response


@app.exception_handler(StarletteHTTPException)
async def custom_http_exception_handler(request: Request, error: StarletteHTTPException) -> Response:
    return await http_exception_handler(request, error)


@app.exception_handler(404)
async def nothing(request: Request, error: StarletteHTTPException) -> Response:
    return PlainTextResponse("nothing here", 404, headers=error.headers)


class Item(BaseModel):
    name: str
    price: float = 0


async def get_token_header(x_version: Annotated[str, Header()] = "1") -> str:
    return x_version


Me = Annotated[User, house.guard("api")]

items = APIRouter(
    prefix="/items",
    tags=["items"],
    dependencies=[Depends(get_token_header), house.require("api")],
    responses={404: {"description": "Not found"}},
)


@items.get("/")
async def read_items() -> list[str]:
    return ["portal gun", "plumbus"]


@items.put("/{item_id}", tags=["custom"])
async def update_item(item_id: str, item: Item) -> str:
    if item_id != "plumbus":
        raise HTTPException(status_code=403, detail="You can only update the item: plumbus")
    return item.name


users = APIRouter()


@users.get("/users/me", tags=["users"])
async def read_user_me(me: Me) -> str:
    return me.email


def write_notification(email: str, message: str = "") -> None:
    models[email] = len(message)


@users.post("/send-notification/{email}")
async def send_notification(email: str, tasks: BackgroundTasks, me: Me) -> str:
    tasks.add_task(write_notification, email, message=me.id)
    return "sent in the background"


@app.post("/login")
@house.public
async def login(request: Request, credentials: dict[str, str]) -> str:
    peer = request.client.host if request.client else None
    if await throttle.take(peer, credentials["email"]):
        raise HTTPException(429)
    user = await house.auth(request).attempt(credentials)
    if user is None:
        raise HTTPException(422)
    return user.email


@app.websocket("/ws")
async def echo(socket: WebSocket, me: Me) -> None:
    await socket.accept()
    await socket.send_text(me.id)
    await socket.close()


app.include_router(users)
app.include_router(items)
app.include_router(items, prefix="/v2")

subapi = FastAPI()


@subapi.get("/sub")
@house.public
def read_sub() -> str:
    return "from the sub-application"


@subapi.get("/mine")
async def read_mine(me: Me) -> str:
    return me.email


app.mount("/subapi", subapi)
app.mount("/static", house.public(StaticFiles(directory=Path(__file__).parent)), name="static")
app.add_route("/csrf-cookie", house.csrf_cookie)
house.install(app)
