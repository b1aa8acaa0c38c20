"""The demo's ways in, and the mailbox in which everything lies that was sent: a page for whoever has no mail server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import FastAPI
from fastapi.responses import Response

from guardhouse.demo.admin import is_ada
from guardhouse.demo.next_door import NextDoor
from guardhouse.demo.pages import listed
from guardhouse.demo.settings import Settings
from guardhouse.desks.outbox import Outbox
from guardhouse.errors import ConfigError
from guardhouse.fastapi import Guardhouse
from guardhouse.issuers.providers import OpenIdProvider
from guardhouse.mail.memory import MemoryMailer
from guardhouse.templates.environment import Templates
from guardhouse.users.memory import User
from guardhouse.ways import Ways

__all__ = ["Entrance"]

APP_NAME = "guardhouse demo"
NEXT_DOOR = "/next-door"
CLIENT_ID = "guardhouse-demo"
"""How a login server must know the demo: a client without a secret, which proves itself by PKCE alone."""


class Entrance:
    """All ways in of the demo's guard `web`. Beyond this machine nothing is sent, for everybody could read it."""

    def __init__(self, house: Guardhouse[User], settings: Settings) -> None:
        self.mailer = MemoryMailer()
        self.ways: Ways[User] = Ways(
            house,
            "web",
            app_name=APP_NAME,
            # Without the rests that keep timing from telling: whoever reads the mailbox knows who has an account.
            mail=Outbox(self.mailer, spread=timedelta(0)) if settings.loopback else None,
            pace=timedelta(0),
            public_url=settings.address if settings.loopback else None,
            foreign=foreign_providers(settings),
            templates=Templates(),
            may_impersonate=lambda who, _: is_ada(who),
        )
        self._house = house
        self._loopback = settings.loopback
        self._next_door = next_door(settings, house.parts.clock)

    def add_to(self, app: FastAPI) -> None:
        """Add the ways in, and the mailbox."""
        self.ways.install(app)
        if self._next_door is not None:
            app.mount(NEXT_DOOR, self._house.public(self._next_door.app), name="next-door")
        if not self._loopback:
            return

        @app.get("/mailbox", include_in_schema=False)
        @self._house.public
        async def mailbox() -> Response:
            return self._mailbox()

    def _mailbox(self) -> Response:
        letters = [
            {
                "kind": str(letter.kind).replace("_", " "),
                "to": letter.to,
                "link": str(letter.values.get("link", "")),
                "what": ", ".join(
                    f"{key} {value}" for key, value in letter.values.items() if key not in _QUIET
                ),
            }
            for letter in reversed(self.mailer.letters)
        ]
        return listed("mailbox.html", "letter.html", letters, empty="Nothing was sent yet.")


def foreign_providers(settings: Settings) -> list[OpenIdProvider]:
    """Describe the login servers that this demo was told of, each under its number; it has no secret of theirs."""
    if settings.foreign_issuers and not settings.loopback:
        fix = "Listen on this machine: elsewhere the demo does not know by which address it is reached."
        raise ConfigError("--foreign-issuer", settings.host, fix)
    told = [
        OpenIdProvider(f"partner-{number}", issuer, CLIENT_ID, client_auth="none")
        for number, issuer in enumerate(settings.foreign_issuers, 1)
    ]
    own = [OpenIdProvider("next-door", _next_door_url(settings), CLIENT_ID, client_auth="none")]
    return told or (own if _has_next_door(settings) else [])


def next_door(settings: Settings, clock: Callable[[], float]) -> NextDoor | None:
    """Build the demo's own login server, where it was told of no other."""
    if not _has_next_door(settings):
        return None
    back = f"{settings.address}/login/with/next-door/callback"
    return NextDoor(_next_door_url(settings), CLIENT_ID, [back], clock)


def _has_next_door(settings: Settings) -> bool:
    """Whether a login server can be reached here: the demo believes no certificate that it was started with."""
    return settings.loopback and not settings.tls and not settings.foreign_issuers


def _next_door_url(settings: Settings) -> str:
    """Name this machine the other way, so that the way there leads to another site, as it does in earnest."""
    name = "127.0.0.1" if settings.host == "localhost" else "localhost"
    return f"http://{name}:{settings.port}{NEXT_DOOR}"


_QUIET = frozenset({"link", "app_name"})
