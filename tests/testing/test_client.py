"""The browser in process: real logins, real cookies, and what a page says of itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocket

from guardhouse import ConfigError, Login, SessionGuard
from guardhouse.core.events import Refused
from guardhouse.starlette import Guardhouse
from guardhouse.testing import (
    BrokenStore,
    Client,
    CountingStore,
    FixedClock,
    assert_admitted,
    assert_refused,
    fake_users,
    fast_passwords,
    recorded,
    refusal_of,
)
from tests.houses import SECRET

USERS, CLOCK = fake_users(), FixedClock()


def application(**settings: object) -> Starlette:
    """An application as somebody who uses the testing kit has it."""
    house: Guardhouse = Guardhouse(  # type: ignore[type-arg]
        **{  # type: ignore[arg-type]
            "secret": SECRET,
            "users": USERS,
            "passwords": fast_passwords(),
            "clock": CLOCK,
            "login_url": "/login",
            "guards": {"web": SessionGuard(), "staff": SessionGuard(realm="staff")},
            "explain": "full",
            "debug": True,
        }
        | settings
    )

    @house.public
    async def login(request: Request) -> Response:
        user = await house.auth(request).attempt(await request.json())
        if "shrugging" in request.query_params:
            return JSONResponse(user is not None)
        return Response(status_code=204 if user else 422)

    async def me(request: Request) -> Response:
        return JSONResponse({"id": (await house.user(request)).id})

    async def seen(request: Request) -> Response:
        return JSONResponse(dict(request.headers) | {"opened": getattr(request.state, "opened", None)})

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json(dict(websocket.headers))
        await websocket.close()

    async def away(request: Request) -> Response:
        return RedirectResponse("/elsewhere", 303)

    async def broken(request: Request) -> Response:
        raise RuntimeError("of the application")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, str]]:
        yield {"opened": "at the start"}

    guarded = [house.layer("web")]
    app = Starlette(
        routes=[
            Route("/login", login, methods=["POST"]),
            Route("/me", me, methods=["GET", "POST"], middleware=guarded),
            Route("/staff", me, middleware=[house.layer("staff")]),
            Route("/seen", house.public(seen), methods=["GET", "POST"]),
            Route("/away", house.public(away)),
            Route("/broken", house.public(broken)),
            Route("/csrf-cookie", house.csrf_cookie),
            WebSocketRoute("/socket", socket, middleware=guarded),
        ],
        lifespan=lifespan,
    )
    house.install(app)
    return app


@pytest.fixture
def client() -> Generator[Client]:
    with Client(application()) as started:
        yield started


def test_a_login_goes_through_the_real_route(client: Client):
    assert_refused(client.get("/me"), "no_credential", status=401)
    client.log_in("ada@example.com")
    assert client.get("/me").json() == {"id": "1"}
    assert "__Host-gh" in client.cookies


def test_a_failed_login_says_so(client: Client):
    with pytest.raises(AssertionError, match="the login at /login failed: 422"):
        client.log_in("ada@example.com", "wrong")
    with pytest.raises(AssertionError, match="csrf_origin_untrusted"):
        client.from_site("https://evil.example").log_in("ada@example.com")


@pytest.mark.parametrize(
    ("email", "because"),
    [
        pytest.param("ada@example.com", "the user exists, and the password is another", id="password"),
        pytest.param("adda@example.com", "there is no such user", id="address"),
    ],
)
def test_a_login_route_that_answers_200_all_the_same_fools_nobody(email: str, because: str):
    with Client(application(), login_url="/login?shrugging") as client:
        with pytest.raises(AssertionError) as failed:
            client.log_in(email, "wrong")
        said = "the login at /login?shrugging failed: 200: false\n  because   guard web: "
        assert str(failed.value) == said + because
        client.log_in("ada@example.com")


def test_acting_as_somebody_is_a_real_session(client: Client):
    assert client.acting_as(USERS.grace) is client
    assert client.get("/me").json() == {"id": "2"}
    assert_admitted(client.post("/me"))
    CLOCK.advance(timedelta(hours=3))
    assert_refused(client.get("/me"), "session_expired")


def test_acting_at_another_guard_keeps_the_first_login(client: Client):
    client.acting_as(USERS.ada)
    assert_refused(client.get("/staff"), "no_login_for_guard")
    client.acting_as(USERS.grace, "staff")
    assert client.get("/staff").json() == {"id": "2"}
    assert client.get("/me").json() == {"id": "1"}


def test_acting_works_without_a_start():
    client = Client(application()).acting_as(USERS.ada)
    assert client.get("/me").json() == {"id": "1"}


def test_a_page_of_another_site_is_refused_with_the_same_cookies(client: Client):
    evil = client.acting_as(USERS.ada).from_site("https://evil.example")
    assert_refused(evil.post("/me"), "csrf_origin_untrusted", status=403)
    assert_admitted(client.post("/me"))


def test_a_page_of_another_site_shares_the_jar_with_ours(client: Client):
    evil = client.from_site("https://evil.example")
    client.acting_as(USERS.ada)
    told = assert_refused(evil.post("/me"), "csrf_origin_untrusted")
    assert [verdict["by"] for verdict in told.trace] == ["origin"]
    assert evil.acting_as(USERS.grace) is evil
    assert client.get("/me").json() == {"id": "2"}


def test_a_page_of_another_site_asks_the_application_that_is_started():
    client = Client(application(), raise_server_exceptions=False, headers={"X-Mine": "1"})
    evil = client.from_site("https://evil.example")
    with client:
        seen = evil.get("/seen").json()
        assert (seen["opened"], seen["x-mine"]) == ("at the start", "1")
        assert evil.get("/broken").status_code == 500


def test_a_websocket_goes_to_the_application_with_cookies_and_origin(client: Client):
    client.acting_as(USERS.ada)
    for url in ("/socket", "wss://testserver/socket"):
        with client.websocket_connect(url, ["chat"]) as socket:
            sent = socket.receive_json()
        assert (sent["origin"], sent["sec-websocket-protocol"]) == ("https://testserver", "chat")


@pytest.mark.parametrize(
    ("site", "code"), [("https://evil.example", "websocket_origin"), (None, "no_credential")]
)
def test_a_websocket_that_is_refused_says_why(client: Client, site: str | None, code: str):
    page = client.acting_as(USERS.ada).from_site(site) if site else client
    with pytest.raises(WebSocketDenialResponse) as denied, page.websocket_connect("/socket"):
        pass
    assert_refused(denied.value, code)


def test_streams_are_marked_and_what_a_test_writes_itself_stands():
    with Client(application(), headers={"Origin": "https://written.example"}) as client:
        with client.stream("POST", "/seen") as answer:
            answer.read()
        assert answer.json()["origin"] == "https://written.example"
        assert answer.json()["sec-fetch-site"] == "same-origin"
        sent = client.post("/seen", headers={"Origin": "https://other.example"}).json()
        assert sent["origin"] == "https://other.example"


def test_the_origin_of_a_page_has_no_path():
    with Client(application(), base_url="https://testserver/shop") as client:
        assert client.post("https://testserver/seen").json()["origin"] == "https://testserver"


def test_the_token_is_the_one_that_goes_to_this_address(client: Client):
    client.acting_as(USERS.ada)
    own = client.cookies["XSRF-TOKEN"]
    client.cookies.set("XSRF-TOKEN", "of a neighbour", domain="neighbour.example")
    assert client.post("/seen").json()["x-xsrf-token"] == own


def test_a_house_of_another_address_says_what_to_write():
    app = application(public_url="https://shop.example.com")
    with Client(app) as client, pytest.raises(AssertionError) as failed:
        client.acting_as(USERS.ada)
    assert str(failed.value).startswith("nobody can log in here: 421 host_unlisted\n  hint      ")
    assert "  client    https://testserver is what this client asks" in str(failed.value)
    with Client(app, base_url="https://shop.example.com") as client:
        assert_admitted(client.acting_as(USERS.ada).post("/me"))


def test_a_page_says_where_it_comes_from_and_sends_the_token(client: Client):
    client.acting_as(USERS.ada).get("/csrf-cookie")
    sent = client.post("/seen").json()
    assert (sent["sec-fetch-site"], sent["origin"]) == ("same-origin", "https://testserver")
    assert sent["x-xsrf-token"] == client.cookies["XSRF-TOKEN"]
    foreign = client.from_site("https://evil.example").post("/seen").json()
    assert (foreign["sec-fetch-site"], foreign["origin"]) == ("cross-site", "https://evil.example")
    assert "x-xsrf-token" not in foreign
    assert "origin" not in client.get("/seen").json()
    assert client.get("/seen", headers={"Sec-Fetch-Site": "none"}).json()["sec-fetch-site"] == "none"


def test_a_person_is_sent_to_the_login(client: Client):
    answer = client.navigate("/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/me")
    assert assert_refused(answer, "no_credential").status == 303


def test_events_are_recorded_while_the_house_is_at_work(client: Client):
    with recorded(client.house) as events:
        client.log_in("ada@example.com")
        client.get("/staff")
    client.get("/staff")
    assert [type(event) for event in events].count(Login) == 1
    assert [event.code for event in events if isinstance(event, Refused)] == ["no_login_for_guard"]


def test_the_cost_of_a_request_can_be_counted():
    store = CountingStore()
    with Client(application(store=store)) as client:
        client.acting_as(USERS.ada)
        assert store.counted == (0, 1)
        client.get("/me")
        assert store.counted == (1, 0)


def test_a_store_that_goes_away_makes_nobody_a_guest():
    store = BrokenStore(broken=())
    with Client(application(store=store)) as client:
        client.acting_as(USERS.ada)
        store.fail()
        assert_refused(client.get("/me"), "store_unavailable", status=503)
        store.heal()
        assert client.get("/me").json() == {"id": "1"}


async def test_it_works_in_an_asynchronous_test():
    with Client(application()) as client:
        assert client.acting_as(USERS.ada).get("/me").json() == {"id": "1"}
        client.log_in("grace@example.com")
        assert client.get("/me").json() == {"id": "2"}


def test_the_house_is_found_behind_other_middleware():
    app = application()
    app.add_middleware(GZipMiddleware)
    with Client(app) as client:
        assert client.acting_as(USERS.ada).get("/me").json() == {"id": "1"}


def test_an_application_without_a_house_is_told_what_to_do():
    with pytest.raises(ConfigError, match=r"house\.install\(app\)"):
        Client(Starlette()).acting_as(USERS.ada)
    inner = application()
    house = Client(inner).house
    assert Client(inner.router, house=house).house is house


@pytest.mark.parametrize(
    ("check", "told"),
    [
        pytest.param(
            lambda client: assert_refused(client.get("/me"), "session_expired"),
            "expected a refusal session_expired, but the refusal is 401 no_credential\n  hint      Log in first",
            id="another reason",
        ),
        pytest.param(
            lambda client: assert_refused(client.get("/me"), "no_credential", status=403),
            "expected a refusal 403 no_credential, but the refusal is 401",
            id="another status",
        ),
        pytest.param(
            lambda client: assert_refused(client.get("/seen"), "no_credential"),
            "expected a refusal no_credential, but the answer is 200: {",
            id="no refusal",
        ),
        pytest.param(
            lambda client: assert_admitted(client.get("/me")),
            "expected to be let in, but was refused: 401 no_credential",
            id="refused",
        ),
        pytest.param(
            lambda client: assert_admitted(client.get("/nowhere")),
            "expected an answer, and the gate let the request in, but it is 404",
            id="let in, and an error",
        ),
        pytest.param(
            lambda client: assert_refused(client.get("/away"), "no_credential"),
            "expected a refusal no_credential, but the answer is 303 to /elsewhere: ",
            id="a redirect of the application",
        ),
    ],
)
def test_an_assertion_that_fails_explains(client: Client, check, told: str):
    with pytest.raises(AssertionError) as failed:
        check(client)
    assert told in str(failed.value)


def test_a_failure_shows_hint_evidence_and_trace(client: Client):
    with pytest.raises(AssertionError) as failed:
        assert_admitted(client.acting_as(USERS.ada).get("/staff"))
    lines = str(failed.value).splitlines()
    assert lines[0].endswith("401 no_login_for_guard")
    assert lines[1].startswith("  hint      ")
    assert "  evidence  realm: staff" in lines
    assert lines[-1] == "  trace     staff abstain no_login_for_guard (realm: staff, held: users)"


@pytest.mark.parametrize(("explain", "hint"), [("code", True), ("off", False)])
def test_a_house_that_says_little_is_read_as_far_as_it_goes(explain: str, hint: bool):
    with Client(application(explain=explain, debug=False)) as client:
        told = refusal_of(client.get("/me"))
    assert told is not None
    assert (told.status, told.code is not None, told.hint is not None) == (401, hint, hint)
    assert ("it does not say why" in str(told)) is not hint


def test_a_hint_without_its_evidence_is_a_sentence_all_the_same():
    with Client(application(explain="code", debug=False)) as client:
        told = refusal_of(client.acting_as(USERS.ada).get("/staff"))
    assert told is not None
    assert told.hint is not None
    assert told.hint.startswith("This session is logged in to held; the guard asks for realm.")
