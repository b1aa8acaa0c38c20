"""A value that nothing prints, logs, pickles or serialises by accident."""

from __future__ import annotations

import hmac
import secrets
from typing import NoReturn

__all__ = ["SECRET_PREFIX", "Secret", "generate_secret"]

SECRET_PREFIX = "ghs_"  # noqa: S105 - not a secret; it lets secret scanners recognise a leaked key
SECRET_BYTES = 32
HIDDEN = "Secret(hidden)"


class Secret:
    """Hide a value until somebody asks for it by the word `reveal`."""

    __slots__ = ("_hidden",)

    # A hash would be an oracle for the value inside a process that compares them in dictionaries.
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: str | bytes) -> None:
        # A plain encode() would raise an error that carries the value.
        self._hidden = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """Hand out the value; every call of this is a place to review."""
        return self._hidden

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, format_spec: str) -> str:
        return format(HIDDEN, format_spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._hidden, other._hidden)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        # `dataclasses.asdict` copies deeply; a configuration may pass through it and stay hidden.
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled: keep what it was made from where secrets are kept")


def generate_secret() -> str:
    """Make a new key of 256 random bits, ready to be put into the environment."""
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
