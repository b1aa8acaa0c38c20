"""The marker that turns the promise of an area round: guests only, as at a login page. `Guest()`, `guest`."""

from __future__ import annotations

from dataclasses import dataclass

from guardhouse.core.area import Step
from guardhouse.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Guest:
    """Send away who is logged in: a person to the `home_url` of the house, a program with 403."""

    guests: bool = True
    name: str = "guest"

    def steps(self) -> tuple[Step, ...]:
        """Return nothing: whom the guards believe is decided already."""
        return ()


def read_guest(parameters: str) -> Guest:
    """Read `guest`; which guards are asked, the area says."""
    if parameters:
        fix = "Name the guards beside it: house.layer('web', 'guest'), or 'auth:web' and 'guest' in a group."
        raise ConfigError("guest", parameters, fix)
    return Guest()
