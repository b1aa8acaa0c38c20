"""Credentials become a user or nobody, in the same time whether there is such a user or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from guardhouse.core.events import Failed, Validated
from guardhouse.core.origin import TOKEN_FIELD
from guardhouse.core.provider import Disables, Provider
from guardhouse.gate.parts import Parts
from guardhouse.users.credentials import SECRET_WORDS

U = TypeVar("U")

PASSWORD = "password"  # noqa: S105 - the name of a field


async def authenticate(
    parts: Parts, guard: str, provider: Provider[U], credentials: Mapping[str, str]
) -> U | None:
    """Find the user and check the password; what comes of it is told in the name of the guard.

    A disabled user is as one without a password: whatever is handed in for him takes the work of a wrong one.
    """
    asked = named(credentials)
    user = await provider.by_credentials(asked)
    disabled = provider.disabled if isinstance(provider, Disables) else _nobody
    stored = provider.password_of(user) if user is not None and not disabled(user) else None
    password = _password(credentials)
    checked = await parts.passwords.check(password, stored)
    proven = user if checked.ok else None
    if proven is not None and checked.outdated:
        proven = await _rehashed(parts, provider, proven, (password, stored))
    if proven is None or disabled(proven):  # by now
        await parts.emit(Failed(guard, user, asked))
        return None
    await parts.emit(Validated(guard, proven))
    return proven


def _nobody(_: object) -> bool:
    return False


async def _rehashed(parts: Parts, provider: Provider[U], user: U, proven: tuple[str, str | None]) -> U | None:
    """Keep a fresher hash, and go on with the user as he is stored now.

    Whose password was changed meanwhile has not proven the new one: a login would outlive the change.
    """
    password, stored = proven
    fresh = await parts.passwords.hash(password)
    await provider.rehash(user, fresh)
    now = await provider.by_id(provider.id_of(user))
    return now if now is not None and provider.password_of(now) in (stored, fresh) else None


def named(credentials: object) -> dict[str, str]:
    """Keep what may name a user: no secret, which no event may hold, and not the CSRF token of a form.

    Whatever a visitor hands in may come here as it was decoded; what is no table of fields names nobody.
    """
    return {
        key: value for key, value in _fields(credentials).items() if key != TOKEN_FIELD and not _secret(key)
    }


def _secret(key: str) -> bool:
    return any(word in key.lower() for word in SECRET_WORDS)


def _password(credentials: object) -> str:
    """Read the password; what is no text is worked on as an empty one, which never fits."""
    password: object = _fields(credentials).get(PASSWORD)
    return password if isinstance(password, str) else ""


def _fields(credentials: object) -> Mapping[str, str]:
    return cast("Mapping[str, str]", credentials) if isinstance(credentials, Mapping) else {}
