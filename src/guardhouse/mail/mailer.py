"""Who carries a letter: one verb, and a mark for those that are for development only."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from guardhouse.errors import ConfigError
from guardhouse.mail.letter import Letter

__all__ = ["Checks", "Mailer", "refuse_in_production"]


class Mailer(Protocol):
    """Carries letters out of the house."""

    async def send(self, letter: Letter) -> None:
        """Hand the letter over, or raise `MailError`, which names neither address nor link."""
        ...


@runtime_checkable
class Checks(Protocol):
    """A mailer that can tell before the first letter whether its templates can be filled in."""

    def check(self) -> None:
        """Raise `ConfigError`, with what, where and the next step, where one cannot."""
        ...


def refuse_in_production(mailer: object, *, debug: bool) -> None:
    """Stop the start where letters would go nowhere, or their links to whoever reads the output."""
    if not debug and getattr(mailer, "for_development", False):
        fix = "It is for development, with debug=True; in production hand in SmtpMailer(...) or a mailer of your own."
        raise ConfigError("mail", type(mailer).__name__, fix)
