"""WebSockets: a socket stands in an area as its pages do, or the application does not start."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.causes.applications import STRANGER
from tests.causes.proof import CANNOT_ARISE, NAMED, PREVENTED, Seen, proves
from tests.causes.seeing import instead, refused_socket, stopped
from tests.causes.test_areas import started, thing
from tests.houses import ADA, browser, desk, log_in, starlette_house


def with_socket(undeclared: str = "open", *guards: str) -> tuple[Any, Starlette]:
    house = starlette_house(undeclared=undeclared, explain="full", debug=True)

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text((await house.user(socket)).email)
        await socket.close()

    layers = [house.layer(*guards)] if guards else []
    routes = [
        *desk(house),
        Mount("/app", routes=[Route("/page", thing), WebSocketRoute("/live", live)], middleware=layers),
    ]
    app = Starlette(routes=routes)
    house.install(app)
    return house, app


@proves(55, PREVENTED, "routes", says="/app/live")
def test_a_socket_outside_of_every_area_stops_the_start():
    _, app = with_socket("refuse")
    return stopped(partial(started, app))


@proves(55, CANNOT_ARISE, why="the layer of a mount reaches its sockets as it does its pages")
def test_a_socket_is_in_the_area_of_its_pages():
    _, app = with_socket("refuse", "web")
    client = log_in(browser(app))
    with client.websocket_connect(
        "wss://testserver/app/live", headers={"Origin": "https://testserver"}
    ) as socket:
        return instead(socket.receive_text(), ADA.email)


@proves(55, NAMED, "websocket_origin", status=403, origin="https://shop.other.org")
def test_a_socket_of_another_page_is_named() -> Seen:
    house, app = with_socket("refuse", "web")
    client = log_in(browser(app))
    return refused_socket(
        house, partial(client.websocket_connect, "wss://testserver/app/live", headers=STRANGER)
    )
