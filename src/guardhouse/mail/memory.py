"""Letters kept in memory, newest last: for tests and the demo."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from guardhouse.mail.letter import Letter
from guardhouse.mail.stamp import stamped
from guardhouse.mail.writer import Writer

__all__ = ["MemoryMailer"]


class MemoryMailer:
    """Keep the last letters in place of sending them; a deque takes and drops them in one step, so nothing is locked.

    With a writer each is written out before, so that a test meets what a mail server would not be given.
    """

    for_development: ClassVar[bool] = True

    def __init__(self, writer: Writer | None = None, *, keep: int = 100) -> None:
        self._writer = writer
        self._kept: deque[Letter] = deque(maxlen=keep)

    @property
    def letters(self) -> tuple[Letter, ...]:
        """All that are kept, oldest first."""
        return tuple(self._kept)

    def to(self, address: str) -> tuple[Letter, ...]:
        """Those to one address, oldest first."""
        return tuple(letter for letter in self._kept if letter.to == address)

    def clear(self) -> None:
        """Forget them all."""
        self._kept.clear()

    def check(self) -> None:
        """Write every letter in every language once; raise `ConfigError` for the first that a template of yours spoils."""
        if self._writer is not None:
            self._writer.check()

    async def send(self, letter: Letter) -> None:
        """Keep it."""
        if self._writer is not None:
            stamped(self._writer, letter)
        self._kept.append(letter)
