"""From an identity to the application's own user, once per visit; a login that has lost its user or password is stale."""

from __future__ import annotations

from typing import Any, TypeAlias

from guardhouse.core.events import Authenticated
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Identity
from guardhouse.parts import Parts
from guardhouse.state import fingerprint

Users: TypeAlias = dict[tuple[str, str, str | None], Any]
"""Who was looked up during one visit, by provider, id and the fingerprint of the login."""


async def user_of(parts: Parts, identity: Identity, known: Users) -> Any:  # noqa: ANN401 - the application's own type
    """Find a user, unless he is known by now; a `Deny` when the login has lost its user or its password.

    Raises `StoreError` when the provider cannot be asked.
    """
    name = name_of(identity)
    found = known.get(name)
    if found is not None:
        return found
    provider = parts.providers[identity.provider]
    user = await provider.by_id(identity.user_id)
    if user is None:
        known[name] = Deny(identity.guard, Reason.USER_MISSING, {"provider": identity.provider})
    elif not _fits(parts, identity, provider.password_of(user)):
        known[name] = Deny(identity.guard, Reason.PASSWORD_CHANGED)
    else:
        known[name] = user
        if Authenticated in parts.heard:
            await parts.emit(Authenticated(identity.guard, user))
    return known[name]


def name_of(identity: Identity) -> tuple[str, str, str | None]:
    """Name a login, as far as it makes a difference whom it stands for."""
    return identity.provider, identity.user_id, identity.fingerprint


def _fits(parts: Parts, identity: Identity, stored: str | None) -> bool:
    """Whether a login is still bound to the password that it was made with."""
    taken = identity.fingerprint
    return taken is None or (stored is not None and fingerprint.fits(parts.logins, taken, stored))
