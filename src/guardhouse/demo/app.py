"""The application of the thread: a page, a login, an API for browsers and programs, and the gallery of mistakes."""

# Without `from __future__ import annotations`: FastAPI evaluates these annotations, and they name the house inside.
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from guardhouse.core.area import Area
from guardhouse.core.verdict import Identity
from guardhouse.demo.admin import ADMIN, RULE, is_ada
from guardhouse.demo.beyond import Beyond, unkept
from guardhouse.demo.books import PASSWORD, PEOPLE, Books
from guardhouse.demo.broken import applications
from guardhouse.demo.cases import GROUPS
from guardhouse.demo.controlled import Clock
from guardhouse.demo.controlled_cookies import controlled_store
from guardhouse.demo.controls import Controls, add_controls
from guardhouse.demo.docs import docs_page
from guardhouse.demo.entrance import Entrance
from guardhouse.demo.issuer import Issuing, partner
from guardhouse.demo.pages import other_origin, page, static_text
from guardhouse.demo.people import People
from guardhouse.demo.settings import Settings
from guardhouse.demo.token import POLICY, keep
from guardhouse.edge.session_routes import session_routes
from guardhouse.edge.token_routes import token_routes
from guardhouse.fastapi import Guardhouse
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.state.keeper import Storeless
from guardhouse.state.store import EndsOne, SessionStore
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.memory_tokens import MemoryTokens
from guardhouse.stores.opening import open_sealed, open_store
from guardhouse.users.memory import User
from guardhouse.users.passwords import Passwords


class Demo(msgspec.Struct, frozen=True):
    """The parts of one running demo."""

    house: Guardhouse[User]
    books: Books
    passwords: Passwords
    entrance: Entrance
    issuing: Issuing
    controls: Controls | None = None


def build(settings: Settings) -> FastAPI:
    """Build the whole application."""
    demo = furnish(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await keep(settings.api_token, demo.house.parts.tokens or MemoryTokens(), demo.house.parts.clock())
        yield
        demo.books.close()

    app = FastAPI(
        title="guardhouse demo",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    _add_api(app, demo)
    _add_ways(app, demo)
    _add_pages(app, demo)
    _add_gallery(app, demo)
    demo.house.rules.define(RULE, is_ada)
    demo.house.mount(app, "/admin", ADMIN)
    app.add_exception_handler(HTTPException, unkept)
    if settings.controls and demo.controls:
        add_controls(app, demo.controls, settings.controls, demo.house)
    demo.house.install(app)
    return app


def furnish(settings: Settings) -> Demo:
    """Build the house and what the demo keeps."""
    books = Books(settings.file)
    passwords = Passwords()
    users = People(books, settings.users)
    clock = Clock()
    store = _furnished(open_store(settings.store))
    controlled = controlled_store(store) if settings.controls else None
    issuing = Issuing(clock)
    foreign = {} if settings.partner_keys is None else {"partner": partner(settings.partner_keys)}
    house = Guardhouse[User](
        secret=books.secrets(),
        users=users,
        store=controlled or store,
        guards={
            "web": SessionGuard(),
            "api": SessionGuard(),
            "token": TokenGuard(policy=POLICY),
            "jwt": issuing.guard(),
            **foreign,
        },
        areas={"api": Area(guards=("token", "jwt", *foreign, "api"), answers="json")},
        passwords=passwords,
        public_url=settings.addresses or None,
        trusted_origins=settings.trusted_origins,
        login_url="/login",
        explain="full",
        debug=True,
        clock=clock,
    )
    entrance = Entrance(house, settings)
    controls = (
        Controls(controlled, clock, users, books, house.limits, issuing, passwords, entrance.mailer)
        if controlled
        else None
    )
    return Demo(house, books, passwords, entrance, issuing, controls)


def _furnished(store: SessionStore | Storeless) -> SessionStore | Storeless:
    """Put a store beside sessions in cookies where there is none, for the demo's tokens."""
    if isinstance(store, Storeless) and store.beside is None:
        return open_sealed(beside=MemoryStore())
    return store


def _add_api(app: FastAPI, demo: Demo) -> None:
    """Add the area of the thread, and one route that is open."""
    house, books = demo.house, demo.books

    @app.get("/api/me", summary="Who calls", tags=["api"])
    async def me(user: Annotated[User, house.guard("api")]) -> dict[str, str]:
        """Say who calls."""
        return {"id": user.id, "email": user.email}

    @app.post("/api/do_thing", summary="Do the thing of the thread", tags=["api"])
    async def do_thing(user: Annotated[User, house.guard("api", "abilities:write")]) -> dict[str, int]:
        """Do the thing of the thread: count it."""
        return {"done": await books.add_done(user.id)}

    @app.get("/api/done", summary="How often the thing was done", tags=["api"])
    async def done(user: Annotated[User, house.guard("api", "abilities:read")]) -> dict[str, int]:
        """Say how often the thing was done; a token needs the ability `read`."""
        return {"done": books.done(user.id)}

    @app.post("/api/access-token", summary="A signed token for ten minutes", tags=["api"])
    async def access_token(who: Annotated[Identity, house.identity("web")]) -> dict[str, str]:
        """Give whoever is logged in a signed token (JWT) that lives for ten minutes."""
        return {"access_token": demo.issuing.tokens.issue(who.user_id, scopes=("read", "write"))}

    @app.delete("/api/access-token", summary="Take the signed token back", status_code=204, tags=["api"])
    async def take_back(who: Annotated[Identity, house.identity("jwt")]) -> None:
        """Put the token that comes with the request on the list that the guard asks (RFC 7009 would name it)."""
        demo.issuing.revoked.add(("jti", who.token or ""))

    app.router.routes += _own_routes(house)

    @app.websocket("/api/ws")
    async def echo(socket: WebSocket, user: Annotated[User, house.guard("api")]) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(f"{user.id}: {await socket.receive_text()}")
        except WebSocketDisconnect:
            return

    # What else is asked below /api meets the same guards, before it is told that there is nothing.
    app.router.routes.append(Mount("/api", app=Beyond(app.routes), middleware=[house.layer("api")]))

    @app.get("/public", summary="No guard", tags=["open"])
    @house.public
    async def public() -> dict[str, bool]:
        """Answer anybody."""
        return {"public": True}


def _own_routes(house: Guardhouse[User]) -> list[BaseRoute]:
    """Make the routes at which a user sees and takes back what is his own: tokens, and sessions where the store can."""
    routes = [*token_routes(house, "api", path="/api/tokens")]
    if isinstance(house.parts.store, EndsOne):
        routes += session_routes(house, "api", path="/api/sessions")
    return routes


def _add_ways(app: FastAPI, demo: Demo) -> None:
    """Add the ways in and out."""
    house = demo.house
    demo.entrance.add_to(app)

    @app.get("/csrf-cookie", summary="Set the XSRF-TOKEN cookie", status_code=204, tags=["open"])
    @house.public
    async def csrf_cookie(request: Request) -> Response:
        """Set the XSRF-TOKEN cookie."""
        return await house.csrf_cookie(request)


def _add_pages(app: FastAPI, demo: Demo) -> None:
    """Add what a browser shows."""
    house = demo.house
    thread = static_text("thread.js")

    @app.get("/", include_in_schema=False)
    @house.public
    async def index(request: Request) -> Response:
        user = await house.auth(request, "web").user()
        second = other_origin(request)
        return page(
            "index.html",
            connect=second,
            csrf_token=house.csrf_token(request),
            other_origin=second,
            email=user.email if user else "",
            who=user.email if user else "nobody",
            login_hidden="hidden" if user else "",
            inside_hidden="" if user else "hidden",
            password=PASSWORD,
            thread=thread,
        )

    @app.get("/account", include_in_schema=False)
    async def account(request: Request, user: Annotated[User, house.guard("web")]) -> Response:
        since = (await house.identity_of(request, "web")).since or 0.0
        behind = await house.auth(request, "web").impersonator()
        return page(
            "account.html",
            impersonator=behind.email if behind else "",
            acting_hidden="" if behind else "hidden",
            admin_hidden="" if is_ada(user) and behind is None else "hidden",
            mail_hidden="" if "change-email" in demo.entrance.ways.paths else "hidden",
            other=PEOPLE[1][0],
            csrf_token=house.csrf_token(request),
            email=user.email,
            done=str(demo.books.done(user.id)),
            since=f"{datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M} UTC",
        )

    @app.get("/docs", include_in_schema=False)
    @house.public
    async def docs() -> Response:
        return docs_page(app)

    @app.get("/openapi.json", include_in_schema=False)
    @house.public
    async def schema() -> dict[str, Any]:
        return app.openapi()


def _add_gallery(app: FastAPI, demo: Demo) -> None:
    """Add the mistakes, each an application of its own, and the files of the pages."""
    gallery = msgspec.to_builtins({"groups": GROUPS})

    @app.get("/broken", include_in_schema=False)
    @demo.house.public
    async def broken() -> JSONResponse:
        return JSONResponse(gallery)

    for slug, mistake in applications(demo.passwords, demo.books.secrets()[0]).items():
        app.router.routes.append(Mount(f"/broken/{slug}", app=mistake))
    static = StaticFiles(packages=[("guardhouse.demo", "static")])
    app.mount("/static", demo.house.public(static), name="static")
