"""How the text in a session or a login form becomes a value that a column can hold: exactly, or not at all.

Each value has one spelling, so that no two ids are one user; what is spelled otherwise reads as None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

__all__ = [
    "READERS",
    "Reader",
    "one_text",
    "read_boolean",
    "read_integer",
    "read_text",
    "read_uuid",
    "read_uuid_text",
]

Reader: TypeAlias = Callable[[str], object | None]

MAXIMUM_CHARACTERS = 1024
MAXIMUM_DIGITS = 19
LARGEST_INTEGER = 2**63 - 1
BOOLEANS: Mapping[str, bool] = MappingProxyType({"1": True, "true": True, "0": False, "false": False})


def read_integer(text: str) -> int | None:
    """Read what `str` makes of an integer that a database can hold."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAXIMUM_DIGITS):
        return None
    value = int(text)
    return value if str(value) == text and abs(value) <= LARGEST_INTEGER else None


def read_uuid(text: str) -> UUID | None:
    """Read what `str` makes of a UUID."""
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None


def read_uuid_text(text: str) -> str | None:
    """Read a UUID for a column that hands it out as text, in whichever letter case it is kept there."""
    return text if read_uuid(text.lower()) is not None else None


def read_text(text: str) -> str | None:
    """Take text as it is, if it is any."""
    return text if text and len(text) <= MAXIMUM_CHARACTERS and text.isprintable() else None


def read_boolean(text: str) -> bool | None:
    """Read the four words a form or a configuration has for yes and no."""
    return BOOLEANS.get(text)


def one_text(stored: object, asked: object, *, cased: bool = True) -> bool:
    """Whether a row that a database found has the text that was asked for; other values it compares as we do.

    A collation may take `é` for `e` or `A` for `a`, and not count spaces at the end, with which CHAR(n) is filled up.
    """
    if not (isinstance(stored, str) and isinstance(asked, str)):
        return True
    stored, asked = stored.rstrip(" "), asked.rstrip(" ")
    return stored == asked or (not cased and stored.lower() == asked.lower())


READERS: Mapping[type, Reader] = MappingProxyType(
    {bool: read_boolean, int: read_integer, str: read_text, UUID: read_uuid},
)
