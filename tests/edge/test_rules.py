"""Rules at real routes: in a stack, in a dependency, in a handler; what each answers, and what the answer gives away."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from guardhouse import Area, ConfigError, MemoryUsers, SessionGuard, StoreError, User
from guardhouse.core import events
from guardhouse.core.rule import Denied
from guardhouse.core.verdict import Client
from guardhouse.steps.can import Can, read_can, unbound, unbound_error
from tests.house.test_stacks import PrefixGuard, bearer
from tests.houses import (
    ADA,
    GRACE,
    NAVIGATION,
    ORIGIN,
    PAGE,
    browser,
    desk,
    fastapi_house,
    log_in,
    said,
    starlette_house,
)


@dataclass
class Post:
    id: int
    author: str
    draft: bool = False
    text: str = "not to be told"

    def __repr__(self) -> str:
        raise AssertionError("nobody shows a post")


POSTS = {1: Post(1, ADA.id), 2: Post(2, GRACE.id), 3: Post(3, GRACE.id, draft=True)}


class PostPolicy:
    def view(self, user: User | None, post: Post) -> Denied | bool:
        mine = user is not None and user.id == post.author
        return mine or not post.draft or Denied("A draft is its author's.", hidden=True)

    async def update(self, user: User, post: Post) -> Denied | bool:
        if post.draft and post.author != user.id:
            return Denied("A draft is its author's.", "draft", hidden=True)
        return post.author == user.id or Denied("Only the author may.", "not_author")

    def create(self, user: User) -> bool:
        return user.id == ADA.id

    def name(self, user: User, post: Post, word: str) -> bool:
        return word == "draft"


def by_number(number: int) -> Post | None:
    return POSTS.get(number)


def broken(user: User) -> bool:
    raise ZeroDivisionError("a rule that breaks")


def away(user: User) -> bool:
    raise StoreError("the database of the rule")


def ruled(house: Any) -> Any:
    house.rules.policy(Post, PostPolicy())
    house.rules.bind("post", by_number)
    house.rules.define("view-admin", lambda user: user.id == ADA.id or "Only for Ada.")
    house.rules.define("broken", broken)
    house.rules.define("away", away)
    house.rules.define("for-users", lambda user: True)
    house.rules.define("for-all", lambda user: isinstance(user, Client) or user.id == ADA.id, clients=True)
    return house


GUARDS = {"web": SessionGuard(), "machine": PrefixGuard("m-", program=True)}
AREAS = {"jobs": Area(guards=("machine", "web"), clients=True)}


def starlette(**changes: Any) -> Any:
    return ruled(starlette_house(**({"guards": GUARDS, "areas": AREAS} | changes)))


def fastapi(**changes: Any) -> Any:
    return ruled(fastapi_house(**({"guards": GUARDS, "areas": AREAS} | changes)))


async def fine(request: Request) -> JSONResponse:
    return JSONResponse("fine")


def client_at(house: Any, path: str, *asked: Any, methods: tuple[str, ...] = ("GET",)) -> TestClient:
    """A browser at an application with one route, behind a stack."""
    route = Route(path, fine, methods=list(methods), middleware=[house.layer(*asked)])
    app = Starlette(routes=[route, *desk(house)])
    house.install(app)
    return browser(app, raise_server_exceptions=False)


# -- in a stack -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "path", "answer"),
    [
        pytest.param(None, "/posts/1", (401, "no_credential"), id="nobody"),
        pytest.param(None, "/posts/99", (401, "no_credential"), id="nobody learns what exists"),
        pytest.param(ADA, "/posts/1", (200, None), id="the author"),
        pytest.param(ADA, "/posts/2", (403, "rule_denied"), id="another's"),
        pytest.param(ADA, "/posts/3", (404, "rule_hidden"), id="another's draft"),
        pytest.param(ADA, "/posts/99", (404, "rule_hidden"), id="what is not there"),
        pytest.param(ADA, "/posts/x", (404, "rule_hidden"), id="what cannot be"),
        pytest.param(GRACE, "/posts/3", (200, None), id="its author"),
    ],
)
@pytest.mark.parametrize("asked", ["can:update,post", Can("update", "post")], ids=["text", "typed"])
def test_a_rule_in_a_stack(asked, user, path, answer):
    client = client_at(starlette(), "/posts/{post}", "web", asked, methods=("POST",))
    if user is not None:
        log_in(client, user)
    assert said(client.post(path)) == answer


def test_what_is_hidden_cannot_be_told_from_what_is_not_there():
    client = log_in(client_at(starlette(), "/posts/{post}", "web", "can:update,post"))
    hidden, missing = client.get("/posts/3"), client.get("/posts/99")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content
    assert hidden.headers == missing.headers


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        pytest.param("can:view-admin", (200, 403), id="without arguments"),
        pytest.param(Can("view_admin"), (200, 403), id="an underscore"),
        pytest.param(Can("create", Post), (200, 403), id="a class"),
        pytest.param(f"can:create,{Post.__module__}.Post", (200, 403), id="a class by its path"),
        pytest.param("can:name,post,'draft'", (200, 200), id="a literal text"),
        pytest.param("can:name,post,'a, b'", (403, 403), id="a literal text with a comma"),
    ],
)
def test_what_a_rule_may_be_asked_about(asked, answers):
    found = [
        log_in(client_at(starlette(), "/posts/{post}", "web", asked), user).get("/posts/1").status_code
        for user in (ADA, GRACE)
    ]
    assert tuple(found) == answers


def test_a_denied_rule_explains_itself_in_development():
    client = log_in(
        client_at(starlette(explain="full", debug=True), "/posts/{post}", "web", "can:update,post")
    )
    told = client.get("/posts/2").json()
    assert told["code"] == "rule_denied"
    assert told["detail"] == "can:update,post: A rule of the application says no."
    assert told["evidence"] == {
        "step": "can:update,post",
        "rule": "update",
        "said_by": "PostPolicy.update",
        "message": "Only the author may.",
        "about": ["Post 2"],
        "rule_code": "not_author",
        "asked": ["PostPolicy.update: no, Only the author may."],
    }
    assert told["trace"][-1]["evidence"] == told["evidence"]


def test_in_production_it_says_the_code_alone():
    client = log_in(client_at(starlette(), "/posts/{post}", "web", "can:update,post"))
    told = client.get("/posts/2")
    assert told.json() == {
        "type": "urn:guardhouse:reason:rule_denied",
        "title": "A rule of the application says no.",
        "status": 403,
        "detail": "A rule of the application says no.",
        "code": "rule_denied",
    }
    assert "author" not in told.text


def test_the_listeners_hear_what_the_rule_said():
    heard: list[events.Refused] = []
    house = starlette()
    house.listen(events.Refused, heard.append)
    client = log_in(client_at(house, "/posts/{post}", "web", "can:update,post"))
    client.get("/posts/2")
    (event,) = heard
    assert (event.code, event.status, event.evidence["message"]) == (
        "rule_denied",
        403,
        "Only the author may.",
    )


@pytest.mark.parametrize(
    ("path", "asked", "found"),
    [
        ("/posts/{post:int}", "can:update,psot", "Did you mean 'post'"),
        ("/posts", "can:update,post", "no parameters"),
        ("/posts/{post}", "can:updaet,post", "Did you mean 'update'"),
        ("/posts/{post}", "can:veiw-admin", "Did you mean 'view-admin'"),
    ],
)
def test_a_stack_that_cannot_ask_stops_the_start(path, asked, found):
    house = starlette()
    app = Starlette(routes=[Route(path, fine, middleware=[house.layer("web", asked)]), *desk(house)])
    house.install(app)
    with pytest.raises(ConfigError, match=found) as raised:
        house.check(app)
    assert raised.value.key.startswith(f"route {path} (")
    assert raised.value.key.endswith(f", {asked}")


def test_a_dependency_that_nobody_answers_stops_the_start():
    house = fastapi()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/posts/{post_id}")  # noqa: FAST003 - load_post takes it
    async def view(post: Annotated[Post, house.authorized("veiw", load_post, "web")]) -> int:
        return post.id

    house.install(app)
    with pytest.raises(ConfigError, match="Did you mean 'view'"):
        house.check(app)


def test_another_house_answers_for_its_own_rules():
    house, other = starlette(), starlette_house()
    inner = Starlette(routes=[Route("/", fine, middleware=[other.layer("web", "can:read")])])
    other.install(inner)
    app = Starlette(routes=[Mount("/inner", inner), *desk(house)])
    house.install(app)
    house.check(app)
    with pytest.raises(ConfigError, match="Nobody answers"):
        other.check(inner)


def test_a_parameter_may_come_from_a_host():
    house = starlette()
    inner = Router([Route("/", fine, middleware=[house.layer("web", "can:update,post")])])
    app = Starlette(routes=[Host("{post}.testserver", inner), *desk(house)])
    house.install(app)
    house.check(app)


@pytest.mark.parametrize(
    ("path", "asked", "found"),
    [
        ("/posts/{id}", "can:update,id", "no policy for str"),
        ("/posts/{id}", "can:create,shop.Post", "shop.Post"),
    ],
)
def test_a_stack_that_cannot_ask_is_an_error_that_says_so(path, asked, found):
    house = starlette()
    app = Starlette(routes=[Route(path, fine, middleware=[house.layer("web", asked)]), *desk(house)])
    house.install(app)
    client = log_in(browser(app))
    with pytest.raises(ConfigError, match=found):
        client.get("/posts/1")


def test_a_layer_before_any_route_knows_no_parameter():
    house = starlette()
    layer = house.layer("jobs", "can:for-all,post")
    app = Starlette(routes=[Route("/posts/{post}", fine)], middleware=[layer])
    house.install(app)
    with pytest.raises(ConfigError, match="no parameters"):
        browser(app).get("/posts/1", headers=bearer("m-job"))


@pytest.mark.parametrize(
    ("rule", "status", "code"), [("broken", 500, None), ("away", 503, "store_unavailable")]
)
def test_a_rule_that_breaks_grants_nothing(rule, status, code):
    client = log_in(client_at(starlette(), "/", "web", f"can:{rule}"))
    assert said(client.get("/")) == (status, code)


@pytest.mark.parametrize(
    ("asked", "headers", "answer"),
    [
        ("can:for-users", bearer("m-job"), (403, "rule_denied")),
        ("can:for-all", bearer("m-job"), (200, None)),
        ("can:for-users", {}, (200, None)),
    ],
)
def test_a_program_is_judged_only_by_rules_for_programs(asked, headers, answer):
    client = log_in(client_at(starlette(), "/", "jobs", asked))
    assert said(client.get("/", headers=headers)) == answer


def test_a_user_who_is_gone_is_asked_to_log_in():
    users = MemoryUsers([ADA, GRACE])
    client = log_in(client_at(starlette(users=users), "/", "web", "can:view-admin"))
    users.remove(ADA.id)
    assert said(client.get("/")) == (401, "user_missing")


def test_a_head_request_is_judged_as_a_get_is():
    client = log_in(client_at(starlette(), "/posts/{post}", "web", "can:update,post"))
    assert said(client.head("/posts/1")) == (200, None)
    assert said(client.head("/posts/2")) == (403, "rule_denied")


def test_a_person_at_a_browser_window_gets_a_page():
    client = log_in(client_at(starlette(), "/posts/{post}", "web", "can:update,post"))
    page = client.get("/posts/2", headers=NAVIGATION)
    assert said(page) == (403, "rule_denied")
    assert page.headers["content-type"].startswith("text/html")


def test_a_rule_stands_on_a_router_of_fastapi_too():
    house = fastapi()
    router = APIRouter(dependencies=[house.require("web", "can:update,post")])

    @router.get("/posts/{post}")
    async def show(post: int) -> int:
        return post

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.include_router(router)
    client = fastapi_client(house, app)
    log_in(client)
    assert [said(client.get(f"/posts/{number}")) for number in (1, 2, 3)] == [
        (200, None),
        (403, "rule_denied"),
        (404, "rule_hidden"),
    ]


def test_another_thing_under_the_same_name_is_another_question():
    """A stack on a mount and on a route below it, and a parameter that the route takes over."""
    house = starlette()
    layer = house.layer("web", "can:update,post")
    inner = Route("/{post}", fine, middleware=[layer])
    app = Starlette(routes=[Mount("/of/{post}", routes=[inner], middleware=[layer]), *desk(house)])
    house.install(app)
    client = log_in(browser(app))
    assert said(client.get("/of/1/1")) == (200, None)
    assert said(client.get("/of/1/2")) == (403, "rule_denied")
    assert said(client.get("/of/2/1")) == (403, "rule_denied")


# -- a WebSocket ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "answer"), [(1, None), (2, (403, "rule_denied")), (3, (404, "rule_hidden"))]
)
def test_a_rule_stands_before_a_websocket(number, answer):
    house = starlette()

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("fine")
        await socket.close()

    route = WebSocketRoute("/posts/{post}", talk, middleware=[house.layer("web", "can:update,post")])
    app = Starlette(routes=[route, *desk(house)])
    house.install(app)
    client = log_in(browser(app))
    url = f"wss://testserver/posts/{number}"
    if answer is None:
        with client.websocket_connect(url, headers={"Origin": ORIGIN}) as socket:
            assert socket.receive_text() == "fine"
        return
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect(url, headers={"Origin": ORIGIN}),
    ):
        pass
    assert said(refused.value) == answer


# -- Can by itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "can", "name"),
    [
        ("admin", Can("admin"), "can:admin"),
        ("update,post", Can("update", "post"), "can:update,post"),
        (" update , post ", Can("update", "post"), "can:update,post"),
        ("update,'draft'", Can("update", "'draft'"), "can:update,'draft'"),
        ('update,"it\'s"', Can("update", '"it\'s"'), 'can:update,"it\'s"'),
        ("update,'a, b',post", Can("update", "'a, b'", "post"), "can:update,'a, b',post"),
        ("posts:update,post", Can("posts:update", "post"), "can:posts:update,post"),
        ("create,shop.Post", Can("create", "shop.Post"), "can:create,shop.Post"),
    ],
)
def test_the_alias_is_read(parameters, can, name):
    assert read_can(parameters) == can
    assert can.name == name
    assert hash(read_can(parameters)) == hash(can)
    assert [step.name for step in can.steps()] == [name]
    assert can.steps() == read_can(parameters).steps()


@pytest.mark.parametrize(
    "parameters", ["", "update,", "update,post id", "update,'draft", "update,'", "update,a..b", ",post"]
)
def test_what_cannot_be_read_is_an_error(parameters):
    with pytest.raises(ConfigError):
        read_can(parameters)


@pytest.mark.parametrize("argument", [POSTS[1], 3, None])
def test_a_step_asks_about_no_thing_of_its_own(argument):
    with pytest.raises(ConfigError, match="path parameter"):
        Can("update", argument)


def test_a_class_is_named_by_its_name():
    assert Can("create", Post).name == "can:create,Post"


def test_what_a_route_does_not_have_is_known_beforehand():
    can = read_can("name,post,'draft',shop.Post,team")
    assert unbound(can, {"post": "1"}) == ("team",)
    assert unbound(can, ["team", "post"]) == ()
    assert unbound_error(can, "team", ["post", "teem"]).nearest == "teem"


# -- a dependency of FastAPI ----------------------------------------------------------------------------------------


async def load_post(post_id: int) -> Post | None:
    return POSTS.get(post_id)


def load_strictly(post_id: int) -> Post:
    if post_id not in POSTS:
        raise HTTPException(404, "not here")
    return POSTS[post_id]


def fastapi_client(house: Any, app: FastAPI) -> TestClient:
    @app.post("/login")
    @house.public
    async def login(request: Request, credentials: dict[str, str]) -> bool:
        return bool(await house.auth(request).attempt(credentials))

    house.install(app, public=["/openapi.json"] if app.openapi_url else [])
    return browser(app, raise_server_exceptions=False)


def dependent(
    load: Any = load_post, path: str = "/posts/{post_id}", house: Any = None, **options: Any
) -> TestClient:
    house = house or fastapi()
    app = FastAPI(docs_url=None, redoc_url=None)
    asked = options.pop("asked", ("web",))

    @app.put(path)
    async def update(
        post: Annotated[Post, house.authorized("update", load, *asked, **options)], change: dict[str, int]
    ) -> int:
        return post.id

    @app.get(path)
    async def view(post: Annotated[Post, house.authorized("view", load, *asked, **options)]) -> int:
        return post.id

    return fastapi_client(house, app)


@pytest.mark.parametrize(
    ("load", "path"),
    [
        pytest.param(load_post, "/posts/{post_id}", id="a dependency"),
        pytest.param(Depends(load_post), "/posts/{post_id}", id="marked as one"),
        pytest.param("post", "/posts/{post}", id="a bound parameter"),
    ],
)
@pytest.mark.parametrize(
    ("user", "number", "answer"),
    [
        (None, "1", (401, "no_credential")),
        (None, "99", (401, "no_credential")),
        (None, "x", (401, "no_credential")),
        (ADA, "1", (200, None)),
        (ADA, "2", (403, "rule_denied")),
        (ADA, "3", (404, "rule_hidden")),
        (ADA, "99", (404, "rule_hidden")),
        (GRACE, "3", (200, None)),
    ],
)
def test_a_thing_comes_to_an_endpoint_if_a_rule_lets_it(load, path, user, number, answer):
    client = dependent(load, path)
    if user is not None:
        log_in(client, user)
    found = client.put(f"/posts/{number}", json={})
    assert said(found) == answer
    if answer == (200, None):
        assert found.json() == int(number)


def test_who_is_not_let_in_has_no_body_read():
    client = dependent()
    assert said(client.put("/posts/1", content=b"{not even JSON")) == (401, "no_credential")


def test_what_a_dependency_raises_is_raised():
    client = log_in(dependent(load_strictly))
    assert client.put("/posts/99", json={}).json() == {"detail": "not here"}
    assert client.put("/posts/x", json={}).status_code == 422


@pytest.mark.parametrize(
    ("verb", "number", "answer"),
    [
        ("get", 1, (200, None)),
        ("get", 3, (404, "rule_hidden")),
        ("get", 99, (404, "rule_hidden")),
        ("put", 1, (401, "no_credential")),
    ],
)
def test_guests_may_be_asked_about(verb, number, answer):
    body: dict[str, int] | None = {} if verb == "put" else None
    assert said(dependent(guests=True).request(verb, f"/posts/{number}", json=body)) == answer


def test_the_refusal_of_a_dependency_explains_itself():
    client = log_in(dependent(house=fastapi(explain="full", debug=True)))
    told = client.put("/posts/2", json={}).json()
    assert told["evidence"]["said_by"] == "PostPolicy.update"
    assert [line["by"] for line in told["trace"]] == ["origin", "web", "rule update"]
    assert told["stack"] == "web"


def test_a_guest_is_told_what_the_rule_said_and_to_log_in():
    client = dependent(house=fastapi(explain="full", debug=True), guests=True)
    told = client.put("/posts/1", json={}).json()
    assert told["code"] == "no_credential"
    assert told["trace"][-1]["evidence"]["message"] == "nobody is logged in, and this rule is for users"


@pytest.mark.parametrize(
    ("headers", "answer"),
    [(bearer("m-job"), (403, "rule_denied")), ({}, (200, None))],
)
def test_a_program_reaches_a_thing_only_by_rules_for_programs(headers, answer):
    client = log_in(dependent(asked=("jobs",)))
    assert said(client.put("/posts/1", json={}, headers=headers)) == answer


def test_who_asks_can_be_replaced_in_tests():
    house = fastapi()
    client = dependent(house=house)
    app: Any = client.app
    app.dependency_overrides[house.guard("web")] = lambda: GRACE
    assert said(client.put("/posts/2", json={})) == (200, None)
    assert said(client.put("/posts/1", json={})) == (403, "rule_denied")


def test_a_rule_is_asked_for_each_parameter_and_the_thing_loaded_once():
    loaded: list[int] = []

    def load(post_id: int) -> Post:
        loaded.append(post_id)
        return POSTS[post_id]

    house = fastapi()
    asked: list[str] = []
    house.rules.before(lambda user, ability: asked.append(ability))
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.get("/posts/{post_id}")  # noqa: FAST003 - the dependency takes it
    async def both(
        seen: Annotated[Post, house.authorized("view", load, "web")],
        mine: Annotated[Post, house.authorized("update", load, "web")],
        user: Annotated[User, house.guard("web")],
    ) -> bool:
        return seen is mine

    client = log_in(fastapi_client(house, app))
    assert client.get("/posts/1").json() is True
    assert (asked, loaded) == (["view", "update"], [1])


def test_openapi_tells_of_the_rule_and_of_the_parameter():
    for load, path, name in ((load_post, "/posts/{post_id}", "post_id"), ("post", "/posts/{post}", "post")):
        schema = dependent(load, path).get("/openapi.json").json()
        operation = schema["paths"][path]["put"]
        assert operation["security"] == [{"session": []}]
        assert [parameter["name"] for parameter in operation["parameters"]] == [name]
        codes = {
            status: answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"][
                "enum"
            ]
            for status, answer in operation["responses"].items()
            if "application/problem+json" in answer["content"]
        }
        assert "rule_denied" in codes["403"]
        assert codes["404"] == ["rule_hidden"]


def test_a_dependency_guards_a_websocket():
    house = fastapi()
    app = FastAPI(docs_url=None, redoc_url=None)

    @app.websocket("/posts/{post_id}")
    async def talk(
        socket: WebSocket, post: Annotated[Post, house.authorized("update", load_post, "web")]
    ) -> None:
        await socket.accept()
        await socket.send_text(str(post.id))
        await socket.close()

    client = log_in(fastapi_client(house, app))
    with client.websocket_connect("wss://testserver/posts/1", headers={"Origin": ORIGIN}) as socket:
        assert socket.receive_text() == "1"
    for number, answer in ((2, (403, "rule_denied")), (3, (404, "rule_hidden"))):
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            client.websocket_connect(f"wss://testserver/posts/{number}", headers={"Origin": ORIGIN}),
        ):
            pass
        assert said(refused.value) == answer


def test_what_no_path_can_hold_is_an_error():
    with pytest.raises(ConfigError, match="path parameter"):
        fastapi().authorized("update", "the post", "web")


def test_a_dependency_says_what_it_is():
    assert repr(fastapi().authorized("update", load_post, "web").dependency) == "house.authorized('update')"


# -- in a handler ---------------------------------------------------------------------------------------------------


def handled(house: Any, *, public: bool = False) -> TestClient:
    async def show(request: Request) -> JSONResponse:
        post = POSTS[request.path_params["number"]]
        await house.authorize(request, "view", post)
        return JSONResponse({"id": post.id, "mine": await house.can(request, "update", post)})

    async def change(request: Request) -> JSONResponse:
        granted = await house.authorize(request, "update", POSTS[request.path_params["number"]])
        return JSONResponse(granted.by)

    async def by_hand(request: Request) -> JSONResponse:
        await house.rules.authorize(await house.user(request), "view-admin")
        return JSONResponse("fine")

    guard = house.public if public else house.requires("web")
    routes = [
        Route("/posts/{number:int}", guard(show)),
        Route("/posts/{number:int}", guard(change), methods=["PUT"]),
        Route("/by-hand", guard(by_hand)),
        *desk(house),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return browser(app)


def test_a_handler_asks_about_whoever_was_let_in():
    client = log_in(handled(starlette()))
    assert client.get("/posts/1").json() == {"id": 1, "mine": True}
    assert client.get("/posts/2").json() == {"id": 2, "mine": False}
    assert said(client.get("/posts/3")) == (404, "rule_hidden")
    assert client.put("/posts/1").json() == "PostPolicy.update"
    assert said(client.put("/posts/2")) == (403, "rule_denied")


def test_a_handler_of_an_open_route_asks_about_guests():
    client = handled(starlette(login_url="/login"), public=True)
    assert client.get("/posts/1").json() == {"id": 1, "mine": False}
    assert said(client.get("/posts/3")) == (404, "rule_hidden")
    assert said(client.put("/posts/1")) == (401, "no_credential")
    log_in(client)
    assert client.put("/posts/1").json() == "PostPolicy.update"


def test_a_person_who_is_nobody_is_led_to_the_login():
    async def change(request: Request) -> JSONResponse:
        await house.authorize(request, "update", POSTS[1])
        return JSONResponse("fine")

    house = starlette(login_url="/login")
    app = Starlette(routes=[Route("/edit", house.public(change)), *desk(house)])
    house.install(app)
    answer = browser(app, PAGE | NAVIGATION).get("/edit")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/edit")


def test_rules_asked_by_hand_answer_too():
    assert log_in(handled(starlette())).get("/by-hand").json() == "fine"
    assert said(log_in(handled(starlette()), GRACE).get("/by-hand")) == (403, "rule_denied")


def test_a_login_that_has_lost_its_user_is_nobody():
    users = MemoryUsers([ADA, GRACE])
    client = log_in(handled(starlette(users=users), public=True))
    users.remove(ADA.id)
    assert client.get("/posts/1").json() == {"id": 1, "mine": False}
    assert client.put("/posts/1").status_code == 401


def test_a_program_in_a_handler():
    async def change(request: Request) -> JSONResponse:
        return JSONResponse([await house.can(request, "for-all"), await house.can(request, "for-users")])

    house = starlette(default="machine")
    app = Starlette(routes=[Route("/", house.public(change)), *desk(house)])
    house.install(app)
    assert browser(app).get("/", headers=bearer("m-job")).json() == [True, False]
