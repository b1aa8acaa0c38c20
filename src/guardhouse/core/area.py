"""A place of routes with one promise: who may be asked there, what else runs, and how it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from guardhouse.core.reason import Reason
from guardhouse.core.verdict import Deny, Pass
from guardhouse.errors import ConfigError

Phase: TypeAlias = Literal["before guards", "after guards", "refused"]
PHASES: tuple[Phase, ...] = ("before guards", "after guards", "refused")

Answers: TypeAlias = Literal["auto", "json", "page"]
ANSWERS: tuple[Answers, ...] = ("auto", "json", "page")


Undeclared: TypeAlias = Literal["refuse", "open"]
"""What becomes of routes that stand in no area and are not said to be public."""
UNDECLARED: tuple[Undeclared, ...] = ("refuse", "open")


@dataclass(frozen=True, slots=True)
class Step:
    """One more check that an application or a package adds to a stack, at a named phase.

    `run` is called with the visit and returns None to let it pass, or a `Deny`. It may be a plain or an async
    function. *after guards* it can read who was let in, as `visit.caller`; *before guards* nobody is known yet.
    *refused* runs when the guards said no, to take note of it: nothing that it says changes the answer.
    """

    name: str
    run: Callable[[Any], Deny | Awaitable[Deny | None] | None]
    phase: Phase = "after guards"
    says: tuple[Reason, ...] = (Reason.STEP_REFUSED,)
    """The reasons that it may give, for OpenAPI."""

    def __post_init__(self) -> None:
        if self.phase not in PHASES:
            raise ConfigError(f"step {self.name}", self.phase, f"A phase is one of {', '.join(PHASES)}.")


class Stacked(Protocol):
    """What an area may hold besides plain steps: one thing with a name that stands for one or more of them.

    Steps of a kind that come with guardhouse (`Throttle`, `Can`, `Signed` ...) are frozen values of this shape, and
    so may be yours.
    """

    @property
    def name(self) -> str:
        """Say what stands in a printed stack, in the way an alias is written: `throttle:60,1`."""
        ...

    def steps(self) -> tuple[Step, ...]:
        """Return the steps that it stands for, at their phases; equal ones run once per visit."""
        ...


def is_step(step: object) -> bool:
    """Whether an area may hold this: no class that was not called, no bare function, no text."""
    return isinstance(step, Step) or (not isinstance(step, type) and callable(getattr(step, "steps", None)))


def shown(step: object) -> str:
    """Show in an error what is no step."""
    return step.__name__ if isinstance(step, type) else f"{step!r}, which is {type(step).__name__}"


def flat(steps: Iterable[Step | Stacked]) -> Iterator[Step]:
    """List the steps themselves."""
    for step in steps:
        if isinstance(step, Step):
            yield step
        else:
            yield from step.steps()


def verdict_of(step: Step, said: object) -> Pass | Deny:
    """Read what a step says. Anything but its two words could be meant as a no, so it lets nobody pass."""
    if said is None:
        return Pass(step.name, Reason.STEP_PASSED)
    if isinstance(said, Deny):
        return Deny(step.name, said.reason, {"step": step.name, **said.evidence})
    raise ConfigError(f"step {step.name}", type(said).__name__, "A step returns None to let pass, or a Deny.")


def for_guests(step: Step | Stacked) -> bool:
    """Whether this is the marker of an area that lets in guests only."""
    return bool(getattr(step, "guests", False))


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
    *auto* does what the request asks for. With `guests` the area turns the promise round: whoever is logged in is
    sent away, as from a login page.
    """

    guards: tuple[str, ...]
    answers: Answers = "auto"
    steps: tuple[Step | Stacked, ...] = ()
    notes: tuple[Note, ...] = ()
    guests: bool = False
    clients: bool = False
    """Whether programs that call in their own name are welcome; a guard may know such, and they are no users."""

    def __post_init__(self) -> None:
        if not self.guards:
            raise ConfigError(
                "area.guards", self.guards, "Name at least one guard, or mark its routes public."
            )
        if len(set(self.guards)) < len(self.guards):
            raise ConfigError("area.guards", self.guards, "Name each guard once.")
        for step in self.steps:
            if not is_step(step):
                fix = "A step is a value: Throttle(60), Can('admin'), Step('mine', function)."
                raise ConfigError("area.steps", shown(step), fix)
        if self.answers not in ANSWERS:
            raise ConfigError("area.answers", self.answers, f"It is one of {', '.join(ANSWERS)}.")
