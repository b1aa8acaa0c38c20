"""Refusals that are really provoked, one for each code where that takes a request or two: for docs, pages, and tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

import guardhouse.fastapi
import guardhouse.starlette
from guardhouse import (
    Area,
    CookiePolicy,
    FunctionGuard,
    Guest,
    MemoryUsers,
    Reason,
    SessionGuard,
    SessionPolicy,
    Signed,
    Step,
    Throttle,
    TokenGuard,
    TokenPolicy,
    User,
)
from guardhouse.core.answer import Refusal
from guardhouse.core.verdict import Deny
from guardhouse.edge.asgi import visit_of
from guardhouse.gate.refused import refused
from guardhouse.state.enrolment import Kind
from guardhouse.state.pending import Pending, hold
from guardhouse.stores.memory import MemoryStore
from guardhouse.testing import PASSWORD, BrokenStore, FixedClock, fake_users, fast_passwords
from guardhouse.ways import Ways

SECRET = "kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX"
OTHER_SECRET = "Zs8mQ2vK6yXc4TgUa1HnWp9LrEj3Bd7oFi5NtMuk"
BASE = "https://api.example.com"
NAME = {"X-Request-ID": "example-of-the-docs"}
SAME = {"Sec-Fetch-Site": "same-origin"}
NEIGHBOUR = {"Origin": "https://spa.example.com", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}
STRANGER = {"Origin": "https://shop.other.org", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
REMEMBER = "__Host-gh-remember"
UNKNOWN_ID = "A" * 43

_SECRET_HEADERS = {"authorization": "{scheme} ...", "x-xsrf-token": "...", "x-api-key": "..."}
_SHOWN = frozenset(
    {
        *(
            "host",
            "origin",
            "referer",
            "cookie",
            "authorization",
            "x-xsrf-token",
            "x-api-key",
            "via",
            "user-agent",
        ),
        *("sec-fetch-site", "sec-fetch-mode", "sec-fetch-storage-access", "x-forwarded-proto"),
    }
)


Headers = Mapping[str, str] | Sequence[tuple[str, str]]


class Provoked(NamedTuple):
    """One request, as it may be shown, and what it was told."""

    request: tuple[str, ...]
    status: int
    document: Mapping[str, Any]
    answer: Any


class World:
    """An application with a house of its own, at a time that stands still."""

    def __init__(self, prepare: Callable[[Any], object] | None = None, **changes: Any) -> None:
        self.clock = FixedClock()
        self.users = fake_users()
        settings: dict[str, Any] = {
            "secret": SECRET,
            "users": self.users,
            "passwords": fast_passwords(),
            "guards": {
                "web": SessionGuard(),
                "staff": SessionGuard(realm="staff"),
                "key": FunctionGuard(header="X-Api-Key", find=_find),
                "token": TokenGuard(policy=TokenPolicy(lifetime=timedelta(days=30))),
            },
            "areas": {
                "signed": Area(("web",), steps=(Signed(),)),
                "closed": Area(("web",), steps=(Step("office hours", _closed),)),
                "guests": Area(("web",), steps=(Guest(),)),
                "few": Area(("web",), steps=(Throttle(1),)),
                "read": Area(("token",)),
            },
            "sessions": SessionPolicy(idle=timedelta(hours=1)),
            "explain": "full",
            "debug": True,
            "undeclared": "open",
            "clock": self.clock,
        }
        self.house = guardhouse.starlette.Guardhouse[User](**(settings | changes))
        if prepare is not None:
            prepare(self.house)
        names = ("web", *self.house.areas, *(name for name in self.house.guards if name != "web"))
        self.app = Starlette(
            routes=[
                *(Route(f"/{name}", self._guarded(name), methods=["GET", "POST"]) for name in names),
                Route("/login", self._login, methods=["POST"]),
                Route("/logout", self._logout, methods=["POST"]),
                Route("/csrf-cookie", self.house.csrf_cookie),
                Route("/issue", self._issue, methods=["POST"]),
            ]
        )
        self.house.install(self.app)

    def _guarded(self, name: str) -> Any:
        async def endpoint(request: Request) -> Response:
            if name == "web":
                await self.house.user(request)
            return PlainTextResponse("in")

        return self.house.requires(name)(endpoint)

    async def _login(self, request: Request) -> Response:
        body = await request.json()
        remember = body.pop("remember", False)
        user = await self.house.auth(request).attempt(body, remember=remember)
        if user is None:
            raise await refused(visit_of(request, self.house), Refusal(Reason.LOGIN_FAILED, "login"))
        return Response(status_code=204)

    async def _logout(self, request: Request) -> Response:
        await self.house.auth(request).logout()
        return Response(status_code=204)

    async def _issue(self, _: Request) -> Response:
        made = await self.house.tokens().issue(self.users.ada, "docs", abilities=["read"])
        return PlainTextResponse(made.plain)

    def client(self, base_url: str = BASE) -> TestClient:
        """Return a client that says nothing by itself."""
        client = TestClient(self.app, base_url=base_url, follow_redirects=False)
        client.headers.clear()
        return client

    def logged_in(self) -> TestClient:
        """Return a client of somebody who is logged in."""
        client = self.client()
        body = {"email": self.users.ada.email, "password": PASSWORD}
        assert client.post("/login", json=body, headers=SAME).status_code == 204
        return client


def ask(client: TestClient, method: str, path: str, headers: Headers = (), **options: Any) -> Provoked:
    """Send one request; what it shows has no secret in it."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    answer = client.request(method, path, headers=[*NAME.items(), *pairs], **options)
    document = answer.json() if answer.headers.get("content-type") == "application/problem+json" else {}
    return Provoked(tuple(_shown(answer.request)), answer.status_code, document, answer)


def _shown(request: Any) -> Iterator[str]:
    yield f"{request.method} {request.url.path}"
    for name, value in request.headers.items():
        if name == "cookie":
            names = [pair.partition("=")[0] for pair in value.split("; ")]
            yield f"Cookie: {'; '.join(f'{one}=...' for one in names)}"
        elif name in _SECRET_HEADERS:
            yield f"{name.title()}: {_SECRET_HEADERS[name].format(scheme=value.partition(' ')[0])}"
        elif name in _SHOWN:
            yield f"{name.title()}: {value}"


async def _find(key: str) -> str | None:
    return "1" if key == "sesame" else None


def _closed(_: Any) -> Deny:
    return Deny("office hours", Reason.STEP_REFUSED, {"open": "9 to 17"})


# -- one function for each code -----------------------------------------------------------------------------------


def _costly() -> Provoked:
    house: guardhouse.fastapi.Guardhouse[User] = guardhouse.fastapi.Guardhouse(
        secret=SECRET, users=fake_users(), passwords=fast_passwords(), explain="full", debug=True
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/web", house.public(lambda: None))
    house.install(app)
    client = TestClient(app, base_url=BASE)
    client.headers.clear()
    theme = "\\" * 2000
    return ask(client, "GET", "/web", {"Cookie": f'{COOKIE}; theme="{theme}"'})


def _asked(method: str, path: str, headers: Headers = (), base: str = BASE, **changes: Any) -> Provoked:
    return ask(World(**changes).client(base), method, path, headers)


def _with_login(method: str, path: str, headers: Headers = (), **changes: Any) -> Provoked:
    return ask(World(**changes).logged_in(), method, path, headers)


def _remembered(change: str = "", wait: timedelta | None = None) -> Provoked:
    """Bring a cookie of a browser that stays logged in, changed, or a while after it was replaced."""
    world = World(lambda house: Ways(house, "web", app_name="docs", pages=False))
    client = world.client()
    body = {"email": world.users.ada.email, "password": PASSWORD, "remember": True}
    client.post("/login", json=body, headers=SAME)
    cookie = {"Cookie": f"{REMEMBER}={client.cookies[REMEMBER]}{change}"}
    if wait is not None:
        world.client().get("/web", headers=cookie)
        world.clock.advance(wait)
    return ask(world.client(), "GET", "/web", cookie)


def _expired() -> Provoked:
    world = World()
    client = world.logged_in()
    world.clock.advance(timedelta(hours=2))
    return ask(client, "GET", "/web")


def _nobody() -> Provoked:
    world = World()

    async def keep(request: Request) -> Response:
        (await world.house.session(request))["cart"] = 1
        return Response(status_code=204)

    world.app.router.routes.append(Route("/keep", keep))
    client = world.client()
    client.get("/keep")
    return ask(client, "GET", "/web")


def _half_way() -> Provoked:
    world = World()

    async def prove(request: Request) -> Response:
        now = world.clock()
        pending = Pending("1", "users", "web", "users", now, now + 600, (Kind.TOTP, Kind.RECOVERY), "T1")
        hold(await world.house.session(request), pending)
        return Response(status_code=204)

    world.app.router.routes.append(Route("/prove", prove))
    client = world.client()
    client.get("/prove")
    return ask(client, "GET", "/web")


def _user_gone() -> Provoked:
    store, empty = MemoryStore(), MemoryUsers([])
    client = World(store=store).logged_in()
    other = World(store=store, users=empty).client()
    other.cookies = client.cookies
    return ask(other, "GET", "/web")


def _user_disabled() -> Provoked:
    world = World()
    client = world.logged_in()
    ada = world.users.somebody()
    assert ada is not None
    world.users.replace(dataclasses.replace(ada, disabled=True))
    return ask(client, "GET", "/web")


def _password_changed() -> Provoked:
    store = MemoryStore()
    client = World(store=store).logged_in()
    other = World(store=store).client()  # whose users have the same password in another hash
    other.cookies = client.cookies
    return ask(other, "GET", "/web")


def _other_process(method: str, path: str, *, token: bool = False) -> Provoked:
    """Ask another process over the same store, whose secret is another."""
    store = MemoryStore()
    client = World(store=store).logged_in()
    other = World(store=store, secret=OTHER_SECRET).client()
    other.cookies = client.cookies
    return ask(other, method, path, {"X-XSRF-TOKEN": client.cookies["XSRF-TOKEN"]} if token else {})


def _stale_token() -> Provoked:
    world = World()
    client = world.logged_in()
    token = client.cookies["XSRF-TOKEN"]
    body = {"email": world.users.ada.email, "password": PASSWORD}
    client.post("/login", json=body, headers=SAME)  # in another tab
    return ask(client, "POST", "/web", {"X-XSRF-TOKEN": token})


def _login(password: object) -> Provoked:
    world = World()
    body = {"email": world.users.ada.email, "password": password}
    return ask(world.client(), "POST", "/login", SAME, json=body)


def _store_down() -> Provoked:
    store = BrokenStore(broken=())
    client = World(store=store, guards={"web": SessionGuard()}, areas={}).logged_in()
    store.fail({"load"})
    return ask(client, "GET", "/web")


def _token(change: Callable[[str], str] = str, wait: timedelta | None = timedelta(0)) -> Provoked:
    world = World()
    client = world.client()
    token = client.post("/issue").text
    world.clock.advance(wait or 0)
    asked = client if wait is not None else World().client()
    return ask(asked, "GET", "/token", {"Authorization": f"Bearer {change(token)}"})


def _signed(change: Callable[[str], str] = str, *, secret: str = SECRET, wait: float = 0) -> Provoked:
    url = World(secret=secret).house.sign("/signed?file=7", expires=timedelta(hours=1))
    world = World()
    world.clock.advance(wait)
    return ask(world.client(), "GET", change(url))


def _throttled() -> Provoked:
    client = World().logged_in()
    client.get("/few")
    return ask(client, "GET", "/few")


COOKIE = f"__Host-gh={UNKNOWN_ID}"
HTTP = "http://intranet"

PROVOKED: Mapping[Reason, Callable[[], Provoked]] = {
    Reason.NO_CREDENTIAL: partial(_asked, "GET", "/web", SAME),
    Reason.NO_LOGIN: _nobody,
    Reason.SECOND_FACTOR_MISSING: _half_way,
    Reason.SESSION_MALFORMED: partial(_asked, "GET", "/web", {"Cookie": "__Host-gh=eyJpdiI6Ik1"}),
    Reason.SESSION_UNKNOWN: partial(_asked, "GET", "/web", {"Cookie": COOKIE}),
    Reason.SESSION_EXPIRED: _expired,
    Reason.SESSION_ENDED: partial(_asked, "GET", "/web", {"Cookie": COOKIE}, explain="code", debug=False),
    Reason.NO_LOGIN_FOR_GUARD: partial(_with_login, "GET", "/staff"),
    Reason.SESSION_DUPLICATE: partial(_asked, "GET", "/web", {"Cookie": f"{COOKIE}; __Host-gh={'B' * 43}"}),
    Reason.USER_MISSING: _user_gone,
    Reason.USER_DISABLED: _user_disabled,
    Reason.PASSWORD_CHANGED: _password_changed,
    Reason.LOGIN_KEY_UNKNOWN: partial(_other_process, "GET", "/web"),
    Reason.REMEMBER_EXPIRED: partial(_remembered, "x"),
    Reason.REMEMBER_STOLEN: partial(_remembered, wait=timedelta(minutes=1)),
    Reason.CREDENTIAL_MALFORMED: partial(_asked, "GET", "/key", {"X-Api-Key": ""}),
    Reason.CREDENTIAL_REJECTED: partial(_asked, "GET", "/key", {"X-Api-Key": "wrong"}),
    Reason.CREDENTIAL_UNKNOWN: partial(_asked, "GET", "/token", {"Authorization": "Bearer abc"}),
    Reason.TOKEN_MALFORMED: partial(_token, lambda token: token[:-3]),
    Reason.TOKEN_UNKNOWN: partial(_token, wait=None),  # asked elsewhere
    Reason.TOKEN_EXPIRED: partial(_token, wait=timedelta(days=31)),
    Reason.LOGIN_FAILED: partial(_login, "wrong"),
    Reason.CSRF_DUPLICATE_HEADER: partial(
        _asked, "POST", "/web", [("Cookie", COOKIE), ("X-XSRF-TOKEN", "a"), ("X-XSRF-TOKEN", "b")]
    ),
    Reason.CSRF_CROSS_SITE: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, "Sec-Fetch-Site": "cross-site"}
    ),
    Reason.CSRF_ORIGIN_UNTRUSTED: partial(
        _with_login, "POST", "/web", NEIGHBOUR, trusted_origins=["https://spa.example.com:8443"]
    ),
    Reason.CSRF_ORIGIN_NULL: partial(_asked, "POST", "/web", {"Cookie": COOKIE, "Origin": "null"}),
    Reason.CSRF_ORIGIN_MALFORMED: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, "Origin": "https://API.example.com/"}
    ),
    Reason.CSRF_SCHEME_MISMATCH: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, "Origin": BASE}, "http://api.example.com"
    ),
    Reason.CSRF_REFERER_FOREIGN: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, "Referer": "https://shop.other.org/cart"}
    ),
    Reason.CSRF_TOKEN_MISSING: partial(_asked, "POST", "/web", {"Cookie": COOKIE}),
    Reason.CSRF_TOKEN_INVALID: _stale_token,
    Reason.CSRF_KEY_UNKNOWN: partial(_other_process, "POST", "/staff", token=True),
    Reason.COOKIE_COSTLY: _costly,
    Reason.HOST_UNLISTED: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, **SAME}, public_url="https://app.example.com"
    ),
    Reason.STEP_REFUSED: partial(_with_login, "GET", "/closed"),
    Reason.GUESTS_ONLY: partial(_with_login, "GET", "/guests"),
    Reason.URL_UNSIGNED: partial(_asked, "GET", "/signed"),
    Reason.URL_SIGNATURE: partial(_signed, lambda url: url.replace("file=7", "file=8")),
    Reason.URL_KEY_UNKNOWN: partial(_signed, secret=OTHER_SECRET),
    Reason.URL_EXPIRED: partial(_signed, wait=7200),
    Reason.TOO_MANY_REQUESTS: _throttled,
    Reason.STORE_UNAVAILABLE: _store_down,
    # what the request reveals
    Reason.PROXY_UNDECLARED: partial(
        _asked,
        "POST",
        "/web",
        {"Cookie": COOKIE, "Origin": BASE, "X-Forwarded-Proto": "https"},
        "http://api.example.com",
    ),
    Reason.HOSTS_MIXED: partial(
        _asked, "GET", "/web", {"Origin": "http://localhost:5173"}, "http://127.0.0.1:8000"
    ),
    Reason.COOKIE_NEEDS_HTTPS: partial(_asked, "GET", "/web", {}, HTTP),
    Reason.COOKIE_KEPT_BACK: partial(_asked, "GET", "/web", STRANGER),
    Reason.COOKIE_THIRD_PARTY: partial(
        _asked,
        "GET",
        "/web",
        {**STRANGER, "Sec-Fetch-Storage-Access": "none"},
        cookie=CookiePolicy(same_site="None", partitioned=True),
    ),
    Reason.CREDENTIALS_OMITTED: partial(_asked, "POST", "/web", NEIGHBOUR),
    Reason.COOKIE_OTHER_NAME: partial(_asked, "GET", "/web", {"Cookie": f"gh={UNKNOWN_ID}"}),
    Reason.CALLER_IS_PROGRAM: partial(_asked, "GET", "/web", {"User-Agent": "node"}),
    Reason.AUTHORIZATION_STRIPPED: partial(_asked, "GET", "/token", {"Via": "1.1 front"}),
    Reason.FETCH_METADATA_ABSENT: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, "User-Agent": "Mozilla/5.0"}, HTTP
    ),
    Reason.CSRF_COOKIE_DUPLICATE: partial(
        _asked,
        "POST",
        "/web",
        {"Cookie": f"{COOKIE}; XSRF-TOKEN=a; XSRF-TOKEN=b", "X-XSRF-TOKEN": "v1.a"},
    ),
    Reason.CSRF_COOKIE_WITHOUT_HEADER: partial(_asked, "POST", "/web", {"Cookie": f"{COOKIE}; XSRF-TOKEN=a"}),
    Reason.CSRF_HEADER_UNREADABLE: partial(
        _asked, "POST", "/web", {"Cookie": COOKIE, "X-XSRF-TOKEN": "undefined"}
    ),
}
