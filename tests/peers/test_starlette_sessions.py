"""What Starlette's SessionMiddleware promises in its tests, asked of guardhouse: kept, or different on purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from guardhouse import ConfigError, CookiePolicy, SessionPolicy
from tests.houses import ORIGIN, PAGE, SESSION, browser, present, starlette_house

SOME = {"some": "data"}


def session_app(**changes: Any) -> Starlette:
    """Endpoints that do with the session what Starlette's tests do with theirs."""
    house = starlette_house(**changes)

    async def view(request: Request) -> Response:
        return JSONResponse(dict(await house.session(request)))

    async def update(request: Request) -> Response:
        session = await house.session(request)
        session.update(await request.json())
        return JSONResponse(dict(session))

    async def clear(request: Request) -> Response:
        session = await house.session(request)
        session.clear()
        return JSONResponse(dict(session))

    async def pop(request: Request) -> Response:
        session = await house.session(request)
        return JSONResponse(session.pop(request.query_params["key"], None))

    async def pop_item(request: Request) -> Response:
        session = await house.session(request)
        return JSONResponse(session.popitem())

    async def set_default(request: Request) -> Response:
        session = await house.session(request)
        return JSONResponse([session.setdefault(key, value) for key, value in (await request.json()).items()])

    async def untouched(request: Request) -> Response:
        return JSONResponse("ok")

    writing = [
        Route(f"/{end.__name__}", end, methods=["POST"])
        for end in (update, clear, pop, pop_item, set_default)
    ]
    app = Starlette(routes=[Route("/view", view), Route("/untouched", untouched), *writing])
    house.install(app)
    return app


@pytest.fixture
def client() -> TestClient:
    return browser(session_app())


def cookie_line(answer: Any) -> str:
    lines: list[str] = answer.headers.get_list("set-cookie")
    return next((line for line in lines if line.startswith(f"{SESSION}=")), "")


def test_a_session_is_written_read_and_cleared(client: TestClient):
    assert client.get("/view").json() == {}
    assert client.post("/update", json=SOME).json() == SOME
    assert client.get("/view").json() == SOME
    assert client.post("/clear").json() == {}
    assert client.get("/view").json() == {}


def test_an_expired_session_is_empty():
    now = [1_000_000.0]
    idle = SessionPolicy(idle=timedelta(minutes=1))
    client = browser(session_app(sessions=idle, clock=lambda: now[0]))
    client.post("/update", json=SOME)
    now[0] += 60
    assert client.get("/view").json() == {}


def test_a_plain_connection_gets_no_session():
    app = session_app()
    secure, plain = browser(app), TestClient(app, base_url="http://testserver", headers=dict(PAGE))
    assert plain.post("/update", json=SOME).json() == SOME
    assert plain.get("/view").json() == {}
    assert secure.get("/view").json() == {}
    assert secure.post("/update", json=SOME).json() == SOME
    assert secure.get("/view").json() == SOME


@pytest.mark.parametrize("planted", ["invalid", "", '"quoted"', "A" * 43, "A" * 5000])
def test_a_bogus_cookie_is_an_empty_session_and_no_error(planted):
    app = session_app()
    client = present(browser(app), planted)
    assert client.get("/view").json() == {}
    answer = client.post("/update", json=SOME)
    assert (answer.status_code, bool(cookie_line(answer))) == (200, True)


def test_without_the_cookie_the_session_is_empty(client: TestClient):
    client.post("/update", json=SOME)
    client.cookies.clear()
    assert client.get("/view").json() == {}


@pytest.mark.parametrize("partitioned", [True, False])
def test_a_partitioned_cookie_says_so(partitioned):
    same_site = "None" if partitioned else "Lax"
    policy = CookiePolicy(same_site=same_site, partitioned=partitioned)  # type: ignore[arg-type]
    answer = browser(session_app(cookie=policy)).post("/update", json=SOME)
    assert ("Partitioned" in cookie_line(answer).split("; ")) is partitioned


def test_only_a_change_sets_the_cookie(client: TestClient):
    assert cookie_line(client.post("/update", json=SOME))
    assert "set-cookie" not in client.get("/view").headers


@pytest.mark.parametrize(
    ("method", "path", "varies"),
    [
        ("POST", "/update", True),
        ("GET", "/view", True),
        ("GET", "/untouched", False),
        ("POST", "/pop?key=some", True),
    ],
)
def test_an_answer_varies_by_cookie_when_the_session_was_asked_for(client: TestClient, method, path, varies):
    client.post("/update", json=SOME)
    answer = client.request(method, path, json=SOME if path == "/update" else None)
    assert ("cookie" in answer.headers.get("vary", "").lower()) is varies


@pytest.mark.parametrize(
    ("path", "body", "left"),
    [
        ("/update", {"c": "3"}, {"a": "1", "b": "2", "c": "3"}),
        ("/pop?key=a", None, {"b": "2"}),
        ("/pop?key=missing", None, {"a": "1", "b": "2"}),
        ("/set_default", {"a": "9", "c": "3"}, {"a": "1", "b": "2", "c": "3"}),
        ("/clear", None, {}),
    ],
)
def test_every_way_of_changing_a_session_is_kept(client: TestClient, path, body, left):
    client.post("/update", json={"a": "1", "b": "2"})
    client.post(path, json=body)
    assert client.get("/view").json() == left


def test_an_item_that_is_popped_is_gone(client: TestClient):
    client.post("/update", json={"a": "1", "b": "2"})
    key, _ = client.post("/pop_item").json()
    assert client.get("/view").json() == {
        name: value for name, value in (("a", "1"), ("b", "2")) if name != key
    }


# -- different on purpose -------------------------------------------------------------------------------------------


def test_a_session_without_a_login_ends_with_the_browser(client: TestClient):
    """Theirs lives for two weeks by default; ours has deadlines in the record, and Max-Age for a remembered login."""
    assert "Max-Age" not in cookie_line(client.post("/update", json=SOME))


def test_a_cookie_is_for_all_paths_of_one_host():
    """Theirs may be cut to a path; `__Host-` demands the root, and a path is no border between applications."""
    app = Starlette(routes=[Mount("/second", session_app())])
    answer = TestClient(app, base_url=ORIGIN, headers=dict(PAGE)).post("/second/update", json=SOME)
    assert "Path=/" in cookie_line(answer).split("; ")


def test_a_domain_must_be_asked_for_by_name():
    """Theirs takes any domain; every sub-domain could then set the cookie."""
    with pytest.raises(ConfigError, match="shared_with_subdomains"):
        CookiePolicy(domain="example.com")
    policy = CookiePolicy(domain="example.com", shared_with_subdomains=True)
    answer = browser(session_app(cookie=policy)).post("/update", json=SOME)
    assert "__Secure-gh=" in answer.headers["set-cookie"]
    assert "Domain=example.com" in answer.headers["set-cookie"]


def test_same_site_none_needs_a_partition():
    """Theirs sends it unpartitioned, which browsers that block third-party cookies drop in silence."""
    with pytest.raises(ConfigError, match="partitioned"):
        CookiePolicy(same_site="None")


def test_a_cleared_session_cannot_be_brought_back(client: TestClient):
    """Theirs is in the cookie, so that an old cookie is the old session again."""
    client.post("/update", json=SOME)
    kept = client.cookies[SESSION]
    client.post("/clear")
    assert present(browser(client.app), kept).get("/view").json() == {}  # type: ignore[arg-type]
