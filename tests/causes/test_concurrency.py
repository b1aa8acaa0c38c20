"""Requests at the same time: nothing of one is ever another's, and nothing that one wrote is lost by another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import anyio.to_thread
from httpx2 import ASGITransport, AsyncClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from guardhouse import CookiePolicy
from tests.causes.applications import API, Shop, change
from tests.causes.proof import CANNOT_ARISE, NAMED, proves
from tests.causes.seeing import instead, refusal
from tests.houses import ADA, GRACE, PAGE, PASSWORD, log_in

Call = tuple[str, str]
"""A method with its path, and the cookie that it is sent with."""


def at_once(shop: Shop, cookies: Sequence[str], path: str) -> list[str]:
    """Send one request for each cookie, all of them on their way before the first is answered."""

    async def run() -> list[str]:
        told = [""] * len(cookies)
        async with AsyncClient(transport=ASGITransport(shop.app), base_url=API, headers=PAGE) as client:

            async def ask(place: int) -> None:
                headers = {"Cookie": f"__Host-gh={cookies[place]}"}
                told[place] = (await client.post(f"{path}/{place}", headers=headers)).text

            async with anyio.create_task_group() as tasks:
                for place in range(len(cookies)):
                    tasks.start_soon(ask, place)
        return told

    return anyio.run(run)


class Meeting:
    """Lets everybody wait until all have come."""

    def __init__(self, people: int) -> None:
        self.missing = people
        self._all: anyio.Event | None = None

    async def __call__(self) -> None:
        self._all = self._all or anyio.Event()
        self.missing -= 1
        if not self.missing:
            self._all.set()
        await self._all.wait()


def with_endpoint(endpoint: Any, **changes: Any) -> Shop:
    shop = Shop("api", **changes)
    guarded = shop.house.requires("api")(endpoint(shop))
    shop.app.router.routes.append(Route("/thing/{place:int}", guarded, methods=["POST"]))
    return shop


@proves(35, CANNOT_ARISE, why="a request stores the keys that it changed and no others, merged in the store")
def test_what_parallel_requests_write_is_all_there():
    meeting = Meeting(4)

    def endpoint(shop: Shop) -> Any:
        async def keep(request: Request) -> Response:
            session = await shop.house.session(request)
            await meeting()  # all have read the session before one of them writes
            session[f"value-{request.path_params['place']}"] = request.path_params["place"]
            return PlainTextResponse("kept")

        return keep

    shop = with_endpoint(endpoint)

    async def show(request: Request) -> Response:
        session = await shop.house.session(request)
        return PlainTextResponse(",".join(str(session.get(f"value-{place}")) for place in range(4)))

    shop.app.router.routes.append(Route("/values", shop.house.requires("api")(show)))
    client = shop.logged_in()
    told = at_once(shop, [client.cookies["__Host-gh"]] * 4, "/thing")
    return instead((told, client.get("/values").text), (["kept"] * 4, "0,1,2,3"))


@proves(36, NAMED, "session_gone", status=409)
def test_a_request_that_writes_when_a_login_has_renewed_the_id_is_told_so_and_stores_nothing():
    def endpoint(shop: Shop) -> Any:
        async def keep(request: Request) -> Response:
            session = await shop.house.session(request)
            await anyio.to_thread.run_sync(log_in, client)  # another tab, while this request is at work
            session["basket"] = "full"
            return PlainTextResponse("kept")

        return keep

    shop = with_endpoint(endpoint)
    client = shop.logged_in()
    late = shop.visitor(PAGE | {"Cookie": f"__Host-gh={client.cookies['__Host-gh']}"})
    return refusal(shop.house, lambda: late.post("/thing/1"))


@proves(
    41,
    CANNOT_ARISE,
    why="an identity is kept in the request alone; the house has nothing of a visitor between two awaits",
)
def test_requests_that_overtake_each_other_see_their_own_user():
    meeting = Meeting(6)

    def endpoint(shop: Shop) -> Any:
        async def who(request: Request) -> Response:
            await meeting()
            return PlainTextResponse((await shop.house.user(request)).email)

        return who

    shop = with_endpoint(endpoint)
    users = [ADA, GRACE] * 3
    cookies = [log_in(shop.visitor(), user).cookies["__Host-gh"] for user in users]
    return instead(at_once(shop, cookies, "/thing"), [user.email for user in users])


@proves(
    42,
    CANNOT_ARISE,
    why="settings are frozen and belong to a house: a tenant with a domain of its own has one of its own",
)
def test_two_tenants_have_two_houses_whose_settings_stay():
    domains = ("one.example.com", "two.example.com")
    tenants = [Shop("api", cookie=CookiePolicy(domain=name, shared_with_subdomains=True)) for name in domains]
    change(tenants[0].house.parts.cookie, "domain", domains[1])
    body = {"email": ADA.email, "password": PASSWORD}
    answers = [tenant.visitor().post("/login", json=body) for tenant in tenants]
    lines = [next(one for one in answer.headers.get_list("set-cookie") if "gh=" in one) for answer in answers]
    return instead(
        [f"Domain={name}" in line for name, line in zip(domains, lines, strict=True)], [True, True]
    )
