"""From a way to its route: who may come is asked before anything is read, and every answer goes through one place."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from time import monotonic
from typing import Any

import msgspec
from anyio import sleep
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guardhouse.desks.desk import Desk
from guardhouse.desks.kit import Kit
from guardhouse.edge.asgi import visit_of
from guardhouse.edge.bodies import media_type
from guardhouse.edge.posting import Posting, tray_of
from guardhouse.edge.ways.asked import described, wants_document
from guardhouse.edge.ways.handed import FORM, UnreadableError, read
from guardhouse.edge.ways.pages import Pages, Said
from guardhouse.edge.ways.said import Walked, say, say_on_page
from guardhouse.edge.ways.way import Way
from guardhouse.flows.plan import Again, Ask, Done, Next
from guardhouse.steps.confirmed import Confirmed
from guardhouse.steps.oneself import Oneself
from guardhouse.templates.environment import Templates

__all__ = ["Walk", "route_of"]


class Walk:
    """One way at work: reads, lets the desk act, and answers program or person."""

    def __init__(self, kit: Kit, way: Way, pages: Pages | None, languages: Templates | None) -> None:
        self._kit, self._way = kit, way
        self._pages, self._languages = pages, languages

    async def __call__(self, request: Request) -> Response:
        """Act on what is handed in, or show the page that asks for it."""
        if request.path_params.get("provider", "") not in {"", *self._kit.foreign}:
            raise HTTPException(404)
        walked = Walked(self._desk(request), self._way, request)
        return await (self._act(walked) if request.method == "POST" else self._show(walked))

    def _desk(self, request: Request) -> Desk[Any]:
        language = (
            self._languages.language(request.headers.get("accept-language", "")) if self._languages else ""
        )
        tray = tray_of(request) if self._kit.outbox is not None else None
        return Desk(self._kit, visit_of(request, self._kit.house), language=language, tray=tray)

    async def _carried_out(self, desk: Desk[Any], handed: Struct) -> Next:
        """Let the desk act, and the answer leave at an even pace, unless somebody has proven himself.

        Whether there was a row to write or a letter to make shows in no time that passes then. It begins when the body is read: whose body comes slowly could place the end of the work where it tells.
        """
        began, pace = monotonic(), self._kit.pace.total_seconds()
        following: Next = (
            await self._way.act(desk, handed) if self._way.act is not None else Done(self._way.name)
        )
        if self._way.even and pace > 0 and not _proven(following):
            passed = monotonic() - began
            await sleep(ceil(passed / pace) * pace - passed)
        return following

    async def _show(self, walked: Walked) -> Response:
        desk, way, request = walked
        if way.back is not None:
            if request.method != "GET":
                raise HTTPException(405)  # a look at the address must not use up what it carries
            return await way.back(walked, self._pages)
        shown = await way.show(desk, request)
        if self._pages is None:
            return await say(desk, way, shown)
        if wants_document(request):
            told = (
                described(self._kit, way, self._pages.paths, shown) if isinstance(shown, Mapping) else shown
            )
            return await say(desk, way, told)
        if isinstance(shown, Mapping):
            return self._pages.page(desk, way, request, shown, Said())
        return await say_on_page(walked, shown, self._pages, {})

    async def _act(self, walked: Walked) -> Response:
        desk, way, request = walked
        await desk.auth.check_origin()
        fields: dict[str, object] = {}
        following: Next
        try:
            handed = await read(request, way.handed, self._kit.login_field)
            fields = msgspec.structs.asdict(handed)
            following = await self._carried_out(desk, handed)
        except UnreadableError as error:
            following = Again(error.field, error.problem)
        if self._pages is not None and media_type(request) == FORM:
            return await say_on_page(walked, following, self._pages, fields)
        return await say(desk, way, following)


def _proven(following: Next) -> bool:
    return isinstance(following, Ask) or following == Done("logged-in")


def route_of(kit: Kit, way: Way, path: str, pages: Pages | None, languages: Templates | None) -> BaseRoute:
    """Make the route of one way."""
    house: Any = kit.house
    walk = Walk(kit, way, pages, languages)

    async def endpoint(request: Request) -> Response:
        return await walk(request)

    methods = [
        *(["GET"] if way.back is not None or (pages is not None and way.page is not None) else []),
        *(["POST"] if way.act is not None else []),
    ]
    around = [] if kit.outbox is None else [Middleware(Posting, outbox=kit.outbox)]
    if way.inside:
        himself = [] if way.acting else [Oneself()]
        around.append(house.layer(kit.guard.name, *himself, *_fresh(kit, way, pages)))
    else:
        endpoint = house.public(endpoint)
    return Route(path, endpoint, methods=methods, middleware=around, name=f"guardhouse.{way.name}")


def _fresh(kit: Kit, way: Way, pages: Pages | None) -> list[Confirmed]:
    if way.fresh is None or way.fresh is False:
        return []
    within = kit.lifetimes.fresh if way.fresh is True else way.fresh
    return [Confirmed(within, pages.path_of("confirm-password") if pages else None)]
