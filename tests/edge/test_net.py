"""The net under the checks at start: an answer that nobody decided about, and a session that is written too late."""

# Without `from __future__ import annotations`: FastAPI evaluates the annotations of endpoints, which name a local house.

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from guardhouse import User
from guardhouse.errors import LateWriteError, UndecidedError
from guardhouse.testing import Client
from tests.houses import ADA, ORIGIN, browser, desk, fastapi_house, log_in, starlette_house


async def page(request: Request) -> Response:
    return PlainTextResponse("page")


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    """An application that has no routes to look at."""
    await PlainTextResponse("foreign")(scope, receive, send)


async def late(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


def house_of(**changes: Any) -> Any:
    return starlette_house(**{"undeclared": "refuse", "debug": True, **changes})


def started(house: Any, *routes: Any, **options: Any) -> tuple[Starlette, TestClient]:
    """An application that has passed the checks at start."""
    app = Starlette(routes=[*desk(house), *routes], **options)
    house.install(app)
    client = browser(app)
    assert client.get("/csrf-cookie").status_code == 204  # the first request runs the checks
    return app, client


@pytest.mark.parametrize(
    ("route", "path", "told"),
    [
        pytest.param(Route("/late", page), "/late", "GET /late", id="a route that was added late"),
        pytest.param(Mount("/far", foreign), "/far/away", "GET /far/...", id="a foreign one"),
        pytest.param(
            Mount("/below", routes=[Route("/late/{what}", page)]),
            "/below/late/1",
            "GET /late/{what}",
            id="one below a mount",
        ),
    ],
)
def test_an_answer_that_nobody_decided_about_is_an_error_in_development(route, path, told):
    app, client = started(house_of())
    app.router.routes.append(route)
    with pytest.raises(UndecidedError) as raised:
        client.get(path)
    assert raised.value.route == told
    assert raised.value.where


def test_it_never_reaches_the_visitor():
    app, _ = started(house_of())
    app.router.routes.append(Route("/late", page))
    answer = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False).get("/late")
    assert answer.status_code == 500
    assert "page" not in answer.text


def test_a_websocket_that_is_accepted_counts_too():
    app, client = started(house_of())
    app.router.routes.append(WebSocketRoute("/late", late))
    with pytest.raises(UndecidedError, match="WS /late"), client.websocket_connect("/late"):
        pass


def test_in_production_it_is_counted_and_warned_of_once(caplog: pytest.LogCaptureFixture):
    house = house_of(debug=False)
    app, client = started(house)
    app.router.routes.append(Route("/late/{what}", page))
    for what in ("one", "two", "three"):
        assert client.get(f"/late/{what}").text == "page"
    assert dict(house.parts.watch.undecided) == {"GET /late/{what}": 3}
    (record,) = [one for one in caplog.records if one.name == "guardhouse.watch"]
    assert record.levelno == logging.WARNING
    assert record.guardhouse["route"] == "GET /late/{what}"  # type: ignore[attr-defined]
    assert "one" not in record.guardhouse["route"]  # type: ignore[attr-defined]


def test_the_testing_client_makes_an_error_of_it():
    app, _ = started(house_of(debug=False))
    app.router.routes.append(Route("/late", page))
    with pytest.raises(UndecidedError):
        Client(app).get("/late")


async def refuse(request: Request) -> Response:
    raise HTTPException(418)


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        pytest.param("/guarded", "GET", 401, id="a refusal"),
        pytest.param("/guarded", "DELETE", 405, id="another method"),
        pytest.param("/nowhere", "GET", 404, id="no such route"),
        pytest.param("/public", "GET", 200, id="a public route"),
        pytest.param("/asked", "GET", 401, id="one that asks by itself"),
        pytest.param("/public-mount/far", "GET", 200, id="a foreign application that is public"),
        pytest.param("/files/page", "GET", 200, id="a route below a public mount"),
        pytest.param("/layered/page", "GET", 401, id="a route below a guarded mount"),
        pytest.param("/added", "GET", 200, id="said at install"),
        pytest.param("/wrapped/far", "GET", 200, id="a public mount with middleware of its own"),
        pytest.param("/other/page", "GET", 401, id="an application with a house of its own"),
        pytest.param("/other/open", "GET", 200, id="a public route of that"),
    ],
)
def test_what_somebody_decided_about_passes(path, method, status):
    house, other = house_of(), house_of()

    async def asked(request: Request) -> Response:
        return PlainTextResponse((await house.user(request, "web")).id)

    @house.public
    async def public(request: Request) -> Response:
        return PlainTextResponse("public")

    below = Starlette(routes=[Route("/page", page, middleware=[other.layer("web")]), Route("/open", public)])
    other.install(below)
    _, client = started(
        house,
        Route("/guarded", page, methods=["GET", "POST"], middleware=[house.layer("web")]),
        Route("/public", public),
        Route("/asked", house.public(asked)),
        Mount("/public-mount", house.public(_copy())),
        Mount("/files", house.public(Starlette(routes=[Route("/page", page)]))),
        Mount("/layered", routes=[Route("/page", page)], middleware=[house.layer("web")]),
        Mount("/wrapped", house.public(_copy()), middleware=[Middleware(GZipMiddleware)]),
        Mount("/other", below),
    )
    client.app.router.routes.append(Route("/added", house.public(_endpoint())))  # type: ignore[attr-defined]
    assert client.request(method, path).status_code == status


def _copy() -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await foreign(scope, receive, send)

    return application


def _endpoint() -> Any:
    async def endpoint(request: Request) -> Response:
        return await page(request)

    return endpoint


def test_where_silence_means_open_it_is_silent():
    app, client = started(house_of(undeclared="open"))
    app.router.routes.append(Route("/late", page))
    assert client.get("/late").status_code == 200


def test_a_guard_that_a_test_has_replaced_is_decided():
    house: Any = fastapi_house(undeclared="refuse", debug=True)
    guard = house.guard("web")
    app = FastAPI()

    @app.get("/me")
    async def me(user: Annotated[User, guard]) -> str:
        return user.id

    house.install(app)
    app.dependency_overrides[guard.dependency] = lambda: ADA
    with browser(app) as client:
        assert client.get("/me").json() == "1"
        assert client.get("/docs").status_code == 200


# -- late writes ----------------------------------------------------------------------------------------------------------


def writers(house: Any) -> list[Any]:
    """Routes that change a session when nothing of it can be stored any more."""

    async def stream(request: Request) -> Response:
        session = await house.session(request)

        async def parts() -> AsyncIterator[str]:
            yield "one"
            session["seen"] = "secret value"
            yield "two"

        return StreamingResponse(parts())

    async def task(request: Request) -> Response:
        async def later() -> None:
            (await house.session(request))["seen"] = "secret value"

        return PlainTextResponse("done", background=BackgroundTask(later))

    async def drop(request: Request) -> Response:
        session = await house.session(request)
        session["seen"] = "now"

        async def later() -> None:
            del session["seen"]

        return PlainTextResponse("done", background=BackgroundTask(later))

    async def login(request: Request) -> Response:
        async def later() -> None:
            await house.auth(request, "web").login(ADA)

        return PlainTextResponse("done", background=BackgroundTask(later))

    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        (await house.session(socket))["seen"] = "secret value"
        await socket.close()

    guarded = [house.layer("web")]
    return [
        Route("/stream", stream, middleware=guarded),
        Route("/task", task, middleware=guarded),
        Route("/drop", drop, middleware=guarded),
        Route("/late-login", login, methods=["POST"], middleware=guarded),
        WebSocketRoute("/socket", socket, middleware=guarded),
    ]


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("GET", "/stream", "session key 'seen'"),
        ("GET", "/task", "session key 'seen'"),
        ("GET", "/drop", "session key 'seen'"),
        ("POST", "/late-login", "the login of users"),
    ],
)
def test_a_late_write_is_an_error_in_development(method, path, what):
    house = house_of()
    _, client = started(house, *writers(house))
    log_in(client)
    with pytest.raises(LateWriteError) as raised:
        client.request(method, path)
    assert raised.value.what == what
    assert "secret value" not in str(raised.value)


def test_a_late_write_of_a_socket_is_an_error_in_development():
    house = house_of()
    _, client = started(house, *writers(house))
    log_in(client)
    with (
        pytest.raises(LateWriteError, match="session key 'seen'"),
        client.websocket_connect("wss://testserver/socket", headers={"Origin": ORIGIN}) as socket,
    ):
        socket.receive()


def test_in_production_a_late_write_is_a_warning_without_its_value(caplog: pytest.LogCaptureFixture):
    house = house_of(debug=False)
    _, client = started(house, *writers(house))
    log_in(client)
    assert client.get("/task").text == "done"
    assert client.get("/stream").text == "onetwo"
    records = [one for one in caplog.records if one.name == "guardhouse.watch"]
    assert [one.guardhouse["what"] for one in records] == ["session key 'seen'"] * 2  # type: ignore[attr-defined]
    assert "secret value" not in caplog.text
    assert sum(house.parts.watch.late.values()) == 2


def test_what_is_written_in_time_is_no_late_write_and_reading_late_is_none():
    house = house_of()

    async def write(request: Request) -> Response:
        session = await house.session(request)
        session["seen"] = "in time"

        async def later() -> None:
            assert session["seen"] == "in time"
            assert (await house.session(request)).get("seen") == "in time"

        return PlainTextResponse("done", background=BackgroundTask(later))

    async def read(request: Request) -> Response:
        return PlainTextResponse((await house.session(request))["seen"])

    guarded = [house.layer("web")]
    _, client = started(
        house, Route("/write", write, middleware=guarded), Route("/read", read, middleware=guarded)
    )
    log_in(client)
    assert client.get("/write").text == "done"
    assert client.get("/read").text == "in time"


def test_a_background_task_of_fastapi_is_late_too():
    house: Any = fastapi_house(undeclared="refuse", debug=True)
    app = FastAPI(openapi_url=None)

    @app.get("/task")
    async def task(request: Request, me: Annotated[User, house.guard("web")], tasks: BackgroundTasks) -> str:
        async def later() -> None:
            (await house.session(request))["seen"] = 1

        tasks.add_task(later)
        return me.id

    app.router.routes.extend(desk(house))
    house.install(app)
    client = log_in(browser(app))
    with pytest.raises(LateWriteError):
        client.get("/task")
