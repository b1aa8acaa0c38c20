"""What is asked of users when a house is built: that they have a power, or an error that says what is missing for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from guardhouse.errors import ConfigError

__all__ = ["check_power"]


def check_power(power: type[object], users: object, *, wanted_by: str, called: str = "users") -> None:
    """Raise `ConfigError` where these users have no such power: `Registers`, `SetsPassword`, `HasAddress`, `Disables`.

    It names the column, where the users say by `lacks` which they would need, or else the methods.
    """
    if not isinstance(users, power):
        found = f"{called}: {type(users).__name__} without {power.__name__}"
        raise ConfigError(wanted_by, found, f"Missing is {_missing(power, users)}.")


def _missing(power: type[object], users: object) -> str:
    lacks = getattr(users, "lacks", None)
    if isinstance(lacks, Mapping) and power.__name__ in lacks:
        return str(cast("Mapping[str, str]", lacks)[power.__name__])
    methods = [name for name in vars(power) if not name.startswith("_") and not hasattr(users, name)]
    return f"the method {' and '.join(methods)}, as in guardhouse.core.provider.{power.__name__}"
