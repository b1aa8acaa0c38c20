"""The application of a journey: one house, five routes, and whatever a row says about cookies and CORS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guardhouse.guards.session import SessionGuard
from guardhouse.starlette import Guardhouse
from guardhouse.state.cookie import CookiePolicy
from guardhouse.testing.doubles import PASSWORD, fake_users, fast_passwords
from guardhouse.users.memory import User
from tests.houses import SECRET

CREDENTIALS = {"email": "ada@example.com", "password": PASSWORD}
FORM = "application/x-www-form-urlencoded"

_NONE = CookiePolicy(same_site="None", partitioned=True)
COOKIES: Mapping[str, CookiePolicy] = {
    "host": CookiePolicy(),
    "strict": CookiePolicy(same_site="Strict"),
    "partitioned": _NONE,
    "none": _NONE,
    "shared": CookiePolicy(domain="example.com", shared_with_subdomains=True),
    "shared strict": CookiePolicy(domain="example.com", shared_with_subdomains=True, same_site="Strict"),
    "plain": CookiePolicy(insecure_plain_http=True),
    "unset": CookiePolicy(),
    "insecure": CookiePolicy(),
    "foreign domain": CookiePolicy(domain="elsewhere.test", shared_with_subdomains=True),
    "public suffix": CookiePolicy(domain="co.uk", shared_with_subdomains=True),
}
CUT = {"none": b"; Partitioned", "unset": b"; SameSite=Lax", "insecure": b"; Secure"}
"""What a proxy takes off the cookies on their way."""


def cors(kind: str, page: str) -> dict[str, Any] | None:
    """Write the arguments of CORSMiddleware; None for an application without one."""
    right: dict[str, Any] = {
        "allow_origins": [page],
        "allow_credentials": True,
        "allow_methods": ["*"],
        "allow_headers": ["x-xsrf-token", "x-requested-with"],
    }
    kinds: Mapping[str, dict[str, Any] | None] = {
        "none": None,
        "right": right,
        "inside": right,
        "no credentials": right | {"allow_credentials": False},
        "wildcard": right | {"allow_origins": ["*"], "allow_credentials": False},
        "wildcard headers": right | {"allow_headers": ["*"]},
        "missing header": right | {"allow_headers": []},
        "missing method": right | {"allow_methods": ["GET"]},
        "wrong origin": right | {"allow_origins": ["https://somebody-else.test"]},
        "no cache": right | {"max_age": 0},
    }
    return kinds[kind]


def application(at: str, page: str, cookie: str, kind: str, *, trusted: bool) -> Starlette:
    """Build the application that lives at `at` and is asked by a page of `page`."""
    plain = cookie == "plain"
    house: Guardhouse[User] = Guardhouse(
        secret=SECRET,
        users=fake_users(),
        guards={"web": SessionGuard(), "api": SessionGuard()},
        passwords=fast_passwords(),
        cookie=COOKIES[cookie],
        public_url=at,
        trusted_origins=[page] if trusted and page != at else [],
        login_url="/login",
        debug=plain,
    )
    app = Starlette(routes=_routes(house))
    settings = cors(kind, page)
    if settings is not None and kind == "inside":
        app.add_middleware(CORSMiddleware, **settings)
    house.install(app)
    if settings is not None and kind != "inside":
        app.add_middleware(CORSMiddleware, **settings)
    if cookie in CUT:
        app.add_middleware(Cutting, what=CUT[cookie])
    return app


def _routes(house: Guardhouse[User]) -> list[Route]:
    @house.public
    async def login_page(request: Request) -> Response:
        field = f'<input type="hidden" name="_token" value="{house.csrf_token(request)}">'
        return HTMLResponse(f"<!doctype html><title>Log in</title><form>{field}</form>")

    @house.public
    async def log_in(request: Request) -> Response:
        form = request.headers.get("content-type", "").startswith(FORM)
        fields = dict(parse_qsl((await request.body()).decode())) if form else await request.json()
        known = {name: str(fields.get(name, "")) for name in CREDENTIALS}
        if await house.auth(request).attempt(known) is None:
            return JSONResponse({}, 422)
        return RedirectResponse("/home", 303) if form else JSONResponse({})

    @house.public
    async def home(request: Request) -> Response:
        return HTMLResponse("<!doctype html><title>Home</title>")

    @house.public
    async def log_out(request: Request) -> Response:
        await house.auth(request).logout()
        return Response(status_code=204) if "json" in request.headers["accept"] else JSONResponse({})

    @house.requires("api")
    async def me(request: Request) -> Response:
        return JSONResponse({"id": (await house.user(request)).id})

    @house.requires("api")
    async def do_thing(request: Request) -> Response:
        return JSONResponse({"done": 1})

    @house.public
    async def moved(request: Request) -> Response:
        return RedirectResponse(f"/api/{request.path_params['rest']}", 307)

    return [
        Route("/moved/{rest}", moved, methods=["GET", "POST"]),
        Route("/csrf-cookie", house.csrf_cookie),
        Route("/login", login_page, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/home", home),
        Route("/api/me", me),
        Route("/api/do_thing", do_thing, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
    ]


class Cutting:
    """A proxy that takes an attribute off every cookie, as some are told to."""

    def __init__(self, app: ASGIApp, what: bytes) -> None:
        self.app = app
        self.what = what

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def cut(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, value.replace(self.what, b"") if name == b"set-cookie" else value)
                    for name, value in message["headers"]
                ]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, cut)
