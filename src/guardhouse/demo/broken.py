"""Small applications with one mistake each, as a developer would have made it with guardhouse; none mends its mistake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from secrets import token_urlsafe
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response, params
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from guardhouse.errors import StoreError
from guardhouse.fastapi import Guardhouse
from guardhouse.guards.function import FunctionGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.record import Record
from guardhouse.stores.memory import MemoryStore
from guardhouse.users.memory import MemoryUsers, User
from guardhouse.users.passwords import Passwords

BOB = User(id="7", email="bob@example.com", name="Bob", password_hash="the first")  # noqa: S106 - never verified

_FETCH_METADATA = (b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest", b"sec-fetch-user")
_ORIGIN = (b"origin", b"referer")


class UnsteadyStore(MemoryStore):
    """A store that can be stopped."""

    away = False

    def load_now(self, key: bytes) -> Record | None:
        """Read a record, while the store is there."""
        if self.away:
            raise StoreError("connection refused")
        return super().load_now(key)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the damage of a mistake is done to."""

    users: MemoryUsers = field(default_factory=lambda: MemoryUsers([BOB]))
    store: UnsteadyStore = field(default_factory=UnsteadyStore)

    async def repair(self) -> None:
        """Put everything back, so that a mistake can be tried again."""
        self.store.away = False
        if await self.users.by_id(BOB.id) is None:
            self.users.add(BOB)

    async def delete_user(self) -> None:
        """Delete the account."""
        if await self.users.by_id(BOB.id) is not None:
            self.users.remove(BOB.id)

    async def change_password(self) -> None:
        """Change the password on another device."""
        self.users.replace(replace(BOB, password_hash=f"another {token_urlsafe(6)}"))

    async def restart(self) -> None:
        """Restart the process: memory is empty."""
        await self.store.revoke(f"users:{BOB.id}")

    async def stop_store(self) -> None:
        """Let the store go away."""
        self.store.away = True


Damage: TypeAlias = Callable[[Trouble], Awaitable[None]]


async def _none(trouble: Trouble) -> None:
    """Do nothing."""


def applications(passwords: Passwords, secret: str) -> Mapping[str, ASGIApp]:
    """Build every mistake of the gallery, by its slug; `secret` is that of the demo around it."""
    stale = _application(
        "stale-token", passwords, secret=secret
    )  # the token of the demo's page is of this very key
    return {
        "omit": _application("omit", passwords),
        "two-hosts": _any_loopback(_application("two-hosts", passwords)),
        "spa-origin": _any_loopback(
            _application("spa-origin", passwords, trusted_origins=["http://localhost:5173"])
        ),
        "cookie-name": _application("cookie-name", passwords),
        "other-realm": _application(
            "other-realm", passwords, guards={"web": SessionGuard(), "api": SessionGuard(realm="api")}
        ),
        "old-key": _application(
            "old-key",
            passwords,
            guards={"web": SessionGuard(), "key": FunctionGuard(header="X-Api-Key", find=_no_key)},
            asked=("key", "web"),
        ),
        "proxy": StrippingProxy(_application("proxy", passwords), (*_FETCH_METADATA, *_ORIGIN)),
        "stale-token": StrippingProxy(stale, (*_FETCH_METADATA, *_ORIGIN)),
        "tls-proxy": TlsProxy(_application("tls-proxy", passwords)),
        "store-down": _application("store-down", passwords, damage=Trouble.stop_store),
        "expired": _application("expired", passwords, sessions=SessionPolicy(idle=timedelta(seconds=1))),
        "user-deleted": _application("user-deleted", passwords, damage=Trouble.delete_user),
        "password-changed": _application("password-changed", passwords, damage=Trouble.change_password),
        "logged-out": _application("logged-out", passwords, damage=Trouble.restart),
    }


def _application(
    slug: str,
    passwords: Passwords,
    *,
    asked: tuple[str, ...] = ("api",),
    damage: Damage | None = None,
    **parts: object,
) -> FastAPI:
    """Put one application together: a login, an API, and the damage that befalls it."""
    trouble = Trouble()
    house = _house(slug, passwords, trouble, parts)
    app = FastAPI(title=slug, docs_url=None, redoc_url=None, openapi_url=None)
    _add_login(app, house, trouble)
    _add_api(app, house.require(*asked))
    _add_damage(app, house, slug, partial(damage or _none, trouble))
    house.install(app)
    return app


def _house(slug: str, passwords: Passwords, trouble: Trouble, parts: dict[str, object]) -> Guardhouse[User]:
    usual: dict[str, Any] = {
        "secret": token_urlsafe(32),
        "users": trouble.users,
        "store": trouble.store,
        "guards": {"web": SessionGuard(), "api": SessionGuard()},
        "passwords": passwords,
        "cookie": CookiePolicy(name=f"gh-{slug}", csrf="XSRF-broken"),
        "explain": "full",
        "debug": True,
    }
    settings: dict[str, Any] = usual | parts
    return Guardhouse[User](**settings)


def _add_login(app: FastAPI, house: Guardhouse[User], trouble: Trouble) -> None:
    @app.post("/login")
    @house.public
    async def log_in(request: Request) -> dict[str, str]:
        await trouble.repair()
        await house.auth(request, "web").login(await trouble.users.by_id(BOB.id) or BOB)
        return {"user": BOB.email}

    @app.get("/page")
    @house.public
    async def page(request: Request) -> dict[str, str]:
        return {"csrf_token": house.csrf_token(request)}


def _add_api(app: FastAPI, guard: params.Depends) -> None:
    @app.get("/me", dependencies=[guard])
    async def me() -> dict[str, str]:
        return {"user": BOB.email}

    @app.post("/do_thing", dependencies=[guard])
    async def do_thing() -> dict[str, int]:
        return {"done": 1}


def _add_damage(
    app: FastAPI, house: Guardhouse[User], slug: str, damage: Callable[[], Awaitable[None]]
) -> None:
    @app.post("/damage")
    @house.public
    async def do_damage() -> dict[str, str]:
        await damage()
        return {"done": slug}

    @app.get("/neighbour")
    @house.public
    async def neighbour() -> Response:
        cookie = f"__Host-gh-{slug}=eyJpdiI6Ijc0; Path=/; Secure; HttpOnly; SameSite=Lax"
        return Response(status_code=204, headers={"Set-Cookie": cookie})


def _no_key(value: str) -> str | None:  # noqa: ARG001 - every key was revoked last year
    return None


def _any_loopback(app: ASGIApp) -> ASGIApp:
    """Let every page of this machine read the answers: CORS is right here, and is not what fails."""
    return CORSMiddleware(
        app,
        allow_origin_regex=r"https?://(127\.0\.0\.1|localhost)(:[0-9]+)?",
        allow_credentials=True,
        allow_methods=["GET", "POST"],
        allow_headers=["X-Requested-With", "X-CSRF-TOKEN", "Content-Type"],
    )


class StrippingProxy:
    """A proxy that takes headers away."""

    def __init__(self, app: ASGIApp, names: tuple[bytes, ...]) -> None:
        self.app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on without them; the login went past this proxy."""
        if scope["path"].endswith("/login"):
            await self.app(scope, receive, send)
            return
        kept = [(name, value) for name, value in scope["headers"] if name not in self._names]
        await self.app({**scope, "headers": kept}, receive, send)


class TlsProxy:
    """A proxy that ends TLS and says so to nobody, in front of a browser that sends Origin and no Fetch Metadata."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on over http what the browser sent over https; the login went past this proxy."""
        if scope["path"].endswith("/login"):
            await self.app(scope, receive, send)
            return
        headers = [
            (name, value.replace(b"http://", b"https://") if name in _ORIGIN else value)
            for name, value in scope["headers"]
            if name not in _FETCH_METADATA
        ]
        await self.app({**scope, "scheme": "http", "headers": headers}, receive, send)
