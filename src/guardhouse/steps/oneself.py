"""The step that lets in who came himself, and nobody who acts in his place: `Oneself()`, `oneself`."""

from __future__ import annotations

from dataclasses import dataclass

from guardhouse.core.area import Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit

ALIAS = "oneself"


@dataclass(frozen=True, slots=True)
class Oneself:
    """Keep whoever impersonates away from what is the user's own to do: his password, his address, his factors."""

    @property
    def name(self) -> str:
        """Write it as an alias."""
        return ALIAS

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=(Reason.IMPERSONATED,)),)

    def __call__(self, visit: Visit) -> Deny | None:
        """Look at who acts."""
        return Deny(self.name, Reason.IMPERSONATED) if acted(visit) else None


def acted(visit: Visit) -> bool:
    """Whether somebody acts in the caller's place."""
    return isinstance(visit.caller, Identity) and visit.caller.behind is not None


def read_oneself(parameters: str) -> Oneself:
    """Read the alias, which has no parameters."""
    if parameters:
        raise ConfigError(ALIAS, parameters, "It takes nothing: write oneself.")
    return Oneself()
