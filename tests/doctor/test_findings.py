"""Every code of the doctor has a mistaken application that it is found in, at its place, and nothing else with it."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

import pytest

from guardhouse.doctor.findings import CODES
from tests.doctor.conftest import NAME, Examine, line_of

HERE = "here"
"""The line of the text that says so."""

ELSEWHERE = {
    "store-away",
    "store-schema",
    "store-durability",
    "store-eviction",
    "store-clock",
    "store-remark",
} | {
    "ignore-unused",
    "sites-uncompared",
}
"""What the other tests of this folder are about."""

GUARDED = """
        house = Guardhouse(secret=key, **usual)
"""
ROUTES = """
routes = [
    Route("/login", house.public(login), methods=["POST"]),
    Route("/page", page, middleware=[house.layer()]),
]
app = Starlette(routes=routes{more})
house.install(app)
"""


def house(options: str, app: str = "") -> str:
    """An application that is right but for these options."""
    return f"house = Guardhouse(secret=key, **usual | dict({options}))\n{ROUTES.format(more=app)}"


def cors(options: str, trusted: str = '"https://app.example.com"', more: str = "") -> str:
    """One with this CORS middleware."""
    middleware = f", middleware=[Middleware(CORSMiddleware, {options})]"
    return house(f'trusted_origins=[{trusted}], store="sqlite:///s.db"{more}', middleware)


PUBLIC = 'debug=False, store="sqlite:///s.db", public_url="https://api.example.com"'
THROTTLED = """
from guardhouse.limits import LoginThrottle
"""

Row = tuple[str, str, str]

MISTAKES: list[Row] = [
    (
        "route-undeclared",
        HERE,
        GUARDED
        + """
        async def silent(request: Request) -> Response:  # here
            return PlainTextResponse("open")

        app = Starlette(routes=[Route("/silent", silent), Route("/page", page, middleware=[house.layer()]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "route-undeclared",
        HERE,
        """
        house = Guardhouse(secret=key, **usual, undeclared="open")
        async def silent(request: Request) -> Response:  # here
            return PlainTextResponse("open")

        app = Starlette(routes=[Route("/silent", silent), Route("/page", page, middleware=[house.layer()]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "wrapper-bypassed",
        HERE,
        """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual, undeclared="open")
        app = FastAPI()

        @house.requires("web")  # here
        @app.get("/me")
        async def me() -> str:
            return "me"

        app.add_route("/login", house.public(login))
        house.install(app)
        """,
    ),
    (
        "guard-as-parameter",
        HERE,
        """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual)
        app = FastAPI()

        @app.get("/me")  # here
        @house.public
        async def me(user: Annotated[str, SessionGuard()] = "") -> str:
            return user

        app.add_route("/login", house.public(login))
        app.add_route("/page", house.requires()(page))
        house.install(app)
        """,
    ),
    (
        "layer-dropped",
        HERE,
        """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual, undeclared="open")
        async def hidden(request: Request) -> Response:  # here
            return PlainTextResponse("secret")

        app = FastAPI()
        app.include_router(APIRouter(routes=[Route("/hidden", hidden, middleware=[house.layer("web")])]))
        app.add_route("/login", house.public(login))
        app.add_route("/page", house.requires()(page))
        house.install(app)
        """,
    ),
    (
        "dependency-skipped",
        HERE,
        """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual, undeclared="open")
        app = FastAPI(dependencies=[house.require("web")], openapi_url=None)

        async def plain(request: Request) -> Response:  # here
            return PlainTextResponse("secret")

        @app.get("/me")
        async def me() -> str:
            return "me"

        app.add_route("/plain", plain)
        app.add_route("/login", house.public(login))
        house.install(app)
        """,
    ),
    (
        "guarded-and-public",
        HERE,
        GUARDED
        + """
        @house.public  # here
        async def both(request: Request) -> Response:
            return PlainTextResponse("both")

        app = Starlette(routes=[Route("/both", both, middleware=[house.layer()]), Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "house-elsewhere",
        HERE,
        GUARDED
        + """
        other = Guardhouse(secret=key[::-1], **usual)
        async def lost(request: Request) -> Response:  # here
            return PlainTextResponse("lost")

        app = Starlette(routes=[Route("/lost", lost, middleware=[other.layer()]), Route("/login", house.public(login)),
            Route("/page", page, middleware=[house.layer()])])
        house.install(app)
        """,
    ),
    (
        "house-twice",
        "house.install at /below",
        GUARDED
        + """
        below = Starlette(routes=[Route("/page", page, middleware=[house.layer()]), Route("/login", house.public(login))])
        house.install(below)
        app = Starlette(routes=[Mount("/below", below)])
        house.install(app)
        """,
    ),
    ("login-url-nowhere", "login_url", house('login_url="/signin"')),
    (
        "login-url-guarded",
        HERE,
        """
        house = Guardhouse(secret=key, **usual, login_url="/signin")
        async def signin(request: Request) -> Response:  # here
            return JSONResponse(await house.auth(request).attempt({}) is not None)

        app = Starlette(routes=[Route("/signin", signin, middleware=[house.layer("web")])])
        house.install(app)
        """,
    ),
    (
        "guests-other-guard",
        HERE,
        """
        house = Guardhouse(secret=key, **usual, login_url="/signin", home_url="/home",
            guards={"web": SessionGuard(), "staff": SessionGuard(realm="staff")},
            areas={"guests": Area(guards=("web",), guests=True)})
        async def signin(request: Request) -> Response:  # here
            await house.auth(request, "staff").attempt({})
            return JSONResponse(await house.auth(request, "web").attempt({}) is not None)

        async def home(request: Request) -> Response:
            return PlainTextResponse("home")

        app = Starlette(routes=[Route("/signin", signin, middleware=[house.layer("guests")]),
            Route("/home", house.public(home)), Route("/staff", page, middleware=[house.layer("staff")])])
        house.install(app)
        """,
    ),
    (
        "home-url-nowhere",
        "home_url",
        """
        house = Guardhouse(secret=key, **usual, areas={"guests": Area(guards=("web",), guests=True)})
        app = Starlette(routes=[Route("/login", login, middleware=[house.layer("guests")])])
        house.install(app)
        """,
    ),
    ("csrf-url-nowhere", "csrf_url", house('csrf_url="/tokens"')),
    (
        "guard-unused",
        "guards.key",
        house('guards={"web": SessionGuard(), "key": FunctionGuard(header="X-Api-Key", find=str)}'),
    ),
    (
        "guard-reads-cookie",
        "guards.old",
        """
        from dataclasses import dataclass, field
        from guardhouse.core.guard import Need

        @dataclass(frozen=True)
        class CookieGuard(FunctionGuard):
            @property
            def needs(self):
                return (Need("header:cookie", ambient=False),)

        house = Guardhouse(secret=key, **usual, guards={"old": CookieGuard(find=str, header="X-Key")})
        app = Starlette(routes=[Route("/page", page, middleware=[house.layer("old")])])
        house.install(app)
        """,
    ),
    ("users-none", "users.users", house("users=MemoryUsers()")),
    (
        "login-nowhere",
        HERE,
        """
        house = Guardhouse(secret=key, **usual,
            guards={"web": SessionGuard(), "api": SessionGuard(realm="api")})
        async def thing(request: Request) -> Response:  # here
            return PlainTextResponse("done")

        app = Starlette(routes=[Route("/login", house.public(login)), Route("/thing", thing, middleware=[house.layer("api")]),
            Route("/page", page, middleware=[house.layer("web")])])
        house.install(app)
        """,
    ),
    (
        "login-at-stateless-guard",
        HERE,
        """
        house = Guardhouse(secret=key, **usual, default="key",
            guards={"web": SessionGuard(), "key": FunctionGuard(header="X-Api-Key", find=str)})

        async def sign_in(request: Request) -> Response:
            auth = house.auth(request)  # here
            return JSONResponse(await house.auth(request, "web").attempt({}) is not None)

        app = Starlette(routes=[Route("/login", house.public(sign_in)), Route("/page", page, middleware=[house.layer("web")]),
            Route("/key", page, middleware=[house.layer("key")])])
        house.install(app)
        """.replace("auth = house", "house"),
    ),
    (
        "rule-unknown",
        HERE,
        GUARDED
        + """
        async def admin(request: Request) -> Response:  # here
            return PlainTextResponse("admin")

        app = Starlette(routes=[Route("/admin", admin, middleware=[house.layer("web", "can:view-admin")]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "rule-never-passes",
        HERE,
        GUARDED
        + """
        @house.rules.define("view-admin")  # here
        def view_admin(user: User) -> bool:
            return False

        app = Starlette(routes=[Route("/admin", page, middleware=[house.layer("web", "can:view-admin")]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "step-unready",
        HERE,
        GUARDED
        + """
        async def upload(request: Request) -> Response:  # here
            return PlainTextResponse("up")

        app = Starlette(routes=[Route("/upload", upload, middleware=[house.layer("web", "throttle:uploads")]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    ("cors-open-to-all", "CORSMiddleware", cors('allow_origins=["*"], allow_credentials=True', trusted="")),
    ("cors-absent", "trusted_origins", house('trusted_origins=["https://app.example.com"]')),
    (
        "cors-not-covering",
        HERE,
        """
        house = Guardhouse(secret=key, **usual, trusted_origins=["https://app.example.com"])
        async def outside(request: Request) -> Response:  # here
            return PlainTextResponse("outside")

        api = Starlette(routes=[Route("/page", page, middleware=[house.layer()])], middleware=[
            Middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)])
        app = Starlette(routes=[Mount("/api", api), Route("/outside", outside, middleware=[house.layer()]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "cors-not-covering",
        HERE,
        """
        house = Guardhouse(secret=key, **usual, trusted_origins=["https://app.example.com"])
        async def sign_in(request: Request) -> Response:  # here
            return JSONResponse(await house.auth(request).attempt(await request.json()) is not None)

        api = Starlette(routes=[Route("/page", page, middleware=[house.layer()])], middleware=[
            Middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)])
        app = Starlette(routes=[Mount("/api", api), Route("/in", house.public(sign_in), methods=["POST"])])
        house.install(app)
        """,
    ),
    (
        "cors-credentials-missing",
        "CORSMiddleware(allow_credentials)",
        cors('allow_origins=["https://app.example.com"], allow_methods=["*"]'),
    ),
    (
        "cors-credentials-missing",
        "CORSMiddleware(allow_credentials)",
        cors('allow_origins=["*"], allow_methods=["*"]'),
    ),
    (
        "cors-origin-missing",
        "trusted_origins",
        cors(
            'allow_origins=["https://app.example.com"], allow_credentials=True',
            '"https://app.example.com", "https://new.example.com"',
        ),
    ),
    (
        "cors-origin-untrusted",
        "CORSMiddleware(allow_origins)",
        """
        house = Guardhouse(secret=key, **usual, public_url="http://localhost:8000")
        app = Starlette(routes=[Route("/login", house.public(login)),
            Route("/page", page, methods=["POST"], middleware=[house.layer()])], middleware=[Middleware(CORSMiddleware,
            allow_origins=["http://localhost:5173"], allow_credentials=True, allow_methods=["*"])])
        house.install(app)
        """,
    ),
    (
        "cors-origin-untrusted",
        "CORSMiddleware(allow_origins)",
        """
        class Anything:
            async def __call__(self, scope, receive, send):
                raise NotImplementedError

        house = Guardhouse(secret=key, **usual, public_url="http://localhost:8000")
        app = Starlette(routes=[Route("/login", house.public(login)),
            Route("/any", Anything(), middleware=[house.layer()])], middleware=[Middleware(CORSMiddleware,
            allow_origins=["http://localhost:5173"], allow_credentials=True, allow_methods=["*"])])
        house.install(app)
        """,
    ),
    (
        "cors-origin-malformed",
        "CORSMiddleware(allow_origins)",
        cors('allow_origins=["https://app.example.com", "https://App.example.com/"], allow_credentials=True'),
    ),
    (
        "cors-method-missing",
        "CORSMiddleware(allow_methods)",
        """
        house = Guardhouse(secret=key, **usual, trusted_origins=["https://app.example.com"])
        app = Starlette(routes=[Route("/login", house.public(login)),
            Route("/page", page, methods=["PUT"], middleware=[house.layer()])], middleware=[Middleware(CORSMiddleware,
            allow_origins=["https://app.example.com"], allow_credentials=True)])
        house.install(app)
        """,
    ),
    (
        "cors-header-missing",
        "CORSMiddleware(allow_headers)",
        """
        house = Guardhouse(secret=key, **usual, guards={"key": FunctionGuard(header="X-Api-Key", find=str)})
        app = Starlette(routes=[Route("/page", page, middleware=[house.layer()])], middleware=[Middleware(CORSMiddleware,
            allow_origins=["*"])])
        house.install(app)
        """,
    ),
    (
        "cors-behind-guard",
        "CORSMiddleware of /api",
        """
        house = Guardhouse(secret=key, **usual, trusted_origins=["https://app.example.com"])
        api = Starlette(routes=[Route("/page", page)], middleware=[
            Middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)])
        app = Starlette(routes=[Mount("/api", api, middleware=[house.layer()]), Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "cors-behind-guard",
        "CORSMiddleware",
        """
        house = Guardhouse(secret=key, **usual | {"guards": {"key": FunctionGuard(header="X-Key", find=str)}})
        app = Starlette(routes=[Route("/page", page)], middleware=[house.layer("key"),
            Middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_headers=["X-Key"])])
        house.install(app)
        """,
    ),
    (
        "cookie-cross-site",
        "trusted_origins",
        cors(
            'allow_origins=["https://alice.github.io"], allow_credentials=True',
            '"https://alice.github.io"',
            ', public_url="https://bob.github.io", debug=False, login_url=None',
        )
        + THROTTLED,
    ),
    (
        "cookie-cross-site",
        "trusted_origins",
        cors(
            'allow_origins=["http://127.0.0.1:5173"], allow_credentials=True',
            '"http://127.0.0.1:5173"',
            ', public_url="http://localhost:8000"',
        ),
    ),
    (
        "cookie-third-party",
        "trusted_origins",
        cors(
            'allow_origins=["https://shop.example"], allow_credentials=True',
            '"https://shop.example"',
            ', public_url="https://widget.example", debug=False, cookie=CookiePolicy(same_site="None", partitioned=True)',
        )
        + THROTTLED,
    ),
    (
        "cookie-domain-foreign",
        "cookie.domain",
        house(PUBLIC + ', cookie=CookiePolicy(domain="example.org", shared_with_subdomains=True)')
        + THROTTLED,
    ),
    (
        "cookie-domain-public-suffix",
        "cookie.domain",
        house('cookie=CookiePolicy(domain="co.uk", shared_with_subdomains=True)'),
    ),
    (
        "cookie-name-taken",
        "cookie.name",
        house(
            "",
            ', middleware=[Middleware(SessionMiddleware, secret_key="another key", session_cookie="__Host-gh")]',
        ),
    ),
    (
        "cookie-name-taken",
        "cookie.name",
        GUARDED
        + """
        other = Guardhouse(secret=key[::-1], **usual)
        below = Starlette(routes=[Route("/page", page, middleware=[other.layer()])])
        other.install(below)
        app = Starlette(routes=[Mount("/below", below), Route("/page", page, middleware=[house.layer()]),
            Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "origin-local",
        "trusted_origins",
        cors(
            'allow_origins=["http://localhost:5173"], allow_credentials=True',
            '"http://localhost:5173"',
            ', debug=False, public_url="https://api.example.com"',
        )
        + THROTTLED,
    ),
    (
        "origin-insecure",
        "trusted_origins",
        cors(
            'allow_origins=["http://app.example.com"], allow_credentials=True',
            '"http://app.example.com"',
            ', debug=False, public_url="https://api.example.com"',
        )
        + THROTTLED,
    ),
    (
        "public-url-insecure",
        "public_url",
        house('debug=False, store="sqlite:///s.db", public_url="http://api.example.com"') + THROTTLED,
    ),
    (
        "proxies-wide",
        "trusted_proxies",
        house('trusted_proxies=["64.0.0.0/2"]'),
    ),
    (
        "proxies-undeclared",
        "trusted_proxies",
        THROTTLED + house(PUBLIC) + "throttle = LoginThrottle(house.limits)\n",
    ),
    (
        "key-in-source",
        HERE,
        """
        house = Guardhouse(
            secret="kH1tEo0Qw7Tz5cRrLxVb9NpYs3Jd2Mfu8aGi6WeX",  # here
            **usual,
        )
        """
        + indent(ROUTES.format(more=""), " " * 8),
    ),
    (
        "key-shared",
        "SessionMiddleware(secret_key)",
        house("", ", middleware=[Middleware(SessionMiddleware, secret_key=key)]"),
    ),
    ("store-memory", "store", THROTTLED + house('debug=False, public_url="https://example.com"')),
    ("store-sealed", "store", house('store="sealed:"')),
    (
        "store-served",
        "store",
        """
        house = Guardhouse(secret=key, **usual, store="sqlite:///s.db")
        app = Starlette(routes=[Mount("/static", house.public(StaticFiles(directory="."))),
            Route("/page", page, middleware=[house.layer()]), Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "handler-swallows",
        HERE,
        GUARDED
        + """
        async def not_here(request: Request, error: Exception) -> Response:  # here
            return PlainTextResponse("go away", 401)

        app = Starlette(routes=[Route("/page", page, middleware=[house.layer()]), Route("/login", house.public(login))],
            exception_handlers={401: not_here})
        house.install(app)
        """,
    ),
    (
        "handler-swallows",
        HERE,
        GUARDED
        + """
        from starlette.exceptions import HTTPException

        async def ours(request: Request, error: HTTPException) -> Response:  # here
            return PlainTextResponse(error.detail, error.status_code)

        below = Starlette(routes=[Route("/page", page, middleware=[house.layer()])],
            exception_handlers={HTTPException: ours})
        app = Starlette(routes=[Mount("/below", below), Route("/login", house.public(login))])
        house.install(app)
        """,
    ),
    (
        "middleware-outside",
        HERE,
        """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual)
        app = FastAPI()
        app.add_route("/page", house.requires()(page))
        app.add_route("/login", house.public(login))
        house.install(app)

        @app.middleware("http")
        async def greet(request: Request, go_on):  # here?
            response = await go_on(request)
            response.headers["X-User"] = (await house.user(request)).email
            return response
        """.replace('@app.middleware("http")', '@app.middleware("http")  # here').replace("# here?", ""),
    ),
    (
        "login-unthrottled",
        HERE,
        """
        house = Guardhouse(secret=key, **usual | {"debug": False})
        async def sign_in(request: Request) -> Response:
            user = await house.auth(request).attempt(await request.json())  # here
            return JSONResponse(user is not None)

        app = Starlette(routes=[Route("/page", page, middleware=[house.layer()]), Route("/in", house.public(sign_in))])
        house.install(app)
        """,
    ),
    (
        "guesses-uncounted",
        HERE,
        """
        house = Guardhouse(secret=key, **usual | {"debug": False, "guards": {"basic": BasicGuard()}})
        async def report(request: Request) -> Response:  # here
            return PlainTextResponse("report")

        app = Starlette(routes=[Route("/report", report, middleware=[house.layer("basic")])])
        house.install(app)
        """,
    ),
    ("debug-left-on", "debug", house('store="sqlite:///s.db", public_url="https://api.example.com"')),
    ("app-debug-left-on", "debug of the application", THROTTLED + house(PUBLIC, ", debug=True")),
    (
        "insecure-left-on",
        "guards.old.insecure_query",
        """
        from dataclasses import dataclass
        from guardhouse.guards.legacy_token import LegacyTokenGuard

        class Rows(MemoryUsers):
            async def by_token(self, field, value):
                return None

        house = Guardhouse(secret=key, users=Rows([ada]), public_url="https://api.example.com", store="sqlite:///s.db",
            guards={"old": LegacyTokenGuard(insecure_query="api_token")})
        app = Starlette(routes=[Route("/page", page, middleware=[house.layer("old")])])
        house.install(app)
        """,
    ),
    (
        "testing-parts",
        "clock",
        "from guardhouse.testing import FixedClock\n" + THROTTLED + house("debug=False, clock=FixedClock()"),
    ),
    (
        "testing-parts",
        "passwords",
        "from guardhouse.testing import fast_passwords\n"
        + THROTTLED
        + house("debug=False, passwords=fast_passwords()"),
    ),
    (
        "guard-overridden",
        "dependency_overrides",
        """
        house = guardhouse.fastapi.Guardhouse(secret=key, **usual)
        app = FastAPI()
        Me = house.guard("web")

        @app.get("/me")
        async def me(user: Annotated[str, Me]) -> str:
            return user

        app.add_route("/login", house.public(login))
        house.install(app)
        app.dependency_overrides[Me] = lambda: "ada"
        """,
    ),
]

BESIDES = {
    "cors-open-to-all": set[str](),
    "cookie-cross-site": {"proxies-undeclared"},
    "cookie-third-party": {"proxies-undeclared"},
    "cookie-domain-foreign": {"proxies-undeclared"},
    "origin-local": {"proxies-undeclared"},
    "origin-insecure": {"proxies-undeclared"},
    "app-debug-left-on": {"proxies-undeclared"},
    "store-memory": {"proxies-undeclared"},
    "guard-as-parameter": set[str](),
    "dependency-skipped": {"route-undeclared"},
    "layer-dropped": {"route-undeclared"},
    "wrapper-bypassed": {"route-undeclared", "guard-unused"},
}
"""What the same mistake, or what makes it one, is found for too."""


@pytest.mark.parametrize(
    ("code", "where", "text"),
    [pytest.param(*row, id=f"{row[0]} {place}") for place, row in enumerate(MISTAKES)],
)
def test_a_mistake_is_found_at_its_place_and_nothing_else_is(examine: Examine, code, where, text, tmp_path):
    findings = examine(text)
    assert {finding.code for finding in findings} - BESIDES.get(code, set()) == {code}
    (first, *_) = [finding for finding in findings if finding.code == code]
    wanted = line_of(str(tmp_path / f"{NAME}.py")) if where == HERE else where
    assert first.where == wanted
    assert first.what
    assert first.fix


def test_a_login_with_a_form_of_its_own_needs_no_cors(examine: Examine):
    text = """
        house = Guardhouse(secret=key, **usual, trusted_origins=["https://app.example.com"], login_url="/in")
        async def sign_in(request: Request) -> Response:
            return JSONResponse(await house.auth(request).attempt(await request.json()) is not None)

        @house.public
        async def form(request: Request) -> Response:
            return PlainTextResponse("log in")

        api = Starlette(routes=[Route("/page", page, middleware=[house.layer()])], middleware=[
            Middleware(CORSMiddleware, allow_origins=["https://app.example.com"], allow_credentials=True)])
        app = Starlette(routes=[Mount("/api", api), Route("/in", house.public(sign_in), methods=["POST"]),
            Route("/in", form)])
        house.install(app)
        """
    assert examine(text) == []


@pytest.mark.parametrize(
    ("variable", "value", "code", "where"),
    [
        ("WEB_CONCURRENCY", "4", "store-memory-workers", "store"),
        ("GUNICORN_CMD_ARGS", "--bind=0.0.0.0 --workers=3", "store-memory-workers", "store"),
        ("FORWARDED_ALLOW_IPS", "*", "proxies-anybody", "FORWARDED_ALLOW_IPS"),
    ],
)
def test_what_the_environment_says_is_found(examine: Examine, variable, value, code, where):
    assert [(one.code, one.where) for one in examine(house(""), **{variable: value})] == [(code, where)]


def test_epochs_that_each_process_counts_for_itself_are_found(examine: Examine):
    (one,) = examine(house('store="sealed:memory:"'), WEB_CONCURRENCY="4")
    assert (one.code, "what it has called back itself" in one.what) == ("store-memory-workers", True)


@pytest.mark.parametrize("value", ["1", "", "many", "١"])
def test_one_process_or_what_is_no_number_is_no_finding(examine: Examine, value):
    assert examine(house(""), WEB_CONCURRENCY=value) == []


def test_a_file_in_a_folder_for_temporary_files_is_found(written, tmp_path: Path):
    import anyio  # noqa: PLC0415 - here only

    from guardhouse.doctor.examination import examined  # noqa: PLC0415 - as above
    from guardhouse.doctor.subject import Surroundings, subject_of  # noqa: PLC0415 - as above

    module = written(house('store="sqlite:///s.db"'))
    around = Surroundings(temporary=(str(tmp_path),))
    subject = subject_of(module.app, module.app, module.house, around)
    assert [one.code for one in anyio.run(examined, subject)] == ["store-temporary"]


def test_every_code_has_a_mistake():
    told = {code for code, _, _ in MISTAKES}
    told |= {"store-memory-workers", "proxies-anybody", "store-temporary"}
    assert told | ELSEWHERE == set(CODES)
    assert not told & ELSEWHERE
