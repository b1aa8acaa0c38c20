"""Letters on the terminal, links and all: for development only, and a house that is not in debug refuses it."""

from __future__ import annotations

import sys
from typing import ClassVar, TextIO

from guardhouse.mail.letter import Letter
from guardhouse.mail.stamp import stamped
from guardhouse.mail.writer import Writer

__all__ = ["ConsoleMailer"]


class ConsoleMailer:
    """Print the text of every letter."""

    for_development: ClassVar[bool] = True

    def __init__(self, writer: Writer, out: TextIO | None = None) -> None:
        self._writer = writer
        self._out = out

    def check(self) -> None:
        """Write every letter in every language once; raise `ConfigError` for the first that a template of yours spoils."""
        self._writer.check()

    async def send(self, letter: Letter) -> None:
        """Print it to standard error, or where the mailer was told to."""
        message = stamped(self._writer, letter)
        body = message.get_body(("plain",))
        text = body.get_content() if body is not None else ""
        out = sys.stderr if self._out is None else self._out
        out.write(f"\n-- letter to {message['To']}: {message['Subject']}\n\n{text}\n")
        out.flush()
