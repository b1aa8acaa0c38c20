"""What a token must be good for: all of some abilities, or any of them. A login is good for everything its user may."""

from __future__ import annotations

from dataclasses import dataclass

from guardhouse.core.area import Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit
from guardhouse.state.token import allowed, is_ability

_SAYS = (Reason.ABILITY_MISSING,)


@dataclass(frozen=True, slots=True, init=False)
class Abilities:
    """Ask for all of these: `Abilities("read", "write")`, `abilities:read,write`."""

    needed: tuple[str, ...]

    def __init__(self, *needed: str) -> None:
        object.__setattr__(self, "needed", _checked("abilities", needed))

    @property
    def name(self) -> str:
        """Write it as an alias."""
        return f"abilities:{','.join(self.needed)}"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=_SAYS),)

    def __call__(self, visit: Visit) -> Deny | None:
        """Look at what the credential of the caller is good for."""
        granted = visit.caller.abilities if visit.caller is not None else frozenset[str]()
        missing = [ability for ability in self.needed if not allowed(granted, ability)]
        return _lacking(self.name, self.needed, granted) if missing else None


@dataclass(frozen=True, slots=True, init=False)
class AnyAbility:
    """Ask for one of these: `AnyAbility("read", "admin")`, `ability:read,admin`."""

    needed: tuple[str, ...]

    def __init__(self, *needed: str) -> None:
        object.__setattr__(self, "needed", _checked("ability", needed))

    @property
    def name(self) -> str:
        """Write it as an alias."""
        return f"ability:{','.join(self.needed)}"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=_SAYS),)

    def __call__(self, visit: Visit) -> Deny | None:
        """Look at what the credential of the caller is good for."""
        granted = visit.caller.abilities if visit.caller is not None else frozenset[str]()
        if any(allowed(granted, ability) for ability in self.needed):
            return None
        return _lacking(self.name, self.needed, granted)


def read_abilities(parameters: str) -> Abilities:
    """Read what stands behind `abilities:`."""
    return Abilities(*_words(parameters))


def read_any_ability(parameters: str) -> AnyAbility:
    """Read what stands behind `ability:`."""
    return AnyAbility(*_words(parameters))


def _words(parameters: str) -> list[str]:
    return [word.strip() for word in parameters.split(",")] if parameters else []


def _checked(alias: str, needed: tuple[str, ...]) -> tuple[str, ...]:
    if not needed or not all(map(is_ability, needed)):
        raise ConfigError(alias, needed, f"Name at least one, without spaces and quotes: {alias}:read,write.")
    return needed


def _lacking(name: str, needed: tuple[str, ...], granted: frozenset[str] | None) -> Deny:
    evidence = {"needed": " ".join(needed), "granted": " ".join(sorted(granted or ())) or "nothing"}
    return Deny(name, Reason.ABILITY_MISSING, evidence)
