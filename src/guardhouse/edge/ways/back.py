"""Back from a login server, by GET: weighed at once, and answered with a redirect, so that nothing of it stays in the address bar."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from guardhouse.desks.foreign import come_back
from guardhouse.edge.ways.pages import Pages
from guardhouse.edge.ways.said import Walked, say_on_page, say_without_pages

__all__ = ["back"]


async def back(walked: Walked, pages: Pages | None) -> Response:
    """Take what the browser brings, and lead it to where it wanted to go, or to where it can try again."""
    desk, way, request = walked
    then, wanted, linking = await come_back(
        desk, request.path_params["provider"], request.query_params.multi_items()
    )
    handed = {"next": wanted}
    if pages is None:
        return await say_without_pages(walked, then, handed)
    way = replace(way, asked_on="foreign-logins" if linking else "login")
    return await say_on_page(Walked(desk, way, request), then, pages, handed)
