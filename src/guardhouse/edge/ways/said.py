"""How what comes next is said: a program gets a document, a person the next page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from guardhouse.core.answer import URN, Refusal
from guardhouse.core.intended import local_path
from guardhouse.core.reasons import REASONS
from guardhouse.desks.desk import Desk
from guardhouse.edge.ways.pages import Pages
from guardhouse.edge.ways.way import Way
from guardhouse.flows.plan import Again, Ask, Done, Leave, Next, Refuse
from guardhouse.gate.refused import refused

__all__ = ["NO_STORE", "say", "say_on_page"]

NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_UNPROCESSABLE = 422


async def say(desk: Desk[Any], way: Way, following: Next | Mapping[str, object]) -> Response:
    """Answer a program. What a page would show is a document for it."""
    match following:
        case Mapping():
            return _document(following, 200)
        case Done(what, told):
            return _document({"done": what, **told}, 200)
        case Ask(what, told):
            return _document({"next": what, **told}, 200)
        case Leave(url):
            return _document({"next": "leave", "url": url}, 200)
        case Again(field, problem):
            return _document(_problem(field, problem), _UNPROCESSABLE, "application/problem+json")
        case Refuse():
            raise await _refused(desk, way, following)


async def say_on_page(  # noqa: PLR0913, PLR0917 - who asked what, and where
    desk: Desk[Any], way: Way, following: Next, pages: Pages, request: Request, handed: Mapping[str, object]
) -> Response:
    """Answer a person: the next page, or the same once more with what was wrong."""

    async def _once_more(status: int, said: Mapping[str, str]) -> Response:
        shown = await way.show(desk, request)
        values: Mapping[str, object] = shown if isinstance(shown, Mapping) else {}
        return pages.page(desk, way, request, values, status, said, handed)

    match following:
        case Done(what):
            return _go(await _after(desk, what, pages, handed, request))
        case Ask(what):
            return _go(_with_next(pages.path_of(what), handed, request))
        case Leave(url):
            return _go(url)
        case Again(field, problem):
            return await _once_more(_UNPROCESSABLE, {"field": field, "problem": problem})
        case Refuse():
            error = await _refused(desk, way, following)
            if way.page is None or not desk.visit.facts.navigation:
                raise error
            told = {"field": "", "problem": REASONS[following.reason].title}
            response = await _once_more(error.status_code, told)
            response.headers.update(error.headers or {})
            return response


async def _refused(desk: Desk[Any], way: Way, no: Refuse) -> Any:  # noqa: ANN401 - the exception to raise
    refusal = Refusal(no.reason, way.name, no.evidence, retry_after=no.retry_after)
    return await refused(desk.visit, refusal)


async def _after(
    desk: Desk[Any], what: str, pages: Pages, handed: Mapping[str, object], request: Request
) -> str:
    """Say where a person goes who is done: where he wanted to, or to the page that says so."""
    if what != "logged-in":
        return f"{pages.path_of('done')}?{urlencode({'what': what})}"
    wanted = local_path(handed.get("next")) or local_path(request.query_params.get("next"))
    return wanted or (await desk.visit.carried.open()).intended(desk.kit.house.home_url)


def _with_next(path: str, handed: Mapping[str, object], request: Request) -> str:
    """Carry along where the person wanted to go."""
    wanted = local_path(handed.get("next")) or local_path(request.query_params.get("next"))
    return path if wanted is None else f"{path}?{urlencode({'next': wanted})}"


def _go(url: str) -> Response:
    return RedirectResponse(url, 303, NO_STORE)


def _document(told: Mapping[str, object], status: int, media: str = "application/json") -> Response:
    return Response(msgspec.json.encode(told), status, NO_STORE, media)


def _problem(field: str, problem: str) -> dict[str, object]:
    """Write the problem document of a form with something wrong in it (RFC 9457)."""
    return {
        "type": f"{URN}form_invalid",
        "title": "Something in the form cannot be taken.",
        "status": _UNPROCESSABLE,
        "detail": f"{field}: {problem}",
        "code": "form_invalid",
        "errors": [{"field": field, "problem": problem}],
    }
