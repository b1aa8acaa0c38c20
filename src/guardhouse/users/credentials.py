"""What of the credentials handed in may become a question to the users' table, and whether any may."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

__all__ = ["askable", "fold_login", "wanted"]

SECRET_WORDS = ("password", "passphrase", "secret")
MAXIMUM_CHARACTERS = 1024

log = logging.getLogger("guardhouse.users")


def fold_login(typed: str) -> str:
    """Fold what people type into their login field: outer spaces and letter case do not count."""
    return typed.strip().casefold()


def wanted(handed_in: Mapping[str, object], login: str, narrow_by: Collection[str]) -> dict[str, str] | None:
    """Keep the fields to look for; None when the question must not be asked at all.

    A list would be a set of guesses, a null would match an empty column, and a condition that nobody declared
    would be dropped in silence: each is answered with nobody.
    """
    asked = {key: value for key, value in handed_in.items() if not _secret(key)}
    undeclared = [key for key in asked if key != login and key not in narrow_by]
    if undeclared:
        log.warning("credentials hold %r, which narrow_by does not declare: nobody is found", undeclared[0])
        return None
    texts = {key: value for key, value in asked.items() if isinstance(value, str) and askable(value)}
    return texts if login in texts and len(texts) == len(asked) else None


def _secret(key: str) -> bool:
    return any(word in key.lower() for word in SECRET_WORDS)


def askable(value: str) -> bool:
    """Refuse what no column holds: nothing, too much, control characters, half of a surrogate pair."""
    return len(value) <= MAXIMUM_CHARACTERS and value.strip() != "" and value.strip().isprintable()
