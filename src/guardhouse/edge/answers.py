"""How a refusal leaves: a problem document for programs, the login or a readable page for people."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from guardhouse.core.answer import Explain, Refusal, headers_of, problem, public
from guardhouse.core.facts import Facts
from guardhouse.core.intended import local_path
from guardhouse.core.reasons import Reason
from guardhouse.core.repeat import repeat
from guardhouse.edge.page import refusal_page
from guardhouse.edge.page_style import STYLE_SOURCE
from guardhouse.edge.target import target_of
from guardhouse.house import Guardhouse

UNAUTHORIZED = 401

GO_TO = "go_to"
"""The evidence by which a step leads a person to another page of this application."""

_URL_SAFE = "/:@!$&'()*+,;=~-._?%"

PAGE_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src {STYLE_SOURCE}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def answer(refusal: Refusal, facts: Facts, house: Guardhouse[Any]) -> Response:
    """Choose the form of a refusal. Only a person at a browser window is ever sent to another page."""
    answers = house.answers_of(refusal.stack)
    headers = headers_of(refusal, house.explain)
    if not facts.navigation or (answers == "json" and house.explain != "full"):
        return _problem(_document(refusal, facts, house), refusal.status, headers)
    elsewhere = _elsewhere(refusal, facts, house) if answers != "json" else None
    if elsewhere is not None:
        return RedirectResponse(elsewhere, status_code=303, headers=headers)
    return _page(refusal, facts, house, headers)


class Closing(Response):
    """The end of a WebSocket that can hear no other answer: it was accepted, or the server cannot deny it in words.

    The code is the status with 4000 added, from the range that applications are free to use (RFC 6455 7.4.2).
    """

    def __init__(self, refusal: Refusal, explain: Explain) -> None:
        super().__init__(status_code=refusal.status)
        reason = "" if explain == "off" else str(public(refusal.reason, explain))
        self._message = {"type": "websocket.close", "code": 4000 + refusal.status, "reason": reason}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Close."""
        await send(self._message)


def _document(refusal: Refusal, facts: Facts, house: Guardhouse[Any]) -> dict[str, object]:
    """Write the problem document; a developer gets the line that repeats the request besides."""
    document = problem(refusal, house.explain)
    if house.explain != "full":
        return document
    needs = [need.name for guard in house.guards.values() for need in guard.needs]
    credentials = [name.removeprefix("header:") for name in needs if name.startswith("header:")]
    if facts.header(b"x-request-id") == refusal.request_id.encode():  # who named it can find it by that name
        document["request_id"] = refusal.request_id
    return document | {"repeat": repeat(facts, target_of(house.installed_on), credentials)}


def _problem(document: dict[str, object], status: int, headers: dict[str, str]) -> Response:
    body = msgspec.json.encode(document, enc_hook=str)
    return Response(body, status, headers, media_type="application/problem+json")


def _page(refusal: Refusal, facts: Facts, house: Guardhouse[Any], headers: dict[str, str]) -> Response:
    stack = house.known_stack(refusal.stack)
    body = refusal_page(_document(refusal, facts, house), login_url=house.login_url, stack=stack)
    return Response(body, refusal.status, headers | PAGE_HEADERS, media_type="text/html")


def _elsewhere(refusal: Refusal, facts: Facts, house: Guardhouse[Any]) -> str | None:
    """Say where a person had better go: to the login, home, or where a step says; never to the page that refused."""
    if refusal.status == UNAUTHORIZED:
        return _login(house.login_url, facts) if house.login_url else None
    if refusal.reason is Reason.GUESTS_ONLY:
        return _unless_here(house.home_url, facts)
    go_to = refusal.evidence.get(GO_TO) or _led(refusal, house)
    wanted = _unless_here(go_to, facts) if isinstance(go_to, str) else None
    return None if wanted is None else _with_next(wanted, facts)


def _led(refusal: Refusal, house: Guardhouse[Any]) -> str | None:
    """Find the page at which the guard of that stack asks for what is missing, as the ways in have told the house."""
    stack = house.known_stack(refusal.stack)
    names = [guard.name for guard in stack.ambient] if stack is not None else []
    pages = [house.leads[name, refusal.reason] for name in names if (name, refusal.reason) in house.leads]
    return pages[0] if pages else None


def _unless_here(url: str, facts: Facts) -> str | None:
    wanted = local_path(url)
    return wanted if wanted is not None and wanted.partition("?")[0] != facts.path else None


def _login(login_url: str, facts: Facts) -> str:
    return login_url if facts.path == login_url.partition("?")[0] else _with_next(login_url, facts)


def _with_next(url: str, facts: Facts) -> str:
    """Send the page that was wanted along, so that one is led back to it; only what can be repeated by GET."""
    query = f"?{quote(facts.query, safe=_URL_SAFE)}" if facts.query else ""
    wanted = local_path(quote(facts.path, safe="/:@!$&'()*+,;=~-._") + query) if facts.safe else None
    return url if wanted is None else f"{url}{'&' if '?' in url else '?'}next={quote(wanted, safe='/')}"
