"""From an identity to the application's own user, once per visit; a login that has lost its user or password, or whose user is disabled, is stale."""

from __future__ import annotations

from typing import Any, TypeAlias

from guardhouse.core.events import Authenticated
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Identity
from guardhouse.gate.parts import Parts
from guardhouse.state import fingerprint

Users: TypeAlias = dict[tuple[str, str, str | None], Any]
"""Who was looked up during one visit, by provider, id and the fingerprint of the login."""


async def user_of(parts: Parts, identity: Identity, known: Users) -> Any:  # noqa: ANN401 - the application's own type
    """Find a user, unless he is known by now; a `Deny` when the login has lost its user or its password, or he is disabled.

    Raises `StoreError` when the provider cannot be asked.
    """
    if identity.behind is not None:  # it ends with the login of whoever acts here, and for the same reasons
        lost = await user_of(parts, identity.behind, known)
        if isinstance(lost, Deny):
            return Deny(
                lost.by, lost.reason, {**lost.evidence, "whose": "of whoever acts in this user's place"}
            )
    name = name_of(identity)
    found = known.get(name)
    if found is not None:
        return found
    provider = parts.providers[identity.provider]
    user = await provider.by_id(identity.user_id)
    if user is None:
        known[name] = Deny(identity.guard, Reason.USER_MISSING, {"provider": identity.provider})
    elif (fit := _fit(parts, identity, provider.password_of(user))) != "fits":
        known[name] = Deny(identity.guard, *unfit(parts, fit, identity.fingerprint or ""))
    elif (disabled := parts.disabled.get(identity.provider)) is not None and disabled(user):
        known[name] = Deny(identity.guard, Reason.USER_DISABLED, {"provider": identity.provider})
    else:
        known[name] = user
        if Authenticated in parts.heard:
            await parts.emit(Authenticated(identity.guard, user))
    return known[name]


def name_of(identity: Identity) -> tuple[str, str, str | None]:
    """Name a login, as far as it makes a difference whom it stands for."""
    return identity.provider, identity.user_id, identity.fingerprint


def _fit(parts: Parts, identity: Identity, stored: str | None) -> fingerprint.Fit:
    """Say whether a login is still bound to the password that it was made with."""
    taken = identity.fingerprint
    if taken is None:
        return "fits"
    return "another password" if stored is None else fingerprint.weigh(parts.logins, taken, stored)


def unfit(parts: Parts, fit: fingerprint.Fit, taken: str) -> tuple[Reason, dict[str, object]]:
    """Word what is wrong with the binding of a login: only the first is the user's own doing."""
    version, key_id = fingerprint.marks(taken)
    if fit == "another password":
        return Reason.PASSWORD_CHANGED, {}
    if fit == "unknown key":
        return Reason.LOGIN_KEY_UNKNOWN, {"key": key_id, "signs": parts.logins.key_id}
    return Reason.LOGIN_FORMAT_UNKNOWN, {"format": version or "none", "reads": fingerprint.VERSION}
