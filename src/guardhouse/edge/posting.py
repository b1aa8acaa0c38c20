"""The moment at which letters leave: after the last byte of the answer, and also where the answer could not be sent."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from guardhouse.desks.outbox import Outbox, Tray

TRAY_KEY = "guardhouse.tray"


class Posting:
    """An ASGI application around another one, whose requests each have a tray.

    What a flow has stored stays stored when the client hangs up; so its letters are sent then as well.
    """

    def __init__(self, app: ASGIApp, outbox: Outbox) -> None:
        self.app = app
        self._outbox = outbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application, then hand over what it has laid into the tray."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        tray = self._outbox.tray()
        try:
            await self.app({**scope, TRAY_KEY: tray}, receive, send)
        finally:
            tray.send()


def tray_of(connection: HTTPConnection) -> Tray:
    """Find the tray of a request that came through `Posting`."""
    tray: Tray = connection.scope[TRAY_KEY]
    return tray
