"""A place of routes with one promise: who may be asked there, what else runs, and how it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from guardhouse.core.verdict import Deny
from guardhouse.errors import ConfigError

Phase: TypeAlias = Literal["before guards", "after guards"]
PHASES: tuple[Phase, ...] = ("before guards", "after guards")

Answers: TypeAlias = Literal["auto", "json", "page"]
ANSWERS: tuple[Answers, ...] = ("auto", "json", "page")


@dataclass(frozen=True, slots=True)
class Step:
    """One more check that an application or a package adds to a stack, at a named phase.

    `run` is called with the visit and returns None to let it pass, or a `Deny`. It may be a plain or an async
    function. *after guards* it can read the visit's identity; *before guards* nobody is known yet.
    """

    name: str
    run: Callable[[Any], Deny | Awaitable[Deny | None] | None]
    phase: Phase = "after guards"

    def __post_init__(self) -> None:
        if self.phase not in PHASES:
            raise ConfigError(f"step {self.name}", self.phase, f"A phase is one of {', '.join(PHASES)}.")


@dataclass(frozen=True, slots=True)
class Note:
    """A line of a stack that runs nothing: it says what became of a name in the configuration."""

    name: str
    because: str


@dataclass(frozen=True, slots=True)
class Area:
    """A place of routes with one promise.

    `guards` are names of the house's guards; the order in which they are asked follows from what they need, not
    from this tuple. `answers`: *json* always refuses with a problem document, *page* sends people to the login,
    *auto* does what the request asks for.
    """

    guards: tuple[str, ...]
    answers: Answers = "auto"
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        if not self.guards:
            raise ConfigError(
                "area.guards", self.guards, "Name at least one guard, or mark its routes public."
            )
        if len(set(self.guards)) < len(self.guards):
            raise ConfigError("area.guards", self.guards, "Name each guard once.")
        if self.answers not in ANSWERS:
            raise ConfigError("area.answers", self.answers, f"It is one of {', '.join(ANSWERS)}.")
