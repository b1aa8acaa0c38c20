"""The names under which steps are written as text, as in `can:update,post`, read into the steps they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guardhouse.core.area import Stacked
from guardhouse.steps.abilities import read_abilities, read_any_ability
from guardhouse.steps.can import read_can
from guardhouse.steps.confirmed import read_confirmed
from guardhouse.steps.factors import read_factors
from guardhouse.steps.guest import read_guest
from guardhouse.steps.oneself import read_oneself
from guardhouse.steps.signed import read_signed
from guardhouse.steps.throttle import read_throttle
from guardhouse.steps.verified import read_verified

_READERS: Mapping[str, Callable[[str], Stacked]] = {
    "abilities": read_abilities,
    "ability": read_any_ability,
    "can": read_can,
    "factors": read_factors,
    "guest": read_guest,
    "oneself": read_oneself,
    "password.confirm": read_confirmed,
    "signed": read_signed,
    "throttle": read_throttle,
    "verified": read_verified,
}
"""What reads the parameters of each."""

CLASSES: Mapping[str, str] = {
    "Authorize": "can",
    "CheckAbilities": "abilities",
    "CheckForAnyAbility": "ability",
    "CheckForAnyScope": "ability",
    "CheckScopes": "abilities",
    "EnsureEmailIsVerified": "verified",
    "RedirectIfAuthenticated": "guest",
    "RequirePassword": "password.confirm",
    "ThrottleRequests": "throttle",
    "ValidateSignature": "signed",
    "scope": "ability",
    "scopes": "abilities",
}
"""What else they are called where the thread comes from."""

ALIASES: tuple[str, ...] = tuple(_READERS)
"""What is understood, without parameters."""


def read_alias(text: str) -> Stacked | None:
    """Read one alias; None where it is none."""
    name, _, parameters = text.partition(":")
    reader = _READERS.get(CLASSES.get(name, name))
    return None if reader is None else reader(parameters)
