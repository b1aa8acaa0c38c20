"""From a way to its route: who may come is asked before anything is read, and every answer goes through one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guardhouse.desks.desk import Desk
from guardhouse.desks.kit import Kit
from guardhouse.edge.asgi import visit_of
from guardhouse.edge.ways.handed import FORM, UnreadableError, media_type, read
from guardhouse.edge.ways.pages import Pages
from guardhouse.edge.ways.said import say, say_on_page
from guardhouse.edge.ways.way import Way
from guardhouse.flows.plan import Again, Next
from guardhouse.steps.confirmed import Confirmed

__all__ = ["Walk", "route_of"]


class Walk:
    """One way at work: reads, lets the desk act, and answers program or person."""

    def __init__(self, kit: Kit, way: Way, pages: Pages | None) -> None:
        self._kit, self._way = kit, way
        self.pages = pages

    async def __call__(self, request: Request) -> Response:
        """Act on what is handed in, or show the page that asks for it."""
        desk: Desk[Any] = Desk(self._kit, visit_of(request, self._kit.house))
        if request.method == "POST":
            return await self._act(desk, request)
        return await self._show(desk, request)

    async def _show(self, desk: Desk[Any], request: Request) -> Response:
        shown = await self._way.show(desk, request)
        if self.pages is None:
            return await say(desk, self._way, shown)
        if isinstance(shown, Mapping):
            return self.pages.page(desk, self._way, request, shown)
        return await say_on_page(desk, self._way, shown, self.pages, request, {})

    async def _act(self, desk: Desk[Any], request: Request) -> Response:
        await desk.auth.check_origin()
        fields: dict[str, object] = {}
        following: Next
        try:
            handed = await read(request, self._way.handed, self._kit.login_field)
            fields = msgspec.structs.asdict(handed)
            following = await self._way.act(desk, handed)
        except UnreadableError as error:
            following = Again(error.field, error.problem)
        if self.pages is not None and media_type(request) == FORM:
            return await say_on_page(desk, self._way, following, self.pages, request, fields)
        return await say(desk, self._way, following)


def route_of(kit: Kit, way: Way, path: str, pages: Pages | None) -> BaseRoute:
    """Make the route of one way."""
    house: Any = kit.house
    walk = Walk(kit, way, pages)

    async def endpoint(request: Request) -> Response:
        return await walk(request)

    methods = ["POST"] if pages is None or way.page is None else ["GET", "POST"]
    if not way.inside:
        return Route(path, house.public(endpoint), methods=methods, name=f"guardhouse.{way.name}")
    layer = house.layer(kit.guard.name, *_fresh(way, pages))
    return Route(path, endpoint, methods=methods, middleware=[layer], name=f"guardhouse.{way.name}")


def _fresh(way: Way, pages: Pages | None) -> list[Confirmed]:
    if way.fresh is None:
        return []
    return [Confirmed(way.fresh, pages.path_of("confirm-password") if pages else None)]
