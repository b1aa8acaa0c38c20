"""The demo's ways in, and the mailbox in which everything lies that was sent: a page for whoever has no mail server."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI
from fastapi.responses import Response

from guardhouse.demo.admin import is_ada
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

    def add_to(self, app: FastAPI) -> None:
        """Add the ways in, and the mailbox."""
        self.ways.install(app)
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
    return [
        OpenIdProvider(f"partner-{number}", issuer, CLIENT_ID, client_auth="none")
        for number, issuer in enumerate(settings.foreign_issuers, 1)
    ]


_QUIET = frozenset({"link", "app_name"})
