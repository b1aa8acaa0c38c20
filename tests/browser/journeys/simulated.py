"""The same journey by the simulation, in the same words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import anyio
from starlette.applications import Starlette

from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.clients import client_with
from guardhouse.doctor.browser.cookie import Cookie as Kept
from guardhouse.doctor.browser.fetching import Exchange
from guardhouse.doctor.browser.journey import Hop, Journey, Plan, journey
from guardhouse.doctor.browser.roles import Role
from guardhouse.doctor.browser.sites import bare_origin
from tests.browser.journeys.applications import CREDENTIALS
from tests.browser.journeys.real import Cookie, Request, Seen

MOVED = {"read": Role("GET", "/moved/me"), "write": Role("POST", "/moved/do_thing")}


def play(
    app: Starlette, at: str, page: str, client: str, settings: list[str], browser: Browser, *, moved: bool
) -> Journey:
    """Play it in a thread of its own, because Playwright keeps a loop in this one."""
    house: Any = next(item.kwargs["house"] for item in app.user_middleware if "house" in item.kwargs)
    plan = Plan(
        at=bare_origin(at),
        page=bare_origin(page),
        client=client_with(client, settings),
        browser=browser,
        told=MOVED if moved else {},
        credentials=CREDENTIALS,
    )
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: anyio.run(journey, app, app, house, plan, time.time())).result()


def seen(played: Journey) -> Iterator[Seen]:
    """Read the hops as they can be seen from outside."""
    for hop in played.hops:
        status = hop.fetched.status if hop.fetched else None
        yield Seen(
            hop.part, status, tuple(map(_request, _exchanges(hop))), tuple(sorted(map(_cookie, hop.jar)))
        )


def _exchanges(hop: Hop) -> tuple[Exchange, ...]:
    return hop.fetched.exchanges if hop.fetched else ()


def _request(exchange: Exchange) -> Request:
    headers = dict(exchange.headers)
    return Request(
        exchange.method,
        urlsplit(exchange.url).path,
        tuple(sorted(exchange.cookies)),
        headers.get("origin"),
        headers.get("sec-fetch-site"),
        "x-xsrf-token" in headers,
    )


def _cookie(cookie: Kept) -> Cookie:
    return Cookie(
        cookie.name,
        cookie.domain if cookie.host_only else f".{cookie.domain}",
        cookie.path,
        cookie.secure,
        cookie.http_only,
        cookie.same_site or "Lax",
        cookie.partition or "",
    )
