"""The house on FastAPI: users arrive as typed parameters, guards speak before bodies, OpenAPI tells the truth."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, File, Form, Request, UploadFile, WebSocket
from fastapi.security import APIKeyHeader
from pydantic import BaseModel
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient, WebSocketDenialResponse

from guardhouse import (
    Area,
    ConfigError,
    Deny,
    FunctionGuard,
    Identity,
    MemoryUsers,
    Reason,
    SessionGuard,
    Step,
    User,
)
from guardhouse.errors import UsersUnavailableError
from tests.edge.wire import call
from tests.houses import (
    ADA,
    GRACE,
    ORIGIN,
    OTHER_SECRET,
    browser,
    desk,
    fastapi_house,
    find_key,
    log_in,
    said,
)

KEY = {"X-Api-Key": "sesame"}
MEGABYTE = b"x" * 2**20
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class CountingUsers(MemoryUsers):
    """Users that tell how often they were looked up."""

    looked_up = 0
    away = False

    async def by_id(self, user_id: str) -> User | None:
        type(self).looked_up += 1
        if self.away:
            raise UsersUnavailableError("users", "the database is away")
        return await super().by_id(user_id)


def refuse_grace(visit: Any) -> Deny | None:
    allowed = visit.facts.header(b"x-grace") is None
    return None if allowed else Deny("grace", Reason.STEP_REFUSED)


house = fastapi_house(
    users=CountingUsers([ADA, GRACE]),
    areas={"stepped": Area(guards=("key",), steps=(Step("grace", refuse_grace),))},
)

Me = Annotated[User, house.guard("api", "key")]
Who = Annotated[Identity, house.identity("api", "key")]
Guest = Annotated[User | None, house.optional("api", "key")]
Staff = Annotated[User, house.guard("staff")]


class Thing(BaseModel):
    size: int


app = FastAPI()
guarded = APIRouter(prefix="/routers")
inner = APIRouter()


@app.get("/me")
async def me(me: Me) -> dict[str, str]:
    return {"id": me.id, "type": type(me).__name__}


@app.get("/sync")
def synchronous(me: Me) -> str:
    return me.id


@app.get("/who")
async def who(who: Who) -> dict[str, Any]:
    return {"id": who.user_id, "guard": who.guard, "how": who.how, "login": who.since is not None}


@app.get("/guest")
async def guest(guest: Guest) -> str | None:
    return guest.id if guest else None


@app.post("/guest")
async def post_as_guest(guest: Guest) -> str | None:
    return guest.id if guest else None


@app.get("/staff")
async def staff(me: Staff) -> str:
    return me.id


@app.post("/thing")
async def make(me: Me, thing: Thing) -> int:
    return thing.size


@app.post("/raw")
async def raw(me: Me, request: Request) -> int:
    return len(await request.body())


@app.post("/form")
async def form(me: Me, name: Annotated[str, Form()]) -> str:
    return name


@app.post("/upload")
async def upload(me: Me, file: Annotated[UploadFile, File()]) -> int:
    return len(await file.read())


@app.post("/inner-form", dependencies=[house.require("api", "key")])
async def inner_form(name: Annotated[str, Form()]) -> str:
    return name


@guarded.post("/thing")
async def make_in_router(thing: Thing) -> int:
    return thing.size


@inner.post("/upload")
async def upload_in_router(file: Annotated[UploadFile, File()]) -> int:
    return len(await file.read())


@inner.websocket("/socket")
async def socket_in_router(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


@app.get("/twice/{number}")
@house.requires("key")
async def twice(number: int, me: Me, who: Who, guest: Guest, request: Request) -> list[str]:
    also = await house.user(request)
    return [me.id, who.user_id, guest.id if guest else "", also.id]


@app.get("/requires/{number}")
@house.requires("api", "key")
async def requires_alone(number: int) -> int:
    return number


@app.get("/requires-sync/{number}")
@house.requires("api", "key")
def requires_sync(number: int, q: str = "none") -> str:
    return f"{number} {q}"


@app.get("/requires-untyped/{item}")
@house.requires("api", "key")
async def requires_untyped(item):
    return item


@app.get("/user-of-the-request")
@house.requires("api", "key")
async def user_of_the_request(request: Request) -> str:
    return (await house.user(request)).id


@app.get("/user-by-default")
async def user_by_default(request: Request) -> str:
    return (await house.user(request)).id


@app.get("/identity-of")
async def identity_of(request: Request) -> str:
    return (await house.identity_of(request, "key")).user_id


@app.get("/stepped", dependencies=[house.require("stepped")])
async def stepped() -> str:
    return "stepped"


@app.websocket("/socket")
async def socket(socket: WebSocket, me: Me) -> None:
    await socket.accept()
    await socket.send_text(me.id)
    await socket.close()


@app.websocket("/requires-socket")
@house.requires("api", "key")
async def requires_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


guarded.include_router(inner, prefix="/inner", dependencies=[house.require("api", "key")])
app.include_router(guarded, dependencies=[house.require("api", "key")])
app.router.routes.extend(desk(house))
house.install(app)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with browser(app) as client:
        yield client


# -- who arrives ----------------------------------------------------------------------------------------------------


def test_the_user_arrives_as_the_applications_own_type(client: TestClient):
    assert log_in(client).get("/me").json() == {"id": "1", "type": "User"}
    assert client.get("/sync").json() == "1"


def test_an_explicit_credential_goes_before_the_cookie(client: TestClient):
    log_in(client)
    assert client.get("/me", headers={"X-Api-Key": "hopper"}).json()["id"] == GRACE.id
    assert said(client.get("/me", headers={"X-Api-Key": "wrong"})) == (401, "credential_rejected")


def test_a_login_of_another_realm_is_named(client: TestClient):
    assert said(log_in(client).get("/staff")) == (401, "no_login_for_guard")
    assert log_in(client, guard="staff").get("/staff").json() == "1"
    assert client.get("/me").json()["id"] == "1"


def test_an_identity_needs_no_user(client: TestClient):
    log_in(client)
    before = CountingUsers.looked_up
    assert client.get("/who").json() == {"id": "1", "guard": "api", "how": "session", "login": True}
    assert client.get("/who", headers=KEY).json() == {
        "id": "1",
        "guard": "key",
        "how": "function",
        "login": False,
    }
    assert CountingUsers.looked_up == before


@pytest.mark.parametrize(
    ("method", "headers", "logged_in", "answer"),
    [
        ("GET", {}, False, (200, None, None)),
        ("GET", {}, True, (200, None, "1")),
        ("GET", KEY, False, (200, None, "1")),
        ("GET", {"X-Api-Key": "wrong"}, True, (401, "credential_rejected", None)),
        ("GET", {"X-Api-Key": ""}, False, (401, "credential_malformed", None)),
        ("GET", {"X-Api-Key": "ghost"}, False, (401, "user_missing", None)),
        ("POST", {}, False, (200, None, None)),
        ("POST", {}, True, (200, None, "1")),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, False, (200, None, None)),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, True, (403, "csrf_cross_site", None)),
    ],
)
def test_an_optional_user_is_a_guest_only_where_nothing_bad_came(
    client: TestClient, method, headers, logged_in, answer
):
    if logged_in:
        log_in(client)
    got = client.request(method, "/guest", headers=headers)
    assert (*said(got), got.json() if got.status_code == 200 else None) == answer


def test_a_guest_whose_account_is_gone_stays_a_guest_on_open_pages():
    users = MemoryUsers([ADA])
    there = fastapi_house(users=users)
    page = FastAPI(routes=desk(there))

    @page.get("/")
    async def index(user: User | None = there.optional("api")) -> str:
        return "guest" if user is None else user.id

    @page.get("/mine")
    async def mine(user: User = there.guard("api")) -> str:
        return user.id

    there.install(page)
    client = log_in(browser(page))
    assert client.get("/").json() == "1"
    users.remove("1")
    assert client.get("/").json() == "guest"
    assert said(client.get("/mine")) == (401, "user_missing")


def test_the_user_of_a_request_is_the_one_who_was_let_in(client: TestClient):
    log_in(client)
    assert client.get("/user-of-the-request", headers={"X-Api-Key": "hopper"}).json() == GRACE.id
    assert client.get("/user-by-default").json() == ADA.id
    assert client.get("/identity-of", headers=KEY).json() == ADA.id
    client.cookies.clear()
    assert said(client.get("/user-by-default")) == (401, "no_credential")


def test_a_step_of_an_area_speaks_after_the_guards(client: TestClient):
    assert client.get("/stepped", headers=KEY).json() == "stepped"
    assert said(client.get("/stepped", headers={**KEY, "X-Grace": "1"})) == (403, "step_refused")
    assert said(client.get("/stepped", headers={"X-Grace": "1"})) == (401, "no_credential")


# -- requires -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/requires/7", 7),
        ("/requires-sync/7", "7 none"),
        ("/requires-sync/7?q=x", "7 x"),
        ("/requires-untyped/seven", "seven"),
        ("/requires/7?guardhouse_connection=evil", 7),
    ],
)
def test_requires_guards_endpoints_with_path_parameters_and_without_a_request(
    client: TestClient, path, answer
):
    assert said(client.get(path)) == (401, "no_credential")
    assert client.get(path, headers=KEY).json() == answer


def test_a_generator_is_no_endpoint_to_wrap():
    async def lines():
        yield "line"

    with pytest.raises(ConfigError, match=r'dependencies=\[house\.require\("api"\)\]'):
        house.requires("api")(lines)


# -- before the body ------------------------------------------------------------------------------------------------

MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/thing", JSON),
        ("/raw", {}),
        ("/form", FORM),
        ("/form", MULTIPART),
        ("/upload", MULTIPART),
        ("/inner-form", FORM),
        ("/routers/thing", JSON),
        ("/routers/inner/upload", MULTIPART),
    ],
)
@pytest.mark.parametrize(
    "credential",
    [{}, {"X-Api-Key": "wrong"}, {"Cookie": "__Host-gh=" + "A" * 43, "Sec-Fetch-Site": "same-origin"}],
)
async def test_five_megabytes_of_a_stranger_are_not_read(path, headers, credential):
    exchange = await call(app, "POST", path, {**headers, **credential}, [MEGABYTE] * 5)
    assert (exchange.status, exchange.reads, exchange.bytes_read) == (401, 0, 0)


@pytest.mark.anyio
@pytest.mark.parametrize(("headers", "status"), [({"Content-Length": str(5 * 2**20)}, 413), ({}, 401)])
async def test_a_limit_of_the_body_reads_nothing_of_a_strangers_either(headers, status):
    limited, there = FastAPI(max_body_size=2**20), fastapi_house()

    @limited.post("/thing", dependencies=[there.require("api")])
    async def endpoint(thing: Annotated[bytes, Body()]) -> int:
        return len(thing)

    there.install(limited)
    exchange = await call(limited, "POST", "/thing", {**JSON, **headers}, [MEGABYTE] * 5)
    assert (exchange.status, exchange.bytes_read) == (status, 0)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "headers", "chunks", "answer"),
    [
        ("/thing", JSON, [b'{"si', b'ze": 7}'], b"7"),
        ("/raw", {}, [MEGABYTE] * 5, b"5242880"),
        ("/form", FORM, [b"na", b"me=ada"], b'"ada"'),
        ("/upload", MULTIPART, [FILE, MEGABYTE, b"\r\n--b--\r\n"], b"1048576"),
        ("/routers/thing", JSON, [b'{"size": 7}'], b"7"),
        ("/routers/inner/upload", MULTIPART, [FILE, MEGABYTE, b"\r\n--b--\r\n"], b"1048576"),
    ],
)
async def test_whoever_is_let_in_hands_in_the_whole_body(path, headers, chunks, answer):
    exchange = await call(app, "POST", path, {**headers, **KEY}, chunks)
    assert (exchange.status, exchange.body) == (200, answer)


@pytest.mark.parametrize("body", [b"{bad", b"[1]", b"", b'{"size": "many"}', b"\xff"])
@pytest.mark.parametrize("path", ["/thing", "/routers/thing"])
def test_a_stranger_learns_nothing_about_his_body(client: TestClient, path, body):
    assert said(client.post(path, content=body, headers=JSON)) == (401, "no_credential")
    assert client.post(path, content=body, headers={**JSON, **KEY}).status_code in (400, 422)


def test_a_stranger_learns_nothing_about_his_path_and_query(client: TestClient):
    assert said(client.get("/twice/not-a-number")) == (401, "no_credential")
    assert client.get("/twice/not-a-number", headers=KEY).status_code == 422


# -- how often ------------------------------------------------------------------------------------------------------


def test_however_many_ask_a_user_is_looked_up_once(client: TestClient, monkeypatch):
    asked: list[str] = []
    fetch = type(house.guards["key"]).fetch

    async def counted(guard: Any, claim: Any, supply: Any) -> Any:
        asked.append(claim)
        return await fetch(guard, claim, supply)

    monkeypatch.setattr(type(house.guards["key"]), "fetch", counted)
    before = CountingUsers.looked_up
    assert client.get("/twice/1", headers=KEY).json() == ["1", "1", "1", "1"]
    assert (asked, CountingUsers.looked_up - before) == (["sesame"], 1)


def test_the_same_question_is_the_same_dependency():
    assert house.guard("api", "key") is house.guard("api", "key")
    assert house.guard() is house.guard("web")
    assert house.guard("api") is not house.optional("api")
    assert repr(house.guard("api", "key")) == "house.guard('api,key')"


def test_tests_may_put_somebody_in_the_place_of_the_guard(client: TestClient):
    app.dependency_overrides[house.guard("api", "key")] = lambda: GRACE
    try:
        assert client.get("/me").json()["id"] == GRACE.id
        assert client.post("/thing", json={"size": 3}).json() == 3
        assert said(client.get("/who")) == (401, "no_credential")
    finally:
        app.dependency_overrides.clear()
    assert said(client.get("/me")) == (401, "no_credential")


def test_users_that_cannot_be_looked_up_are_no_guests(client: TestClient):
    log_in(client)
    CountingUsers.away = True
    try:
        for path in ("/me", "/guest", "/user-by-default"):
            answer = client.get(path)
            assert said(answer) == (503, "store_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert "set-cookie" not in answer.headers
        assert client.get("/who").status_code == 200
    finally:
        CountingUsers.away = False
    assert client.get("/me").status_code == 200


# -- websockets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "logged_in", "headers", "answer"),
    [
        ("/socket", False, {"Origin": ORIGIN}, (401, "no_credential")),
        ("/socket", True, {}, (403, "websocket_origin")),
        ("/socket", True, {"Origin": "https://evil.example"}, (403, "websocket_origin")),
        ("/socket", True, {"Origin": "null"}, (403, "websocket_origin")),
        ("/socket", True, {"Sec-Fetch-Site": "same-origin"}, (403, "websocket_origin")),
        ("/socket", False, {"X-Api-Key": "wrong"}, (401, "credential_rejected")),
        ("/requires-socket", False, {"Origin": ORIGIN}, (401, "no_credential")),
        ("/routers/inner/socket", False, {"Origin": ORIGIN}, (401, "no_credential")),
        ("/routers/inner/socket", True, {}, (403, "websocket_origin")),
    ],
)
def test_a_websocket_is_refused_before_it_is_accepted(client: TestClient, path, logged_in, headers, answer):
    if logged_in:
        log_in(client)
    url = f"wss://testserver{path}"
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(url, headers=headers):
        pass
    assert said(denied.value) == answer
    assert denied.value.json()["code"] == answer[1]


@pytest.mark.parametrize(("headers", "logged_in"), [({"Origin": ORIGIN}, True), (KEY, False)])
@pytest.mark.parametrize("path", ["/socket", "/requires-socket", "/routers/inner/socket"])
def test_a_websocket_of_a_known_visitor_opens(client: TestClient, path, headers, logged_in):
    if logged_in:
        log_in(client)
    with client.websocket_connect(f"wss://testserver{path}", headers=headers):
        pass


# -- several houses -------------------------------------------------------------------------------------------------


def test_two_houses_on_one_application_answer_each_for_itself():
    shop = fastapi_house(login_url="/shop/login")
    office = fastapi_house(
        secret=OTHER_SECRET,
        users=MemoryUsers([GRACE]),
        guards={"web": SessionGuard()},
        login_url="/office/login",
    )
    both = FastAPI(routes=desk(shop))

    @both.get("/shop", dependencies=[shop.require("web")])
    @both.get("/both", dependencies=[shop.require("web"), office.require("web")])
    async def in_the_shop(request: Request) -> str:
        return (await shop.user(request)).id

    @both.get("/office", dependencies=[office.require("web")])
    async def in_the_office(request: Request) -> str:
        return (await office.user(request)).id

    shop.install(both)
    office.install(both)
    client = browser(both)
    page = {"Sec-Fetch-Mode": "navigate"}
    assert client.get("/shop", headers=page).headers["location"] == "/shop/login?next=/shop"
    assert client.get("/office", headers=page).headers["location"] == "/office/login?next=/office"
    log_in(client)
    assert client.get("/shop").json() == ADA.id
    assert said(client.get("/office")) == (401, "session_ended")
    assert client.get("/both", headers=page).headers["location"] == "/office/login?next=/both"


def test_a_mounted_application_may_have_a_house_of_its_own():
    outer_house = fastapi_house()
    below_house = fastapi_house(users=MemoryUsers([GRACE]), guards={"key": house.guards["key"]})
    outer, below = FastAPI(routes=desk(outer_house)), FastAPI()

    @below.get("/theirs")
    async def theirs(me: User = below_house.guard("key")) -> str:
        return me.id

    @below.get("/ours")
    async def ours(me: User = outer_house.guard("web")) -> str:
        return me.id

    below_house.install(below)
    outer.mount("/below", below)
    outer_house.install(outer)
    with browser(outer) as client:
        assert said(client.get("/below/theirs")) == (401, "no_credential")
        assert said(client.get("/below/ours")) == (401, "no_credential")
        assert client.get("/below/theirs", headers={"X-Api-Key": "hopper"}).json() == GRACE.id
        assert log_in(client).get("/below/ours").json() == ADA.id
        assert set(client.get("/below/ours").headers["vary"].split(", ")) == {"Cookie"}


def test_a_house_is_installed_once_and_takes_no_listener_afterwards():
    with pytest.raises(ConfigError, match="a second time"):
        house.install(app)
    with pytest.raises(ConfigError, match=r"before house\.install"):
        house.listen(Exception, print)  # type: ignore[arg-type]


# -- interleaved ----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_thousand_interleaved_requests_never_mix():
    people = [User(id=str(number), email=f"{number}@example.com") for number in range(50)]
    busy = fastapi_house(users=MemoryUsers(people))
    city = FastAPI()
    dice = random.Random(7)

    @city.post("/in/{number}")
    async def come_in(number: str, request: Request) -> None:
        await busy.auth(request).login(people[int(number)])

    @city.get("/mine")
    async def mine(request: Request, me: User = busy.guard("api")) -> list[str]:
        await asyncio.sleep(dice.random() / 200)
        session = await busy.session(request)
        seen = session.get("me", me.id)
        session["me"] = me.id
        await asyncio.sleep(dice.random() / 200)
        return [me.id, seen, (await busy.user(request)).id, (await busy.identity_of(request)).user_id]

    busy.install(city)

    async def cookie_of(user: User) -> str:
        login = await call(city, "POST", f"/in/{user.id}", {"Sec-Fetch-Site": "same-origin"})
        return login.headers["set-cookie"].split(";")[0]

    cookies = [await cookie_of(user) for user in people]

    async def ask(number: int) -> tuple[bytes, str]:
        await asyncio.sleep(dice.random() / 100)
        exchange = await call(city, "GET", "/mine", {"Cookie": cookies[number % 50]})
        return exchange.body, str(number % 50)

    for body, expected in await asyncio.gather(*map(ask, range(1000))):
        assert body == f'["{expected}","{expected}","{expected}","{expected}"]'.encode()


# -- OpenAPI --------------------------------------------------------------------------------------------------------

SESSION_SCHEME = {"type": "apiKey", "in": "cookie", "name": "__Host-gh"}
KEY_SCHEME = {"type": "apiKey", "in": "header", "name": "x-api-key"}


def operation(schema: dict[str, Any], path: str, method: str = "get") -> dict[str, Any]:
    found: dict[str, Any] = schema["paths"][path][method]
    return found


def codes(schema: dict[str, Any], path: str, method: str, status: str) -> list[str]:
    answer = operation(schema, path, method)["responses"][status]["content"]["application/problem+json"]
    found: list[str] = answer["schema"]["allOf"][1]["properties"]["code"]["enum"]
    return found


@pytest.mark.parametrize(
    ("path", "method", "security"),
    [
        ("/me", "get", [{"key": []}, {"session": []}]),
        ("/staff", "get", [{"session": []}]),
        ("/guest", "get", [{}, {"key": []}, {"session": []}]),
        ("/routers/thing", "post", [{"key": []}, {"session": []}]),
        ("/routers/inner/upload", "post", [{"key": []}, {"session": []}]),
        ("/requires/{number}", "get", [{"key": []}, {"session": []}]),
        ("/twice/{number}", "get", [{"key": []}, {"key": [], "session": []}]),
        ("/stepped", "get", [{"key": []}]),
        ("/user-by-default", "get", None),
    ],
)
def test_openapi_lists_the_schemes_of_each_operation(path, method, security):
    listed = operation(app.openapi(), path, method).get("security")
    assert (listed and sorted(listed, key=sorted)) == (security and sorted(security, key=sorted))


def test_openapi_describes_the_schemes():
    assert app.openapi()["components"]["securitySchemes"] == {"session": SESSION_SCHEME, "key": KEY_SCHEME}


def test_openapi_shows_a_token_beside_the_session_on_the_operation_that_takes_both():
    built = FastAPI()
    there = fastapi_house(
        guards={"web": SessionGuard(), "token": FunctionGuard(scheme="Bearer", find=find_key)}
    )
    built.add_api_route("/both", lambda: "both", dependencies=[there.require("web", "token")])
    built.add_api_route("/page", lambda: "page", dependencies=[there.require("web")])
    there.install(built)
    schema = built.openapi()
    assert schema["components"]["securitySchemes"] == {
        "session": SESSION_SCHEME,
        "token": {"type": "http", "scheme": "bearer"},
    }
    assert operation(schema, "/both")["security"] == [{"token": []}, {"session": []}]
    assert operation(schema, "/page")["security"] == [{"session": []}]


def test_openapi_tells_the_refusals_that_can_happen_and_no_others():
    schema = app.openapi()
    assert "403" not in operation(schema, "/me")["responses"]
    assert "401" not in operation(schema, "/user-by-default")["responses"]
    assert {"csrf_cross_site", "csrf_token_missing"} <= set(codes(schema, "/thing", "post", "403"))
    assert "websocket_origin" not in codes(schema, "/thing", "post", "403")
    assert {"no_credential", "session_ended", "credential_rejected"} <= set(
        codes(schema, "/me", "get", "401")
    )
    assert "credential_rejected" not in codes(schema, "/staff", "get", "401")
    assert "session_ended" not in codes(schema, "/stepped", "get", "401")
    assert not {"session_expired", "hosts_mixed"} & set(codes(schema, "/me", "get", "401")), "nobody is told"
    assert codes(schema, "/stepped", "get", "403") == ["step_refused"]


def test_openapi_is_the_same_when_asked_twice():
    first = app.openapi()
    text = str(first)
    assert app.openapi() is first
    assert str(app.openapi()) == text
    app.openapi_schema = None
    assert str(app.openapi()) == text


def test_openapi_demands_other_schemes_of_the_application_too():
    mixed, ours, theirs = FastAPI(), fastapi_house(), fastapi_house(guards={"key": house.guards["key"]})

    @mixed.get("/native", dependencies=[ours.require("api")])
    async def native(
        header: Annotated[str, Depends(APIKeyHeader(name="x-other", scheme_name="other"))],
    ) -> str:
        return header

    @mixed.get(
        "/both",
        dependencies=[ours.require("api"), theirs.require("key")],
        responses={401: {"description": "mine"}},
    )
    async def both() -> None: ...

    ours.install(mixed)
    theirs.install(mixed)
    schema = mixed.openapi()
    assert operation(schema, "/native")["security"] == [{"other": [], "session": []}]
    assert operation(schema, "/both")["security"] == [{"session": [], "key": []}]
    assert operation(schema, "/both")["responses"]["401"]["description"] == "mine"


def test_openapi_keeps_guards_of_one_name_apart():
    mixed, ours = FastAPI(), fastapi_house()
    theirs = fastapi_house(guards={"key": FunctionGuard(header="X-Other-Key", find=find_key)})
    mixed.add_api_route("/both", lambda: "both", dependencies=[ours.require("key"), theirs.require("key")])
    for there in (ours, theirs):
        there.install(mixed)
    schema = mixed.openapi()
    names = [scheme["name"] for scheme in schema["components"]["securitySchemes"].values()]
    assert (names, len(operation(schema, "/both")["security"][0])) == (["x-api-key", "x-other-key"], 2)


def test_openapi_of_a_mounted_application_does_not_colour_the_outer_one():
    outer, below, there = FastAPI(), FastAPI(), fastapi_house()
    outer.add_api_route("/me", lambda: "open")
    below.add_api_route("/me", lambda: "mine", dependencies=[there.require("api")])
    outer.mount("/below", below)
    there.install(outer)
    assert "security" not in operation(outer.openapi(), "/me")


def test_swagger_can_log_in_and_call(client: TestClient):
    assert client.get("/docs").status_code == 200
    log_in(client)
    sent_by_swagger = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", "Referer": f"{ORIGIN}/docs"}
    assert client.post("/thing", json={"size": 1}, headers=sent_by_swagger).json() == 1


def test_an_endpoint_may_return_a_response_of_its_own():
    own, there = FastAPI(), fastapi_house()

    @own.get("/text", response_class=PlainTextResponse)
    async def text(me: User = there.guard("key")) -> PlainTextResponse:
        return PlainTextResponse(me.id, headers={"Vary": "Accept-Encoding"})

    there.install(own)
    answer = browser(own).get("/text", headers=KEY)
    assert (answer.text, answer.headers["vary"]) == ("1", "Accept-Encoding, X-Api-Key")
