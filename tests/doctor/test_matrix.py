"""The matrix says what really happens, and a change of it what it opens."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import anyio
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from guardhouse import Area, BasicGuard, ConfigError, FunctionGuard, SessionGuard, User
from guardhouse.doctor.matrix import Matrix, Outcome, Row, matrix_of, sample_path
from guardhouse.doctor.matrix_change import changes, opened, remembered, written
from guardhouse.testing import CountingStore
from guardhouse.testing.negatives import ask, negatives_of
from tests.houses import ADA, KEYS, desk, fastapi_house, log_in, starlette_house
from tests.houses import browser as browser_of

TOLD = {
    "GET /web": ("401 no_credential", "allowed", "401 no_login_for_guard", "401 no_credential", "allowed"),
    "POST /web": (
        "401 no_credential",
        "allowed",
        "401 no_login_for_guard",
        "401 no_credential",
        "403 csrf_origin_untrusted",
    ),
    "GET /both": ("401 no_credential", "allowed", "401 no_login_for_guard", "allowed", "allowed"),
    "POST /both": (
        "401 no_credential",
        "allowed",
        "401 no_login_for_guard",
        "allowed",
        "403 csrf_origin_untrusted",
    ),
    "GET /key": (*["401 no_credential"] * 3, "allowed", "401 no_credential"),
    "GET /staff": ("401 no_credential", "allowed", "401 no_login_for_guard", "401 no_credential", "allowed"),
    "GET /page": ("to /login", "allowed", "to /login", "401 no_credential", "allowed"),
    "GET /guests": ("allowed", "403 guests_only", "allowed", "allowed", "403 guests_only"),
    "GET /admin": (
        "401 no_credential",
        "allowed if can:view-admin",
        "401 no_login_for_guard",
        "401 no_credential",
        "allowed if can:view-admin",
    ),
    "GET /limited": (
        "401 no_credential",
        "allowed",
        "401 no_login_for_guard",
        "401 no_credential",
        "allowed",
    ),
    "GET /basic": ("401 no_credential", "allowed", "401 no_credential", "401 no_credential", "allowed"),
    "POST /public": ("public",) * 5,
    "GET /open": ("open",) * 5,
    "GET /posts/{post_id:int}": (
        "401 no_credential",
        "allowed",
        "401 no_login_for_guard",
        "401 no_credential",
        "allowed",
    ),
}


async def page(request: Request) -> Response:
    return PlainTextResponse("page")


@pytest.fixture
def house() -> Any:
    built: Any = starlette_house(
        guards={
            "web": SessionGuard(),
            "staff": SessionGuard(realm="staff"),
            "key": FunctionGuard(header="X-Api-Key", find=KEYS.get),
            "basic": BasicGuard(),
        },
        areas={"pages": Area(guards=("web",), answers="page"), "guests": Area(guards=("web",), guests=True)},
    )
    built.rules.define("view-admin", lambda user: user.id == ADA.id)
    return built


@pytest.fixture
def app(house: Any) -> Starlette:
    def route(path: str, *asked: str, methods: tuple[str, ...] = ("GET",)) -> Route:
        return Route(path, page, methods=list(methods), middleware=[house.layer(*asked)] if asked else [])

    async def public(request: Request) -> Response:
        return PlainTextResponse("public")

    app = Starlette(
        routes=[
            *desk(house),
            route("/web", "web", methods=("GET", "POST")),
            route("/both", "key,web", methods=("GET", "POST")),
            route("/key", "key"),
            route("/staff", "staff"),
            route("/page", "pages"),
            route("/guests", "guests"),
            route("/admin", "web", "can:view-admin"),
            route("/limited", "web", "throttle:60,1"),
            route("/basic", "basic"),
            route("/posts/{post_id:int}", "web"),
            Route("/open", page),
            Route("/public", house.public(public), methods=["POST"]),
        ]
    )
    house.install(app)
    return app


async def test_every_visitor_at_every_kind_of_route(app: Starlette, house: Any):
    rows = {row.name: tuple(map(str, row.outcomes.values())) for row in await matrix_of(app, house)}
    assert {name: rows[name] for name in TOLD} == TOLD


async def test_nothing_of_the_application_runs(app: Starlette, house: Any):
    house.rules._defined.clear()  # asking a rule would raise
    store = CountingStore()
    house.parts = replace(house.parts, store=store)
    await matrix_of(app, house)
    assert store.counted == (0, 0)


VISITS = {
    "guest": lambda client: client,
    "user": log_in,
    "other": lambda client: log_in(client, guard="staff"),
}


@pytest.mark.parametrize(
    "path", ["/web", "/both", "/key", "/admin", "/limited", "/public", "/open", "/posts/1"]
)
@pytest.mark.parametrize("visitor", list(VISITS))
def test_the_matrix_says_what_a_browser_is_told(app: Starlette, house: Any, path: str, visitor: str):
    rows = {row.name: row for row in anyio.run(matrix_of, app, house)}
    with browser_of(app) as client:
        VISITS[visitor](client)
        for method in ("GET", "POST"):
            row = rows.get(f"{method} {path.replace('/posts/1', '/posts/{post_id:int}')}")
            if row is not None:
                answer = client.request(method, path)
                outcome = row.outcomes[visitor]  # type: ignore[index]
                said = f"{answer.status_code} {answer.headers.get('guardhouse-reason')}"
                assert outcome.says == said if not outcome.allowed else answer.status_code == 200


async def test_dependencies_of_fastapi_and_optional_guards():
    house: Any = fastapi_house()
    app = FastAPI(openapi_url=None)

    @app.get("/me")
    async def me(user: Annotated[User, house.guard("api")]) -> str:
        return user.id

    @app.get("/hello", dependencies=[house.optional("api")])
    async def hello() -> str:
        return "hello"

    @app.get("/two", dependencies=[house.require("key"), house.require("web")])
    async def two() -> str:
        return "two"

    house.install(app)
    rows = {row.path: tuple(map(str, row.outcomes.values())) for row in await matrix_of(app, house)}
    assert rows["/me"][:2] == ("401 no_credential", "allowed")
    assert rows["/hello"] == ("guest", "allowed", "guest", "guest", "allowed")
    assert rows["/two"] == ("401 no_credential",) * 5  # nobody brings both


async def test_what_another_house_guards_is_not_guessed():
    house, other = starlette_house(), starlette_house()
    below = Starlette(routes=[Route("/page", page, middleware=[other.layer("web")])])
    other.install(below)
    app = Starlette(routes=[Mount("/below", below)])
    house.install(app)
    (row,) = await matrix_of(app, house)
    assert {str(outcome) for outcome in row.outcomes.values()} == {"another house decides"}


@pytest.mark.parametrize(
    ("path", "filled"),
    [
        ("/a", "/a"),
        ("/a/{b}", "/a/1"),
        ("/{a:int}/{b:float}", "/1/1.0"),
        ("/{rest:path}", "/1"),
        ("/{id:uuid}/x", "/00000000-0000-0000-0000-000000000000/x"),
    ],
)
def test_parameters_are_filled_in(path, filled):
    assert sample_path(path) == filled


# -- what a change opens ------------------------------------------------------------------------------------------------

REFUSED, ALLOWED = Outcome(False, "401 no_credential"), Outcome(True, "allowed")
RULED = Outcome(True, "allowed", ("can:view-admin",))


def matrix(**routes: Outcome) -> Matrix:
    visitors = ("guest", "user", "other", "token", "cross-site")
    return [Row("GET", f"/{name}", "shop.py:1", dict.fromkeys(visitors, one)) for name, one in routes.items()]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "now", "kinds"),
    [
        pytest.param(matrix(a=REFUSED), matrix(a=REFUSED), set(), id="nothing"),
        pytest.param(matrix(a=REFUSED), matrix(a=ALLOWED), {"opens"}, id="a guard is gone"),
        pytest.param(matrix(a=ALLOWED), matrix(a=REFUSED), {"closes"}, id="a guard is there"),
        pytest.param(matrix(a=RULED), matrix(a=ALLOWED), {"opens"}, id="a rule is gone"),
        pytest.param(matrix(a=ALLOWED), matrix(a=RULED), {"closes"}, id="a rule is there"),
        pytest.param(
            matrix(a=REFUSED), matrix(a=Outcome(False, "403 guests_only")), {"differs"}, id="another reason"
        ),
        pytest.param(matrix(), matrix(a=REFUSED), {"new"}, id="a new route that is guarded"),
        pytest.param(matrix(), matrix(a=ALLOWED), {"opens"}, id="a new route that is open"),
        pytest.param(matrix(a=ALLOWED), matrix(), {"gone"}, id="a route is gone"),
        pytest.param(
            matrix(a=RULED),
            matrix(a=replace(RULED, conditions=("can:edit",))),
            {"opens"},
            id="another rule stands in the place of one",
        ),
    ],
)
def test_what_a_change_does(before, now, kinds):
    found = changes(remembered(written(before).encode(), "matrix.json"), now)
    assert {change.kind for change in found} == kinds
    assert bool(opened(found)) is ("opens" in kinds)


async def test_what_was_written_is_read_back_as_it_was(app: Starlette, house: Any):
    rows = await matrix_of(app, house)
    assert changes(remembered(written(rows).encode(), "matrix.json"), rows) == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"version": 1}',
        b'{"version": 2, "routes": {}}',
        b'{"version": 1, "routes": {"GET /": {}}}',
        b'{"version": 1, "routes": {"GET /": {"guest": "yes"}}}',
        b"\xff",
        b'{"version": 1, "routes": 3}',
        b"null",
        b"[" * 100_000,
    ],
)
def test_what_is_no_matrix_is_said_to_be_none(text):
    with pytest.raises(ConfigError, match=r"--check: found 'matrix\.json'\. .* --write FILE\."):
        remembered(text, "matrix.json")


# -- the tests that nobody writes ----------------------------------------------------------------------------------------


async def test_every_negative_of_a_right_application_is_refused(app: Starlette, house: Any):
    negatives = list(negatives_of(app, house))
    assert {one.kind for one in negatives} == {
        *("no cookie", "wrong guard", "expired", "revoked", "cross-site", "stale CSRF token")
    }
    for negative in negatives:
        told = await ask(app, house, negative)
        assert told.outcome == "refused", negative.name


async def test_reasons_are_those_of_the_mistake(app: Starlette, house: Any):
    told = {
        one.kind: (await ask(app, house, one)).document["code"]
        for one in negatives_of(app, house)
        if (one.method, one.path) == ("POST", "/web")
    }
    assert told == {
        "no cookie": "no_credential",
        "wrong guard": "no_login_for_guard",
        "expired": "session_expired",
        "revoked": "session_unknown",
        "cross-site": "csrf_origin_untrusted",
        "stale CSRF token": "csrf_token_invalid",
    }


async def test_nothing_stays_in_the_store(house: Any, tmp_path: Path):
    built = starlette_house(store=f"sqlite:///{tmp_path}/s.db")
    app = Starlette(routes=[Route("/page", page, middleware=[built.layer("web")])])
    built.install(app)
    for negative in negatives_of(app, built):
        assert (await ask(app, built, negative)).outcome == "refused"
    assert await built.parts.store.revoke("users:guardhouse:visitor") == 0  # type: ignore[union-attr]
    await built.close()
