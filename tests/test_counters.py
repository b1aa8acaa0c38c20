"""What a request costs, exactly: reads and writes of the store, cookies set, and whether anything was waited for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from guardhouse.stores.memory import MemoryStore
from guardhouse.testing import CountingStore

from .edge.wire import Exchange, scope
from .houses import ADA, PASSWORD, desk, starlette_house


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Counted:
    """A house over a counting store, asked request by request."""

    def __init__(self, *, counting: bool = True) -> None:
        self.clock = Clock()
        self.store = CountingStore(MemoryStore())
        store: Any = self.store if counting else self.store.inside
        house = starlette_house(store=store, clock=self.clock)

        async def open_to_all(request: Request) -> Response:
            return Response("hello")

        async def me(request: Request) -> Response:
            return JSONResponse({"id": (await house.user(request)).id})

        async def cart(request: Request) -> Response:
            session = await house.session(request)
            if request.method == "POST":
                session["cart"] = ["book"]
            return JSONResponse({"cart": session.get("cart")})

        async def basket(request: Request) -> Response:
            return await cart(request)

        async def everything(request: Request) -> Response:
            for _ in range(3):
                await house.user(request, "web")
                await house.identity_of(request, "api")
                await house.session(request)
            return Response()

        def guarded(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
            return Route(path, endpoint, methods=["GET", "POST"], middleware=[house.layer("web")])

        routes = [
            Route("/", house.public(open_to_all)),
            guarded("/me", me),
            guarded("/everything", everything),
            guarded("/cart", cart),
            Route("/guest", house.public(basket), methods=["GET", "POST"]),
        ]
        self.app = Starlette(routes=[*routes, *desk(house)])
        house.install(self.app)
        self.cookies: dict[str, str] = {}

    def drive(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Exchange:
        """Call the application without an event loop: whatever suspended would show at once."""
        sent = {"sec-fetch-site": "same-origin", "content-type": "application/json", **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        exchange = Exchange([body])
        call = self.app(scope(method, path, sent), exchange.receive, exchange.send)
        with pytest.raises(StopIteration):
            call.__await__().__next__()
        self._keep(exchange)
        return exchange

    async def ask(self, method: str, path: str, body: bytes = b"") -> Exchange:
        sent = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        exchange = Exchange([body])
        await self.app(scope(method, path, sent), exchange.receive, exchange.send)
        self._keep(exchange)
        return exchange

    def _keep(self, exchange: Exchange) -> None:
        for line in self.set_cookies(exchange):
            name, _, value = line.split(";")[0].partition("=")
            self.cookies[name] = value

    @staticmethod
    def set_cookies(exchange: Exchange) -> list[str]:
        return [value.decode() for name, value in exchange.sent[0]["headers"] if name == b"set-cookie"]

    async def log_in(self) -> Exchange:
        body = f'{{"email": "{ADA.email}", "password": "{PASSWORD}"}}'.encode()
        answer = await self.ask("POST", "/login", body)
        assert answer.status == 200
        return answer


Cost = tuple[int, int, int]


async def cost(counted: Counted, method: str, path: str) -> tuple[int, Cost]:
    """Return the status, and how often was read, written, and set a cookie."""
    assert counted.store.counted is not None
    exchange = await counted.ask(method, path)
    reads, writes = counted.store.counted
    return exchange.status, (reads, writes, len(counted.set_cookies(exchange)))


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/me", 401), ("/everything", 401), ("/guest", 200), ("/nowhere", 404)]
)
async def test_a_stranger_costs_nothing(path: str, status: int):
    assert await cost(Counted(), "GET", path) == (status, (0, 0, 0))


@pytest.mark.parametrize(
    ("method", "path", "spent"),
    [
        pytest.param("GET", "/", (0, 0, 0), id="an open route"),
        pytest.param("GET", "/me", (1, 0, 0), id="a guarded one"),
        pytest.param("POST", "/me", (1, 0, 0), id="a guarded one, unsafe"),
        pytest.param("GET", "/everything", (1, 0, 0), id="user, identity and session, three times each"),
        pytest.param("GET", "/cart", (1, 0, 0), id="the session read"),
        pytest.param("POST", "/cart", (1, 1, 0), id="the session written"),
        pytest.param("GET", "/guest", (1, 0, 0), id="the session read where nobody must be"),
        pytest.param("GET", "/csrf-cookie", (0, 0, 1), id="a token fetched"),
    ],
)
async def test_somebody_logged_in_costs(method: str, path: str, spent: Cost):
    counted = Counted()
    await counted.log_in()
    for _ in range(2):
        status, found = await cost(counted, method, path)
        assert status in (200, 204)
        assert found == spent


async def test_a_login_is_one_write_and_a_renewed_one_a_read_more():
    counted = Counted()
    answer = await counted.log_in()
    assert counted.store.counted == (0, 1)
    assert [line.split("=")[0] for line in counted.set_cookies(answer)] == ["__Host-gh", "XSRF-TOKEN"]
    await counted.log_in()
    assert counted.store.counted == (1, 1)


async def test_a_logout_is_one_read_and_one_write():
    counted = Counted()
    await counted.log_in()
    assert await cost(counted, "POST", "/logout") == (204, (1, 1, 3))


async def test_a_guest_is_stored_when_the_application_writes_and_not_before():
    counted = Counted()
    assert await cost(counted, "GET", "/guest") == (200, (0, 0, 0))
    assert await cost(counted, "POST", "/guest") == (200, (0, 1, 2))
    assert await cost(counted, "GET", "/guest") == (200, (1, 0, 0))


async def test_a_cookie_of_nobody_costs_a_read_and_leaves_no_row():
    counted = Counted()
    for number in range(50):
        counted.cookies["__Host-gh"] = f"{number:043d}"
        assert await cost(counted, "GET", "/me") == (401, (1, 0, 0))
    assert len(counted.store.inside) == 0  # type: ignore[arg-type]


async def test_a_cookie_that_cannot_be_ours_costs_nothing():
    counted = Counted()
    counted.cookies["__Host-gh"] = "junk"
    assert await cost(counted, "GET", "/me") == (401, (0, 0, 0))


async def test_being_there_is_written_once_in_its_interval():
    counted = Counted()
    await counted.log_in()
    written = []
    for minute in range(60):
        counted.clock.now += 60
        status, (reads, writes, cookies) = await cost(counted, "GET", "/me")
        assert (status, reads, cookies) == (200, 1, 0)
        written += [minute] if writes else []
    assert written == [11, 23, 35, 47, 59], "every twelve minutes, a tenth of two hours"


async def test_an_expired_session_is_buried_once():
    counted = Counted()
    await counted.log_in()
    counted.clock.now += 7200
    assert await cost(counted, "GET", "/me") == (401, (1, 1, 0))
    assert await cost(counted, "GET", "/me") == (401, (1, 0, 0))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/me"), ("POST", "/me"), ("GET", "/everything"), ("POST", "/cart")],
)
async def test_with_memory_nothing_is_ever_waited_for(method: str, path: str):
    counted = Counted(counting=False)
    await counted.log_in()
    assert counted.drive(method, path).status == 200


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/me", 401), ("/guest", 200)])
def test_for_a_stranger_nothing_is_ever_waited_for(path: str, status: int):
    assert Counted(counting=False).drive("GET", path).status == status
