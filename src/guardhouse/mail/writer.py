"""A letter written out as a message: one recipient, text and HTML, and nothing that a header or a link could be broken with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import TemplateError

from guardhouse.errors import ConfigError, MailError
from guardhouse.mail.address import one_address
from guardhouse.mail.letter import Kind, Letter, Value
from guardhouse.mail.link import usable_link
from guardhouse.templates.environment import Templates

__all__ = ["Writer"]

LONGEST_VALUE = 200
_SAMPLE: Mapping[str, Value] = {
    "link": "https://example.com/way?ticket=sample",
    "minutes": 20,
    "device": "Firefox on Windows",
    "place": "203.0.113.0/24",
    "time": datetime(2026, 1, 1, tzinfo=UTC),
    "left": 9,
}


class Writer:
    """Writes letters for one application: `app_name` as people know it, `sender` an address of its own."""

    def __init__(
        self, templates: Templates, *, app_name: str, sender: str, reply_to: str | None = None
    ) -> None:
        if not app_name.strip() or not app_name.isprintable():
            raise ConfigError("app_name", app_name, "Write the name that people know this application by.")
        self.templates = templates
        self.app_name = app_name
        self._from = Address(app_name, addr_spec=_own("sender", sender))
        self._reply_to = None if reply_to is None else Address(addr_spec=_own("reply_to", reply_to))

    @property
    def sender(self) -> str:
        """The address that letters come from."""
        return self._from.addr_spec

    @property
    def domain(self) -> str:
        """The domain that letters come from."""
        return self._from.domain

    def write(self, letter: Letter, *, message_id: str, date: datetime) -> EmailMessage:
        """Write it out; raise `MailError` where its address is none or its templates cannot be filled in."""
        to = one_address(letter.to)
        if to is None:
            raise MailError(letter.kind, "what is stored is not one address of one mailbox")
        subject, text, html = self._rendered(letter)
        message = EmailMessage(policy=SMTP)
        message["From"] = self._from
        message["To"] = Address(addr_spec=to)
        if self._reply_to is not None:
            message["Reply-To"] = self._reply_to
        message["Subject"] = subject
        message["Date"] = format_datetime(date)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from holidays
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        message["Content-Language"] = self.templates.language(
            letter.language
        )  # before, it would go into the first part
        return message

    def check(self) -> None:
        """Write every letter in every language, and raise `ConfigError` for the first that a template of yours spoils."""
        for language in self.templates.languages:
            for kind in Kind:
                try:
                    self._rendered(Letter(kind, f"nobody@{self.domain}", _SAMPLE, language))
                except MailError as error:
                    fix = (
                        "Mend that template or catalogue; the package's own lie in guardhouse/templates/mail."
                    )
                    raise ConfigError(f"mail/{kind} in {language}", error.trouble, fix) from error

    def _rendered(self, letter: Letter) -> tuple[str, str, str]:
        """Fill in text and HTML; the first line of the text is the subject."""
        link = letter.values.get("link")
        if link is not None and not usable_link(link):
            raise MailError(letter.kind, "its link is no https address")
        values = {name: value if name == "link" else _plain(value) for name, value in letter.values.items()}
        known = {**values, "app_name": self.app_name, "words_of_letter": f"mail/{letter.kind}.words"}
        text, html = (self._filled(letter, ending, known) for ending in ("txt", "html"))
        subject, _, body = text.strip().partition("\n")
        if not subject.isprintable() or not body.strip():
            raise MailError(letter.kind, "its text is not a subject in one line, an empty line, and a body")
        return subject, body.strip() + "\n", html

    def _filled(self, letter: Letter, ending: str, values: Mapping[str, object]) -> str:
        try:
            names = (f"mail/{letter.kind}.{ending}", f"mail/letter.{ending}")
            return self.templates.render(names, values, letter.language)
        except TemplateError as error:
            raise MailError(letter.kind, f"{ending}: {type(error).__name__}: {error}") from error
        except (
            Exception
        ) as error:  # a template of the application's may raise anything, and say what it was given
            raise MailError(letter.kind, f"{ending}: {type(error).__name__}") from error


def _own(key: str, address: str) -> str:
    known = one_address(address)
    if known is None:
        raise ConfigError(
            key, address, "Write one address without a name, such as no-reply@shop.example.com."
        )
    return known


def _plain(value: Value) -> Value:
    """Keep a text to one short line of what can be seen."""
    if not isinstance(value, str):
        return value
    return "".join(sign if sign.isprintable() else " " for sign in value[:LONGEST_VALUE])
