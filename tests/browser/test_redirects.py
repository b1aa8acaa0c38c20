"""A fetch that is redirected from origin to origin: the simulation and a real Chromium send and see the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import NamedTuple
from urllib.parse import urlsplit

import anyio
import pytest
from playwright.sync_api import Browser, Playwright
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from guardhouse.doctor.browser.browsers import BROWSERS
from guardhouse.doctor.browser.cors import Credentials, lowered
from guardhouse.doctor.browser.fetching import Fetched, Reply, Visitor, Wanted
from guardhouse.doctor.browser.sites import origin_in
from guardhouse.doctor.sending import Asked, Running
from tests.browser.journeys.servers import ARGUMENTS, PAGE, Arrived, serving

pytestmark = pytest.mark.slow

API, API2 = "https://api.example.com:{https}", "https://api.example.com:{https2}"
SPA, FAR = "https://spa.example.com:{https}", "https://app.other-site.test:{https}"


class Case(NamedTuple):
    """A page that asks the first address and is sent on to the others."""

    page: str
    way: tuple[str, ...]
    status: int = 302
    method: str = "GET"
    header: bool = False
    credentials: Credentials = "include"


CASES = [
    pytest.param(Case(API, (API, API)), id="Fetch 4.4: at home"),
    pytest.param(Case(SPA, (API, API)), id="Fetch 4.4: on one foreign origin"),
    pytest.param(Case(API, (API, SPA)), id="Fetch 4.4: from home abroad"),
    pytest.param(Case(SPA, (API, API2)), id="Fetch 4.4 step 11: from abroad to another, tainted"),
    pytest.param(Case(API, (SPA, API)), id="Fetch 4.4 step 11: from abroad home, tainted"),
    pytest.param(Case(API, (FAR, API)), id="Fetch 4.4: over another site"),
    pytest.param(Case(SPA, (API, FAR, API)), id="Fetch 4.4: there and back"),
    pytest.param(Case(SPA, (API, API), method="POST"), id="Fetch 4.4 step 12: 302 makes POST a GET"),
    pytest.param(Case(SPA, (API, API), 303, "DELETE"), id="Fetch 4.4 step 12: 303 makes DELETE a GET"),
    pytest.param(Case(SPA, (API, API2), 307, "POST"), id="Fetch 4.4 step 12: 307 keeps it"),
    pytest.param(Case(SPA, (API, API2), 307, "PUT"), id="Fetch 4.4: a preflight for each origin"),
    pytest.param(
        Case(API, (API, API2), 302, "GET", header=True), id="Fetch 4.4: the preflight comes with the border"
    ),
    pytest.param(
        Case(API, (API, API2, API), credentials="same-origin"),
        id="Fetch 4.4: credentials of the same origin only",
    ),
]


async def sending_on(scope: Scope, receive: Receive, send: Send) -> None:
    """Redirect to the next address of the query, and let everybody read."""
    request = Request(scope)
    headers = {
        "Access-Control-Allow-Origin": request.headers.get("origin", ""),
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PUT, DELETE",
        "Access-Control-Allow-Headers": "x-own",
        "Access-Control-Max-Age": "0",
    }
    way = request.query_params.getlist("way")
    if way and request.method != "OPTIONS":
        status = int(request.query_params["status"])
        await Response(status_code=status, headers={**headers, "Location": _url(way, status)})(
            scope, receive, send
        )
        return
    response = Response("end", headers=headers)
    response.set_cookie(f"at-{request.url.port}-{request.url.hostname}", "1", secure=True, samesite="none")
    await response(scope, receive, send)


def _url(way: list[str], status: int) -> str:
    rest = "&".join(f"way={one}" for one in way[1:])
    return f"{way[0]}/next?status={status}&{rest}"


@pytest.fixture(scope="module")
def arrived() -> Arrived:
    made = Arrived(b"<!doctype html><title>page</title>")
    made.app = sending_on
    return made


@pytest.fixture(scope="module")
def named(chromium: str, driver: Playwright) -> Iterator[Browser]:
    """Start a browser for which all names are this machine."""
    browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def ports(arrived: Arrived, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    with serving(arrived, tmp_path_factory.mktemp("tls")) as ports:
        yield ports


Line = tuple[str, str, str | None, str | None, bool]


@pytest.mark.parametrize("case", CASES)
def test_redirects_agree(case: Case, arrived: Arrived, ports: dict[str, int], named: Browser):
    page, way = placed(case.page, ports), [placed(one, ports) for one in case.way]
    url = _url(way, case.status)
    status, lines = _really(case, page, url, arrived, named)
    with ThreadPoolExecutor(1) as pool:
        fetched = pool.submit(lambda: anyio.run(_simulated, case, page, url, way)).result()
    assert [_line(one.method, one.url, dict(one.headers)) for one in fetched.exchanges] == lines
    assert fetched.status == status


def placed(address: str, ports: dict[str, int]) -> str:
    for name, port in ports.items():
        address = address.replace(name, str(port))
    return address


def _really(
    case: Case, page: str, url: str, arrived: Arrived, browser: Browser
) -> tuple[int | None, list[Line]]:
    context = browser.new_context(ignore_https_errors=True)
    tab = context.new_page()
    tab.goto(page + PAGE)
    arrived.requests.clear()
    headers = {"X-Own": "1"} if case.header else {}
    status = tab.evaluate(
        """async ([url, options]) => { try { return (await fetch(url, options)).status } catch { return null } }""",
        [url, {"method": case.method, "credentials": case.credentials, "headers": headers}],
    )
    context.close()
    lines = [
        _line(one["method"], f"https://{one['host']}{one['path']}", one["headers"])
        for one in arrived.requests
    ]
    return status, lines


async def _simulated(case: Case, page: str, url: str, way: list[str]) -> Fetched:
    async def network(asked: Asked) -> Reply:
        answered = await Running(sending_on, {}).send(asked, nullcontext())
        return Reply(answered.status or 500, lowered(answered.headers))

    known = [origin_in(one) for one in way]
    visitor = Visitor(BROWSERS["chrome"], network, known, time.time())
    headers = (("x-own", "1"),) if case.header else ()
    return await visitor.fetch(
        Wanted(case.method, url, "cors", case.credentials, origin_in(page), headers=headers)
    )


def _line(method: str, url: str, headers: dict[str, str]) -> Line:
    parts = urlsplit(url)
    site = headers.get("sec-fetch-site")
    return method, f"{parts.netloc}{parts.path}", headers.get("origin"), site, "cookie" in headers
