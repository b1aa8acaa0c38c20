"""What the world adds to a letter when it leaves: the moment, and a name that no other has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

from guardhouse.mail.letter import Letter
from guardhouse.mail.writer import Writer

Clock = Callable[[], datetime]


def now() -> datetime:
    """Say the moment."""
    return datetime.now(UTC)


def stamped(writer: Writer, letter: Letter, clock: Clock = now) -> EmailMessage:
    """Write a letter out, to be sent now."""
    message_id = f"<{secrets.token_hex(16)}@{writer.domain}>"
    return writer.write(letter, message_id=message_id, date=clock())
