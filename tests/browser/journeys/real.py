"""The journey played by a real Chromium, in words that the simulation uses too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Error, Page, Response

from guardhouse.core.origin import TOKEN_FIELD
from tests.browser.journeys.applications import CREDENTIALS
from tests.browser.journeys.servers import PAGE, Arrived

SCRIPTS = {
    "axios": """async ({method, url, body, settings}) => {
        const {common, ...rest} = settings;
        const client = axios.create({...rest, validateStatus: () => true});
        if (common) client.defaults.headers.common = common;
        try { return (await client.request({method, url, data: body ?? undefined})).status } catch { return null }
    }""",
    "fetch": """async ({method, url, body, settings}) => {
        const headers = body ? {'Content-Type': 'application/json'} : {};
        const options = {method, headers, ...settings, ...(body ? {body: JSON.stringify(body)} : {})};
        try { return (await fetch(url, options)).status } catch { return null }
    }""",
    # Angular's HttpClient is not here; this is what it does, by its own documentation, with the browser's XMLHttpRequest.
    "angular": """({method, url, body, settings}) => new Promise(resolve => {
        const request = new XMLHttpRequest();
        request.open(method, url);
        request.withCredentials = settings.withCredentials ?? false;
        request.setRequestHeader('Accept', 'application/json, text/plain, */*');
        const token = document.cookie.split('; ').find(one => one.startsWith('XSRF-TOKEN='));
        if (token && method !== 'GET' && new URL(url).origin === location.origin)
            request.setRequestHeader('X-XSRF-TOKEN', decodeURIComponent(token.slice(11)));
        if (body) request.setRequestHeader('Content-Type', 'application/json');
        request.onload = () => resolve(request.status);
        request.onerror = () => resolve(null);
        request.send(body ? JSON.stringify(body) : null);
    })""",
}
SUBMIT = """({url, fields}) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = url;
    for (const [name, value] of Object.entries(fields)) {
        const field = document.createElement('input');
        field.name = name; field.value = value;
        form.append(field);
    }
    document.body.append(form);
    form.submit();
}"""

PARTS = (
    ("csrf cookie", "GET", "/csrf-cookie"),
    ("login", "POST", "/login"),
    ("read", "GET", "/api/me"),
    ("write", "POST", "/api/do_thing"),
    ("reload", "GET", "/api/me"),
    ("logout", "POST", "/logout"),
)


class Cookie(NamedTuple):
    """One cookie of the jar; `domain` begins with a dot where sub-domains get it too."""

    name: str
    domain: str
    path: str
    secure: bool
    http_only: bool
    same_site: str
    partition: str


class Request(NamedTuple):
    """One request as it arrived."""

    method: str
    path: str
    cookies: tuple[str, ...]
    origin: str | None
    fetch_site: str | None
    xsrf: bool


class Seen(NamedTuple):
    """One hop as it can be seen from outside."""

    part: str
    status: int | None
    requests: tuple[Request, ...]
    jar: tuple[Cookie, ...]


def play(  # what a journey is made of
    browser: Browser,
    arrived: Arrived,
    at: str,
    page: str,
    client: str,
    settings: dict[str, Any],
    *,
    moved: bool,
) -> Iterator[Seen]:
    """Play all hops in a fresh context. A form leaves its page each time; a script's page is loaded anew at the reload."""
    context = browser.new_context(ignore_https_errors=True)
    try:
        tab = context.new_page()
        token: str | None = None
        for part, method, path in PARTS:
            form = client == "form"
            if form and part == "csrf cookie":
                part, path = "login page", "/login"  # noqa: PLW2901 - a form has no use for the cookie
            path = path.replace("/api/", "/moved/") if moved else path  # noqa: PLW2901 - the same part elsewhere
            if form or part in ("csrf cookie", "reload"):
                tab.goto(page + PAGE, wait_until="commit" if form else "load")
            arrived.requests.clear()
            body = dict(CREDENTIALS) if part == "login" else {}
            if form:
                fields = body | ({TOKEN_FIELD: token} if token and at == page else {})
                status = _navigate(tab, method, at + path, fields)
                hidden = tab.locator(f"[name={TOKEN_FIELD}]")
                token = hidden.get_attribute("value") if hidden.count() else token
            else:
                sent = None if method == "GET" or part == "logout" else body
                asked = {"method": method, "url": at + path, "body": sent, "settings": settings}
                status = tab.evaluate(SCRIPTS[client], asked)
            yield Seen(part, status, tuple(map(_request, arrived.requests)), _jar(context.cookies()))
    finally:
        context.close()


def _navigate(tab: Page, method: str, url: str, fields: dict[str, str]) -> int | None:
    try:
        with tab.expect_navigation(timeout=5000, wait_until="domcontentloaded") as going:
            if method == "GET":
                tab.evaluate("url => { location.href = url }", url)
            else:
                tab.evaluate(SUBMIT, {"url": url, "fields": fields})
    except Error:
        return None
    answer: Response | None = going.value
    return answer.status if answer is not None else None


def _request(seen: dict[str, Any]) -> Request:
    headers = seen["headers"]
    return Request(
        seen["method"],
        seen["path"],
        tuple(sorted(pair.partition("=")[0] for pair in headers.get("cookie", "").split("; ") if pair)),
        headers.get("origin"),
        headers.get("sec-fetch-site"),
        "x-xsrf-token" in headers,
    )


def _jar(cookies: list[Any]) -> tuple[Cookie, ...]:
    return tuple(
        sorted(
            Cookie(
                one["name"],
                one["domain"],
                one["path"],
                one["secure"],
                one["httpOnly"],
                one["sameSite"],
                one.get("partitionKey") or "",
            )
            for one in cookies
        )
    )


def shown(hops: list[Seen]) -> str:
    """Write hops for a person who compares them."""
    return json.dumps(hops, indent=1)
