"""The house on Starlette: layers and decorators guard, refusals fit who asked, and nothing leaves before it is stored."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from html import unescape
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from guardhouse import Area, ConfigError, FunctionGuard, SessionGuard, SessionPolicy, StoreError
from guardhouse.core.area import Answers
from guardhouse.core.events import Refused
from guardhouse.edge.form import LONGEST_FORM
from guardhouse.errors import SessionTooLargeError
from guardhouse.gate import refused
from guardhouse.state.record import Changes, Record
from guardhouse.stores.memory import MemoryStore
from tests.edge.wire import call
from tests.houses import (
    ADA,
    GRACE,
    NAVIGATION,
    ORIGIN,
    PAGE,
    PASSWORD,
    SESSION,
    browser,
    desk,
    find_key,
    log_in,
    present,
    said,
    starlette_house,
)

KEY = {"X-Api-Key": "sesame"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

house = starlette_house()


async def mine(request: Request) -> Response:
    return PlainTextResponse((await house.user(request)).id)


@house.requires("api", "key")
async def required(request: Request) -> Response:
    return await mine(request)


@house.requires("api", "key")
async def required_by_another_name(r, more="more"):
    return PlainTextResponse(more)


@house.requires("api", "key")
def required_sync(request: Request) -> Response:
    return PlainTextResponse("sync")


@house.requires("key")
@house.requires("api", "key")
async def required_twice(request: Request) -> Response:
    return PlainTextResponse("twice")


@house.requires("api", "key")
async def required_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


async def socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


@house.public
async def public(request: Request) -> Response:
    return PlainTextResponse("public")


async def visits(request: Request) -> Response:
    session = await house.session(request)
    session["visits"] = session.get("visits", 0) + 1
    return JSONResponse(session["visits"])


guarded = [house.layer("api", "key")]
app = Starlette(
    routes=[
        *desk(house),
        Route("/route", mine, methods=["GET", "POST"], middleware=guarded),
        Mount("/mount", routes=[Route("/", mine), WebSocketRoute("/socket", socket)], middleware=guarded),
        Mount("/router", Router([Route("/", mine)], middleware=guarded)),
        Route("/required", required),
        Route("/required-by-another-name", required_by_another_name),
        Route("/required-sync", required_sync),
        Route("/required-twice", required_twice),
        WebSocketRoute("/socket", socket, middleware=guarded),
        WebSocketRoute("/required-socket", required_socket),
        Route("/public", public),
        Route("/visits", visits, methods=["GET", "POST"]),
    ]
)
house.install(app)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with browser(app) as client:
        yield client


# -- guarding -------------------------------------------------------------------------------------------------------

GUARDED = (
    "/route",
    "/mount/",
    "/router/",
    "/required",
    "/required-by-another-name",
    "/required-sync",
    "/required-twice",
)


@pytest.mark.parametrize("path", GUARDED)
def test_a_guarded_endpoint_is_for_those_who_are_known(client: TestClient, path):
    assert said(client.get(path)) == (401, "no_credential")
    assert said(client.head(path)) == (401, "no_credential")
    assert said(client.get(path, headers={"X-Api-Key": "wrong"})) == (401, "credential_rejected")
    assert client.get(path, headers=KEY).status_code == 200


@pytest.mark.parametrize("path", ["/socket", "/mount/socket", "/required-socket"])
def test_a_socket_is_refused_before_it_is_accepted(client: TestClient, path):
    url = f"wss://testserver{path}"
    for headers, answer in (
        ({"Origin": ORIGIN}, (401, "no_credential")),
        ({"X-Api-Key": ""}, (401, "credential_malformed")),
    ):
        with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(url, headers=headers):
            pass
        assert said(denied.value) == answer
    log_in(client)
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(url):
        pass
    assert said(denied.value) == (403, "websocket_origin")
    with client.websocket_connect(url, headers={"Origin": ORIGIN}):
        pass


def test_unguarded_routes_carry_nothing_of_the_house(client: TestClient):
    answer = log_in(client).get("/public")
    assert (answer.text, answer.headers.get("vary"), answer.headers.get("cache-control")) == (
        "public",
        None,
        None,
    )


def test_an_annotation_for_type_checkers_only_does_not_matter():
    @house.requires("key")
    async def endpoint(request: Missing) -> Missing:  # type: ignore[name-defined] # noqa: F821
        return PlainTextResponse("here")

    other = Starlette(routes=[Route("/", endpoint)])
    house.install(other)
    assert browser(other).get("/", headers=KEY).text == "here"
    assert said(browser(other).get("/")) == (401, "no_credential")


def test_a_class_takes_the_decorator_on_its_methods():
    with pytest.raises(ConfigError, match=r"Decorate its methods"):
        house.requires("api")(HTTPException)


def test_an_unknown_guard_is_named_with_the_nearest():
    with pytest.raises(ConfigError) as raised:
        house.layer("apy")
    assert (raised.value.found, raised.value.nearest) == ("apy", "api")


# -- how a refusal leaves -------------------------------------------------------------------------------------------

PROBLEM, HTML, REDIRECT = "application/problem+json", "text/html", None
EVIL = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
XHR = {"X-Requested-With": "XMLHttpRequest", "Accept": "text/html"}


def refusing(**changes: Any) -> TestClient:
    """A browser on an application with an area of each kind of answers."""
    kinds: tuple[Answers, ...] = ("auto", "json", "page")
    there = starlette_house(areas={kind: Area(guards=("web",), answers=kind) for kind in kinds}, **changes)
    routes = [
        Route(f"/{kind}", mine, methods=["GET", "POST"], middleware=[there.layer(kind)]) for kind in kinds
    ]
    other = Starlette(
        routes=[*desk(there), *routes, Route("/{rest:path}", mine, middleware=[there.layer("page")])]
    )
    there.install(other)
    return browser(other)


@pytest.mark.parametrize(
    ("area", "headers", "answer"),
    [
        ("auto", {}, PROBLEM),
        ("auto", {"Accept": "*/*"}, PROBLEM),
        ("auto", {"Accept": "application/json"}, PROBLEM),
        ("auto", {"Accept": "application/json, text/html"}, PROBLEM),
        ("auto", {"Accept": "text/html,application/xhtml+xml"}, REDIRECT),
        ("auto", {"Accept": " TEXT/HTML"}, REDIRECT),
        ("auto", XHR, PROBLEM),
        ("auto", {**XHR, "Sec-Fetch-Mode": "cors"}, PROBLEM),
        ("auto", NAVIGATION, REDIRECT),
        ("auto", {"Sec-Fetch-Mode": "navigate", "Accept": "application/json"}, REDIRECT),
        ("auto", {"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, PROBLEM),
        ("auto", {"Sec-Fetch-Mode": "no-cors", "Accept": "text/html"}, PROBLEM),
        ("json", {}, PROBLEM),
        ("json", NAVIGATION, PROBLEM),
        ("json", {"Accept": "text/html"}, PROBLEM),
        ("page", {}, PROBLEM),
        ("page", XHR, PROBLEM),
        ("page", {"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, PROBLEM),
        ("page", NAVIGATION, REDIRECT),
        ("page", {"Accept": "text/html"}, REDIRECT),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_only_a_person_at_a_window_is_sent_to_the_login(area, headers, answer, method):
    got = refusing().request(method, f"/{area}", headers=headers)
    assert got.headers["guardhouse-reason"] == "no_credential"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["vary"] == "Cookie" if method != "POST" else "Cookie" in got.headers["vary"]
    if answer is REDIRECT:
        assert got.status_code == 303
        assert got.headers["location"] == ("/login" if method == "POST" else f"/login?next=/{area}")
    else:
        assert (got.status_code, got.headers["content-type"]) == (401, answer)
        assert "www-authenticate" in got.headers


@pytest.mark.parametrize(
    ("path", "following"),
    [
        ("/page", "/page"),
        ("/a/b?tab=2&x=%20y", "/a/b%3Ftab%3D2%26x%3D%2520y"),
        ("/caf%C3%A9", "/caf%25C3%25A9"),
        ("/100%25?q=%C3%A9", "/100%2525%3Fq%3D%25C3%25A9"),
        ("/%5Cevil.example", "/%255Cevil.example"),
    ],
)
def test_the_login_leads_back_to_the_page_that_was_wanted(path, following):
    assert refusing().get(path, headers=NAVIGATION).headers["location"] == f"/login?next={following}"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/x?y", "/\\evil.example", "/login", "/login?next=/x"]
)
async def test_nothing_but_a_path_of_ours_is_wanted(path):
    exchange = await call(refusing().app, "GET", path, NAVIGATION)
    location = exchange.headers["location"]
    assert (exchange.status, location) == (
        303,
        "/login?next=/%255Cevil.example" if "\\" in path else "/login",
    )


def test_the_question_mark_of_a_login_url_is_respected():
    answer = refusing(login_url="/enter?by=password").get("/page", headers=NAVIGATION)
    assert answer.headers["location"] == "/enter?by=password&next=/page"


def test_without_a_login_url_a_person_reads_a_page():
    answer = refusing(login_url=None).get("/page", headers=NAVIGATION)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_refusal_that_no_login_mends_is_a_page_and_no_redirect():
    client = refusing()
    log_in(client)
    answer = client.post("/page", headers={**NAVIGATION, **EVIL})
    assert said(answer) == (403, "csrf_origin_untrusted")
    assert answer.headers["content-type"].startswith(HTML)


@pytest.mark.parametrize(
    ("explain", "keys"),
    [
        ("off", {"type", "title", "status"}),
        ("code", {"type", "title", "status", "detail", "code"}),
        (
            "full",
            {
                *("type", "title", "status", "detail", "code"),
                *("hint", "evidence", "stack", "trace", "repeat"),
            },
        ),
    ],
)
def test_a_refusal_says_as_much_as_it_may(explain, keys):
    answer = refusing(explain=explain, debug=explain == "full").get("/auto")
    assert set(answer.json()) == keys
    assert ("guardhouse-reason" in answer.headers) is (explain != "off")


async def copied(_: Request, error: Exception) -> Response:
    """An application's own page for a refusal, made of all that the exception holds."""
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}", error.status_code, headers=error.headers)


@pytest.mark.parametrize(
    ("explain", "text", "reason"),
    [
        ("code", "The request carries nothing that this guard could read.", "no_credential"),
        ("off", "Unauthorized", None),
    ],
)
def test_what_an_applications_own_handler_can_copy_says_no_more_than_it_may(explain, text, reason):
    there = starlette_house(explain=explain)
    below = Starlette(routes=[Route("/", mine, middleware=[there.layer("web")])])
    outer = Starlette(
        routes=[Route("/", mine, middleware=[there.layer("web")]), Mount("/below", below)],
    )
    there.install(outer)
    outer.add_exception_handler(refused.Refused, copied)
    for path in ("/", "/below/"):  # a mounted application shows the exception as Starlette does by itself
        answer = browser(outer).get(path)
        assert (answer.text, said(answer)) == (text, (401, reason))
        assert answer.headers["www-authenticate"] == 'Cookie realm="guardhouse"'


def test_a_401_names_the_ways_in_of_its_stack():
    token = FunctionGuard(scheme="Bearer", find=find_key)
    there = starlette_house(guards={"web": SessionGuard(), "token": token})

    async def hello(_: Request) -> Response:
        return PlainTextResponse("hello")

    both = Starlette(routes=[Route("/", hello, middleware=[there.layer("web", "token")])])
    there.install(both)
    client = browser(both)

    def challenged(**headers: str) -> tuple[int, str | None]:
        answer = client.get("/", headers=headers)
        return answer.status_code, answer.headers.get("www-authenticate")

    nobody = 'Bearer realm="guardhouse", Cookie realm="guardhouse"'
    bad = 'Bearer realm="guardhouse", error="invalid_token", Cookie realm="guardhouse"'
    assert challenged() == (401, nobody)
    assert challenged(Authorization="Basic c2VzYW1lOg==") == (401, nobody)
    assert challenged(Authorization="Bearer wrong") == (401, bad)
    assert challenged(Authorization="Bearer") == (401, bad)
    assert challenged(Authorization="Bearer sesame") == (200, None)


def test_explained_in_full_even_a_program_area_shows_a_person_a_page():
    client = refusing(explain="full", debug=True)
    answer = client.get("/json", headers={**NAVIGATION, "Cookie": "other=<script>alert(1)</script>"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "<script>alert" not in answer.text
    assert "Log in first" in unescape(answer.text)


def test_the_trace_tells_every_voice_in_its_order():
    client = refusing(explain="full", debug=True)
    log_in(client)
    answer = client.post("/auto", headers=EVIL).json()
    assert (answer["stack"], answer["evidence"]["origin"]) == ("auto", "https://evil.example")
    assert [(voice["by"], voice["verdict"], voice["code"]) for voice in answer["trace"]] == [
        ("origin", "deny", "csrf_origin_untrusted")
    ]
    assert "trusted_origins=['https://evil.example']" in answer["hint"]


def test_every_refusal_is_told_of_once():
    told: list[Refused] = []
    there = starlette_house()
    there.listen(Refused, told.append)
    routes = [Route("/twice", mine, middleware=[there.layer("api"), there.layer("api")])]
    other = Starlette(routes=routes)
    there.install(other)
    browser(other).get("/twice")
    assert [
        (event.code, event.by, event.stack, event.method, event.path, event.status) for event in told
    ] == [("no_credential", "api", "api", "GET", "/twice", 401)]


def test_a_handler_of_the_application_sees_the_reason():
    async def own(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return PlainTextResponse(f"mine {error.detail}", error.status_code, error.headers)

    there = starlette_house()
    other = Starlette(routes=[Route("/", mine, middleware=[there.layer()])], exception_handlers={401: own})
    there.install(other)
    answer = browser(other).get("/")
    assert said(answer) == (401, "no_credential")
    assert answer.text.startswith("mine The request carries nothing")


# -- leaving --------------------------------------------------------------------------------------------------------


class BrokenStore:
    """A store in front of another, in which the verbs named do not work."""

    def __init__(self) -> None:
        self.broken: frozenset[str] = frozenset()
        self._behind = MemoryStore()

    async def load(self, key: bytes) -> Record | None:
        return await self._through("load").load(key)

    async def create(self, key: bytes, record: Record) -> None:
        await self._through("create").create(key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        return await self._through("save").save(key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        return await self._through("move").move(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        return await self._through("delete").delete(key)

    def _through(self, verb: str) -> MemoryStore:
        if verb in self.broken:
            raise StoreError(f"{verb}: no connection")
        return self._behind


def session_app(**changes: Any) -> tuple[Starlette, Any]:
    """An application around whose endpoints anything may go wrong."""
    there = starlette_house(**changes)

    async def write(request: Request) -> Response:
        (await there.session(request))["note"] = "x" * int(request.query_params.get("size", 1))
        raise_by_name(request.query_params.get("then", ""))
        return JSONResponse("written")

    async def read(request: Request) -> Response:
        return JSONResponse((await there.session(request)).get("note"))

    async def ended_meanwhile(request: Request) -> Response:
        (await there.session(request))["note"] = "late"
        there.parts.store._bodies.clear()  # type: ignore[union-attr]
        return JSONResponse("written")

    async def stream(request: Request) -> Response:
        session = await there.session(request)

        async def lines() -> AsyncIterator[str]:
            yield "one "
            yield "two"

        session["note"] = "streamed"
        return StreamingResponse(lines())

    async def who(request: Request) -> Response:
        user = await there.auth(request).user()
        return JSONResponse(user.id if user else None)

    async def mine(request: Request) -> Response:
        return JSONResponse((await there.user(request)).id)

    async def write_socket(socket: WebSocket) -> None:
        (await there.session(socket))["note"] = "by socket"
        await socket.accept()
        await socket.close()

    routes = [
        *desk(there),
        Route("/write", write, methods=["GET", "POST"]),
        Route("/read", read),
        Route("/ended", ended_meanwhile),
        Route("/stream", stream),
        Route("/who", who),
        Route("/mine", mine, middleware=[there.layer()]),
        WebSocketRoute("/socket", write_socket),
    ]
    other = Starlette(routes=routes, exception_handlers={KeyError: handled})
    there.install(other)
    return other, there


def raise_by_name(name: str) -> None:
    if name == "http":
        raise HTTPException(418)
    if name == "handled":
        raise KeyError(name)
    if name == "unhandled":
        raise RuntimeError(name)


async def handled(request: Request, error: Exception) -> Response:
    return PlainTextResponse("handled", 400)


@pytest.mark.parametrize(("then", "status"), [("", 200), ("http", 418), ("handled", 400)])
def test_what_was_written_is_kept_also_when_the_answer_is_a_handled_error(then, status):
    other, _ = session_app()
    client = browser(other)
    answer = client.get("/write", params={"then": then})
    assert answer.status_code == status
    assert SESSION in answer.cookies
    assert client.get("/read").json() == "x"


def test_an_unhandled_error_stores_nothing_and_sets_no_cookie():
    other, there = session_app()
    client = browser(other, raise_server_exceptions=False)
    answer = client.get("/write", params={"then": "unhandled"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (500, False)
    assert len(there.parts.store) == 0


def test_a_streamed_answer_carries_its_cookie():
    other, _ = session_app()
    client = browser(other)
    assert client.get("/stream").text == "one two"
    assert client.get("/read").json() == "streamed"


def test_an_accepted_socket_carries_its_cookie():
    other, _ = session_app()
    with browser(other) as client:
        with client.websocket_connect("wss://testserver/socket", headers={"Origin": ORIGIN}) as opened:
            headers: Any = opened.extra_headers
        assert any(line.startswith(SESSION.encode()) for name, line in headers if name == b"set-cookie")


@pytest.mark.parametrize(
    ("broken", "path", "method"),
    [
        ("load", "/mine", "GET"),
        ("load", "/who", "GET"),
        ("load", "/read", "GET"),
        ("load", "/write", "GET"),
        ("save", "/write", "GET"),
        ("load", "/login", "POST"),
        ("move", "/login", "POST"),
        ("load", "/logout", "POST"),
        ("delete", "/logout", "POST"),
    ],
)
def test_a_broken_store_is_a_503_and_nobody_becomes_a_guest(broken, path, method):
    store = BrokenStore()
    other, _ = session_app(store=store)
    client = log_in(browser(other))
    store.broken = frozenset({broken})
    body = {"email": ADA.email, "password": PASSWORD} if path == "/login" else None
    answer = client.request(method, path, json=body)
    assert said(answer) == (503, "store_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    store.broken = frozenset()
    assert client.get("/mine").json() == ADA.id


@pytest.mark.parametrize("verb", ["move", "create"])
def test_a_login_that_cannot_be_stored_whole_is_not_stored_under_the_old_id(verb):
    store = BrokenStore()
    other, _ = session_app(store=store)
    client = browser(other)
    client.get("/write")
    planted = client.cookies[SESSION]
    store.broken = frozenset({verb})
    answer = client.post("/login", json={"email": ADA.email, "password": PASSWORD})
    store.broken = frozenset()
    assert answer.status_code == (503 if verb == "move" else 200)
    assert said(present(browser(other), planted).get("/mine"))[0] == 401


@pytest.mark.parametrize("path", ["/write", "/stream"])
def test_a_new_session_that_cannot_be_stored_is_a_503(path):
    store = BrokenStore()
    store.broken = frozenset({"create"})
    other, _ = session_app(store=store)
    answer = browser(other).get(path)
    assert said(answer) == (503, "store_unavailable")
    assert answer.json()["code"] == "store_unavailable"
    assert "written" not in answer.text


def test_a_socket_whose_session_cannot_be_stored_is_denied():
    store = BrokenStore()
    store.broken = frozenset({"create"})
    other, _ = session_app(store=store)
    with (
        browser(other) as client,
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("wss://testserver/socket", headers={"Origin": ORIGIN}),
    ):
        pass
    assert said(denied.value) == (503, "store_unavailable")


def test_a_session_that_ended_meanwhile_is_a_409_and_stays_dead():
    other, there = session_app()
    client = log_in(browser(other))
    answer = client.get("/ended")
    assert said(answer) == (409, "session_gone")
    assert "written" not in answer.text
    assert len(there.parts.store) == 0
    assert said(client.get("/mine")) == (401, "session_ended")


def test_a_session_that_grows_too_large_is_the_developers_to_mend():
    other, there = session_app(sessions=SessionPolicy(max_bytes=1000))
    with pytest.raises(SessionTooLargeError, match="note"):
        browser(other).get("/write", params={"size": 1001})
    quiet = browser(other, raise_server_exceptions=False)
    answer = quiet.get("/write", params={"size": 1001})
    assert (answer.status_code, "set-cookie" in answer.headers, len(there.parts.store)) == (500, False, 0)


def test_an_unknown_session_costs_no_row_and_no_cookie():
    other, there = session_app()
    for cookie in ("A" * 43, "malformed", ""):
        answer = present(browser(other), cookie).get("/read")
        assert (answer.status_code, "set-cookie" in answer.headers, len(there.parts.store)) == (200, False, 0)


# -- Vary and no-store ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "merged"),
    [
        ({}, {"vary": "Cookie", "cache-control": "no-store"}),
        ({"vary": "Accept-Encoding"}, {"vary": "Accept-Encoding, Cookie", "cache-control": "no-store"}),
        ({"vary": "accept, COOKIE"}, {"vary": "accept, COOKIE"}),
        ({"vary": "*"}, {"vary": "*"}),
        ({"cache-control": "public, max-age=3600"}, {"cache-control": "no-store"}),
        ({"cache-control": "max-age=3600"}, {"cache-control": "no-store"}),
        ({"cache-control": "no-cache"}, {"cache-control": "no-store"}),
        ({"cache-control": "private, max-age=60"}, {"cache-control": "private, max-age=60"}),
        ({"cache-control": "PRIVATE"}, {"cache-control": "PRIVATE"}),
        ({"cache-control": "public, private"}, {"cache-control": "no-store"}),
        ({"cache-control": 'private="x-other", max-age=9'}, {"cache-control": "no-store"}),
        ({"cache-control": "no-store, max-age=0"}, {"cache-control": "no-store, max-age=0"}),
    ],
)
def test_an_answer_that_depends_on_the_visitor_is_kept_by_no_cache(own, merged):
    there = starlette_house()

    async def answering(request: Request) -> Response:
        return PlainTextResponse("mine", headers=own)

    other = Starlette(routes=[*desk(there), Route("/", answering, middleware=[there.layer()])])
    there.install(other)
    headers = log_in(browser(other)).get("/").headers
    assert {name: headers[name] for name in merged} == merged
    assert len(headers.get_list("vary")) == len(headers.get_list("cache-control")) == 1


def test_an_answer_with_a_cookie_is_never_even_private():
    there = starlette_house()

    async def answering(request: Request) -> Response:
        (await there.session(request))["note"] = 1
        return PlainTextResponse("mine", headers={"cache-control": "private, max-age=60"})

    other = Starlette(routes=[Route("/", answering)])
    there.install(other)
    assert browser(other).get("/").headers["cache-control"] == "no-store"


def test_an_unsafe_request_varies_by_where_it_comes_from(client: TestClient):
    assert log_in(client).post("/route").headers["vary"] == "Cookie, Origin, Sec-Fetch-Site, X-Api-Key"
    assert client.post("/route", headers={**KEY}).headers["vary"] == "X-Api-Key"


# -- forms ----------------------------------------------------------------------------------------------------------


def form_app() -> Starlette:
    """A page with a form, and what an application does with it: reading it before or after it asks who is there."""
    there = starlette_house()

    async def page(request: Request) -> Response:
        return PlainTextResponse(there.csrf_token(request))

    async def after(request: Request) -> Response:
        user = await there.user(request)
        body = await request.body()
        return JSONResponse([user.id, len(body)])

    async def before(request: Request) -> Response:
        form = await request.form()
        user = await there.user(request)
        return JSONResponse([user.id, len(form.getlist("text"))])

    async def login(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        user = await there.auth(request).attempt(form)
        return JSONResponse(user.id if user else None)

    async def half(request: Request) -> Response:
        async for _ in request.stream():
            break
        return JSONResponse([(await there.user(request)).id])

    posts = [Route(f"/{end.__name__}", end, methods=["POST"]) for end in (after, before, half)]
    form_login = Route("/form-login", login, methods=["POST"])
    other = Starlette(routes=[*desk(there), Route("/page", page), *posts, form_login])
    there.install(other)
    return other


@pytest.fixture
def form() -> tuple[Starlette, dict[str, str], bytes]:
    """The application, the cookies of somebody who is logged in, and a token of his; no header tells the origin."""
    other = form_app()
    client = log_in(browser(other))
    token = client.get("/page").text
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return other, {"Cookie": cookies}, token.encode()


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/after", "/before", "/half"])
@pytest.mark.parametrize("pieces", [1, 2, 7, 1000])
async def test_a_form_proves_itself_by_its_token_whenever_it_is_read(form, path, pieces):
    other, cookies, token = form
    body = b"text=hello&_token=" + token + b"&more=1"
    size = -(-len(body) // pieces)
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    exchange = await call(other, "POST", path, {**cookies, **FORM}, chunks)
    assert exchange.status == 200
    assert json.loads(exchange.body)[0] == ADA.id
    if path == "/after":
        assert json.loads(exchange.body)[1] == len(body)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/after", "/before"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"text=hello", "csrf_token_missing"),
        (b"", "csrf_token_missing"),
        (b"_token=", "csrf_token_missing"),
        (b"_token=wrong", "csrf_token_invalid"),
        (b"_token=%TOKEN%&_token=%TOKEN%", "csrf_token_missing"),
        (b"_token=%TOKEN%x", "csrf_token_invalid"),
        (b"_TOKEN=%TOKEN%", "csrf_token_missing"),
        (b"a=" + b"&a=" * 300 + b"&_token=%TOKEN%", "csrf_token_missing"),
        (b"\xff=1&_token=%TOKEN%", "csrf_token_missing"),
    ],
)
async def test_a_form_without_exactly_its_token_is_refused(form, path, body, reason):
    other, cookies, token = form
    exchange = await call(other, "POST", path, {**cookies, **FORM}, [body.replace(b"%TOKEN%", token)])
    assert (exchange.status, exchange.reason) == (403, reason)


@pytest.mark.anyio
async def test_a_form_too_long_to_be_searched_needs_its_token_in_a_header(form):
    other, cookies, token = form
    body = b"_token=" + token + b"&text=" + b"x" * 10 * LONGEST_FORM
    chunks = [body[at : at + 16384] for at in range(0, len(body), 16384)]
    exchange = await call(other, "POST", "/after", {**cookies, **FORM}, chunks)
    assert (exchange.status, exchange.reason) == (403, "csrf_token_missing")
    assert exchange.bytes_read <= LONGEST_FORM + 2 * 16384
    in_header = {"X-CSRF-Token": token.decode()}
    exchange = await call(other, "POST", "/after", {**cookies, **FORM, **in_header}, chunks)
    assert json.loads(exchange.body) == [ADA.id, len(body)]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "application/json", "text/plain"])
async def test_other_bodies_are_not_touched_to_look_for_a_token(form, kind):
    other, cookies, token = form
    exchange = await call(other, "POST", "/after", {**cookies, "Content-Type": kind}, [b"_token=" + token])
    assert (exchange.status, exchange.reason, exchange.reads) == (403, "csrf_token_missing", 0)


@pytest.mark.anyio
async def test_a_visitor_who_hangs_up_in_the_middle_of_a_form_keeps_nobody_waiting(form):
    other, cookies, _ = form
    exchange = await call(other, "POST", "/after", {**cookies, **FORM}, [])
    assert (exchange.status, exchange.reason) == (403, "csrf_token_missing")


def test_a_login_form_is_checked_although_it_was_read_before():
    other = form_app()
    client = browser(other, headers={})
    token = client.get("/page").text
    person = {"email": ADA.email, "password": PASSWORD}
    assert said(client.post("/form-login", data=person)) == (403, "csrf_token_missing")
    assert client.post("/form-login", data={**person, "_token": token}).json() == ADA.id
    assert said(client.post("/form-login", data={**person, "_token": token})) == (403, "csrf_token_invalid")


@pytest.mark.anyio
@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"X-CSRF-Token": "wrong"}])
async def test_the_form_of_a_stranger_is_not_read(headers):
    exchange = await call(app, "POST", "/route", {**FORM, **headers}, [b"_token=x"])
    assert exchange.status in (401, 403)
    assert exchange.reads == 0


# -- proxies and hosts ----------------------------------------------------------------------------------------------

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", "Origin": ORIGIN}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "answer"),
    [
        (("10.0.0.0/8",), "10.1.2.3", FORWARDED, (200, None)),
        (("10.0.0.0/8",), "192.0.2.9", FORWARDED, (403, "csrf_scheme_mismatch")),
        ((), "10.1.2.3", FORWARDED, (403, "csrf_scheme_mismatch")),
        (("10.0.0.0/8",), "10.1.2.3", {"Origin": ORIGIN}, (403, "csrf_scheme_mismatch")),
        (
            ("10.0.0.0/8",),
            "10.1.2.3",
            {**FORWARDED, "X-Forwarded-Proto": "gopher"},
            (403, "csrf_scheme_mismatch"),
        ),
        (("2001:db8::/32",), "2001:db8::1", FORWARDED, (200, None)),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", FORWARDED, (200, None)),
        (("10.0.0.0/8",), None, FORWARDED, (403, "csrf_scheme_mismatch")),
    ],
)
async def test_only_declared_proxies_are_believed(trusted, peer, headers, answer):
    other, _ = session_app(trusted_proxies=trusted)
    cookie = log_in(browser(other)).cookies[SESSION]
    client = (peer, 1234) if peer else None
    sent = {**headers, "Cookie": f"{SESSION}={cookie}"}
    exchange = await call(other, "POST", "/logout", sent, scheme="http", client=client)
    assert (exchange.status if exchange.status != 204 else 200, exchange.reason) == answer


@pytest.mark.parametrize(
    ("public_url", "host", "origin", "answer"),
    [
        (ORIGIN, "testserver", ORIGIN, (204, None)),
        (ORIGIN, "TESTSERVER", ORIGIN, (204, None)),
        (ORIGIN, "evil.example", "https://evil.example", (421, "host_unlisted")),
        (ORIGIN, "testserver:8443", ORIGIN, (421, "host_unlisted")),
        ([ORIGIN, "https://www.testserver"], "www.testserver", "https://www.testserver", (204, None)),
        ("https://public.example", "public.example", "https://public.example", (204, None)),
        ("https://public.example", "public.example", "http://public.example", (403, "csrf_scheme_mismatch")),
        (None, "anything.example", "https://anything.example", (204, None)),
        (None, "anything.example", "https://evil.example", (403, "csrf_origin_untrusted")),
    ],
)
def test_the_own_origin_is_the_configured_one(public_url, host, origin, answer):
    other, _ = session_app(public_url=public_url)
    client = browser(other, headers={"Host": host, "Origin": origin})
    assert said(client.post("/logout")) == answer


def test_a_trusted_front_end_may_send_what_the_browser_attaches():
    front = "https://front.example"
    other, _ = session_app(trusted_origins=[front])
    client = browser(other, headers={"Origin": front, "Sec-Fetch-Site": "cross-site"})
    assert log_in(client).get("/mine").json() == ADA.id


# -- around ---------------------------------------------------------------------------------------------------------


class Reading(BaseHTTPMiddleware):
    """Middleware of the application's own, which reads every body first."""

    async def dispatch(self, request: Request, call_next: Any) -> Response:
        await request.body()
        answer: Response = await call_next(request)
        return answer


def test_middleware_of_the_application_may_stand_on_either_side():
    there = starlette_house()

    async def echo(request: Request) -> Response:
        return JSONResponse([(await there.user(request)).id, (await request.body()).decode()])

    route = Route("/echo", echo, methods=["POST"], middleware=[there.layer()])
    stack = [Middleware(GZipMiddleware, minimum_size=1), Middleware(Reading)]
    other = Starlette(routes=[*desk(there), route], middleware=stack)
    there.install(other)
    other.add_middleware(Reading)
    client = log_in(browser(other))
    assert client.post("/echo", content="hello").json() == [ADA.id, "hello"]


def test_parallel_sessions_of_one_browser_are_two_people(client: TestClient):
    other = browser(app)
    log_in(client)
    log_in(other, GRACE)
    assert (client.get("/route").text, other.get("/route").text) == (ADA.id, GRACE.id)
    assert [client.get("/visits").json(), client.get("/visits").json(), other.get("/visits").json()] == [
        1,
        2,
        1,
    ]


def test_a_page_of_the_application_needs_no_token(client: TestClient):
    assert client.headers["Sec-Fetch-Site"] == PAGE["Sec-Fetch-Site"]
    assert log_in(client).post("/route").status_code == 200


def test_the_csrf_cookie_goes_back_as_a_header():
    other, _ = session_app()
    client = browser(other, headers={})
    answer = client.get("/csrf-cookie")
    assert (answer.status_code, answer.headers["cache-control"]) == (204, "no-store")
    token = client.cookies["XSRF-TOKEN"]
    client.headers["X-XSRF-TOKEN"] = token
    assert log_in(client).cookies["XSRF-TOKEN"] != token
    assert said(client.post("/logout")) == (403, "csrf_token_invalid")
    client.headers["X-XSRF-TOKEN"] = client.cookies["XSRF-TOKEN"]
    assert client.post("/logout").status_code == 204
