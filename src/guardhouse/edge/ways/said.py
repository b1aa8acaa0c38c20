"""How what comes next is said: a program gets a document, a person the next page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from guardhouse.core.answer import REASON_HEADER, URN, Refusal
from guardhouse.core.intended import local_path
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.desks.desk import Desk
from guardhouse.edge.ways.pages import Pages, Said
from guardhouse.edge.ways.way import Way
from guardhouse.flows.plan import Again, Ask, Done, Leave, Next, Refuse
from guardhouse.gate.refused import refused

__all__ = ["LED", "NO_STORE", "Walked", "say", "say_on_page", "say_without_pages"]


class Walked(NamedTuple):
    """Who walks which way, by which request."""

    desk: Desk[Any]
    way: Way
    request: Request


_KEPT = frozenset({REASON_HEADER.lower(), "retry-after"})
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_ON_THE_WAY = frozenset({"logged-in", "factor-given", "confirmed", "impersonated", "impersonation-ended"})
"""After these a person goes on to where he wanted to be, without a page that says so."""
_BACK = dict.fromkeys(
    ("session-ended", "others-ended", "device-forgotten", "token-revoked", "tokens-revoked"), "sessions"
)
"""After these a person is on the page that he came from, which says so."""
LED = {Reason.CONFIRMATION_NEEDED: "confirm-password", Reason.FACTORS_MISSING: "two-factor"}
"""Where a person gives what is missing, and comes back from."""


async def say(desk: Desk[Any], way: Way, following: Next | Mapping[str, object]) -> Response:
    """Answer a program. What a page would show is a document for it."""
    match following:
        case Mapping():
            return _document(following, 200)
        case Done(what, told):
            return _cleared(_document({"done": what, **told}, 200), what)
        case Ask(what, told):
            return _document({"next": what, **told}, 200)
        case Leave(url):
            return _document({"next": "leave", "url": url}, 200)
        case Again(field, problem):
            return _problem(field, problem)
        case Refuse():
            raise await _refused(desk, way, following)


async def say_on_page(
    walked: Walked, following: Next, pages: Pages, handed: Mapping[str, object]
) -> Response:
    """Answer a person: the next page, or the same once more with what was wrong."""
    match following:
        case Done(_, told) if walked.way.once is not None:
            # No redirect: what is shown once would have to lie somewhere in between.
            way = replace(walked.way, page=walked.way.once)
            wanted = "" if way.inside else await _wanted(walked, handed)
            values = {"wanted": wanted, **told}
            return pages.page(walked.desk, way, walked.request, values, Said())
        case Done(what):
            return _cleared(_go(await _after(walked, what, pages, handed)), what)
        case Ask(what):
            return _go(_with_next(pages.path_of(what), handed, walked))
        case Leave(url):
            return pages.leaving(walked.desk, walked.way, walked.request, url)
        case Again(field, problem):
            wrong = {"field": field, "problem": problem}
            page = await _once_more(walked, pages, Said(REASONS[Reason.FORM_INVALID].status, wrong, handed))
            page.headers[REASON_HEADER] = str(Reason.FORM_INVALID)
            return page
        case Refuse(reason) if reason in LED and LED[reason] in pages and walked.desk.visit.facts.navigation:
            asked_on = walked.way.asked_on  # a way that has no page of its own is begun anew on that one
            here = {"next": pages.path_of(asked_on) if asked_on else walked.request.url.path}
            return _go(_with_next(pages.path_of(LED[reason]), here, walked))
        case Refuse():
            error = await _refused(walked.desk, walked.way, following)
            navigation = walked.desk.visit.facts.navigation
            if walked.way.asked_on and navigation:
                return _back_to(pages.path_of(walked.way.asked_on), handed, error)
            if walked.way.page is None or not navigation:
                raise error
            wrong = {"problem": REASONS[following.reason].title}
            response = await _once_more(walked, pages, Said(error.status_code, wrong, handed))
            response.headers.update(error.headers or {})
            return response


async def say_without_pages(walked: Walked, following: Next, handed: Mapping[str, object]) -> Response:
    """Answer a person who comes from another site, where the application has pages of its own: with a redirect to these."""
    house = walked.desk.kit.house
    login = house.login_url or house.home_url
    match following:
        case Done():
            return _go(local_path(handed.get("next")) or house.home_url)
        case Refuse() if walked.desk.visit.facts.navigation:
            return _back_to(login, handed, await _refused(walked.desk, walked.way, following))
        case Ask(what):
            return _go(_asking(login, {"way": what}, handed))
        case _:
            return await say(walked.desk, walked.way, following)


async def _once_more(walked: Walked, pages: Pages, said: Said) -> Response:
    shown = await walked.way.show(walked.desk, walked.request)
    if isinstance(shown, Ask | Done | Leave):  # there is nothing to be asked once more
        return await say_on_page(walked, shown, pages, said.handed)
    values: Mapping[str, object] = shown if isinstance(shown, Mapping) else {}
    return pages.page(walked.desk, walked.way, walked.request, values, said)


async def _refused(desk: Desk[Any], way: Way, no: Refuse) -> Any:  # noqa: ANN401 - the exception to raise
    refusal = Refusal(no.reason, way.name, no.evidence, retry_after=no.retry_after)
    return await refused(desk.visit, refusal)


async def _after(walked: Walked, what: str, pages: Pages, handed: Mapping[str, object]) -> str:
    """Say where a person goes who is done: where he wanted to, or to the page that says so."""
    if what in _BACK:
        return f"{pages.path_of(_BACK[what])}?{urlencode({'what': what})}"
    if what not in _ON_THE_WAY:
        return f"{pages.path_of('done')}?{urlencode({'what': what})}"
    return await _wanted(walked, handed)


async def _wanted(walked: Walked, handed: Mapping[str, object]) -> str:
    """Say where a person wanted to go."""
    wanted = local_path(handed.get("next")) or local_path(walked.request.query_params.get("next"))
    return wanted or (await walked.desk.visit.carried.open()).intended(walked.desk.kit.house.home_url)


def _with_next(path: str, handed: Mapping[str, object], walked: Walked) -> str:
    """Carry along where the person wanted to go; who is asked for more on a page inside wanted to go there."""
    request, way = walked.request, walked.way
    wanted = local_path(handed.get("next")) or local_path(request.query_params.get("next"))
    if wanted is None and way.inside and way.page is not None:
        wanted = local_path(request.url.path)
    return path if wanted is None else f"{path}?{urlencode({'next': wanted})}"


def _back_to(path: str, handed: Mapping[str, object], error: Any) -> Response:  # noqa: ANN401 - the exception that would be raised
    """Lead a person to where he can try again, with the reason: a code, of which the page there shows the title."""
    response = _go(_asking(path, {"reason": str(error.refusal.reason)}, handed))
    said: Mapping[str, str] = error.headers or {}
    response.headers.update({name: said[name] for name in said if name.lower() in _KEPT})
    return response


def _asking(path: str, said: Mapping[str, str], handed: Mapping[str, object]) -> str:
    wanted = local_path(handed.get("next"))
    query = urlencode(dict(said) if wanted is None else {**said, "next": wanted})
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _cleared(response: Response, what: str) -> Response:
    """Let the browser forget what the application kept for whoever logged out (ASVS 14.3.1).

    Not "cookies": they know no port, and that would log this machine out of every other application on it.
    """
    if what == "logged-out":
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _go(url: str) -> Response:
    return RedirectResponse(url, 303, NO_STORE)


def _document(told: Mapping[str, object], status: int, media: str = "application/json") -> Response:
    return Response(msgspec.json.encode(told), status, NO_STORE, media)


def _problem(field: str, problem: str) -> Response:
    """Write the problem document of a form with something wrong in it; the field is named to everybody (RFC 9457)."""
    reason = Reason.FORM_INVALID
    document = {
        "type": f"{URN}{reason}",
        "title": REASONS[reason].title,
        "status": REASONS[reason].status,
        "detail": f"{field}: {problem}",
        "code": str(reason),
        "errors": [{"field": field, "problem": problem}],
    }
    response = _document(document, REASONS[reason].status, "application/problem+json")
    response.headers[REASON_HEADER] = str(reason)
    return response
