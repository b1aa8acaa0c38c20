"""What the tests of mail have in common: one of each letter, a writer, a mail server on loopback with a certificate."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from gettext import NullTranslations
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from guardhouse.mail.letter import NEEDED, Kind, Letter, Value
from guardhouse.mail.writer import Writer
from guardhouse.templates.environment import Templates

ADA = "ada@example.com"
SENDER = "no-reply@shop.example.com"
LINK = "https://shop.example.com/way?ticket=a-b_c.d&x=1"
WHEN = datetime(2026, 11, 30, 21, 5, tzinfo=UTC)
VALUES: dict[str, Value] = {
    "link": LINK,
    "minutes": 20,
    "device": "Firefox on Windows",
    "place": "203.0.113.0/24",
    "time": WHEN,
    "left": 9,
}


class Shouting(NullTranslations):
    """A language in which every text is marked, so that one that was not translated is seen."""

    def gettext(self, message: str) -> str:
        shouted = re.sub(r"(%\(\w+\)s)|[^%]+|%", lambda found: found[1] or found[0].upper(), message)
        return f"«{shouted}»"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"«{msgid1.upper() if n == 1 else '%(count)s MANY'}»"


def letter(kind: Kind = Kind.RESET_PASSWORD, to: str = ADA, language: str = "", **values: Value) -> Letter:
    return Letter(kind, to, {**{name: VALUES[name] for name in NEEDED[kind]}, **values}, language)


def writer(templates: Templates | None = None, app_name: str = "Shop") -> Writer:
    return Writer(templates or Templates(), app_name=app_name, sender=SENDER)


class Received:
    """A mail server's hands: what came, and what is answered to the next ones."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.answers: list[str] = []
        self.refused: list[str] = []
        self.delay = 0.0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.refused:
            return self.refused.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        await asyncio.sleep(self.delay)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            transport: Any = server.transport
            self.encrypted.append(transport.get_extra_info("sslcontext") is not None)
        return answer


class MailServer:
    """Where it listens, what it received, and whom its clients must trust."""

    def __init__(self, port: int, received: Received, trusted: ssl.SSLContext) -> None:
        self.host, self.port, self.received, self.trusted = "127.0.0.1", port, received, trusted


class OnAnyPort(Controller):
    """A server on a port that is free, which it knocks at when it has started."""

    def _trigger_server(self) -> None:
        listening: Any = self.server
        self.port = listening.sockets[0].getsockname()[1]
        super()._trigger_server()


def _known(asked: Any, login: tuple[bytes, bytes]) -> AuthResult:
    return AuthResult(success=(asked.login, asked.password) == login, handled=False)


@contextmanager
def mail_server(
    *, start_tls: bool = True, tls: bool = False, login: tuple[bytes, bytes] | None = None
) -> Iterator[MailServer]:
    """Run one in a thread of its own; with `start_tls` it takes nothing before that."""
    authority = trustme.CA()
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(own)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    received = Received()
    options: dict[str, Any] = {"tls_context": own, "require_starttls": True} if start_tls else {}
    if tls:
        options = {"ssl_context": own}
    if login is not None:
        options |= {"auth_required": True, "authenticator": lambda *asked: _known(asked[-1], login)}
    controller = OnAnyPort(received, hostname="127.0.0.1", port=0, ready_timeout=10.0, **options)
    controller.start()
    try:
        yield MailServer(controller.port, received, trusted)
    finally:
        controller.stop()


async def hung_up() -> None:
    """Wait until every connection of this loop is closed: TLS takes leave after the letter was taken."""
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + 10
    while (  # noqa: ASYNC110 - nobody tells of it
        len(loop._selector.get_map()) > 1 and loop.time() < end  # the one is the loop's own
    ):
        await asyncio.sleep(0.005)
