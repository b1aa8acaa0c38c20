"""A part of a site that somebody else wrote: its routes, the area that they stand in, and what they rely on there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from guardhouse.core.area import Answers, Area, Note, Stacked, Step
from guardhouse.core.events import Serving
from guardhouse.core.promise import NeedsCsrf, NeedsIdentity, Promise
from guardhouse.core.stack import Stack
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit

SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Package:
    """A package area. `routes` is called with the house and returns Starlette routes, relative to where it is mounted.

    `guards` are names that the package proposes; without any it is the default guard of the application. `steps` run
    after the guards and after the event `Serving`, in their order: load what only this package needs, then ask who
    may. `promises` are checked against the stack that an application makes of it, at the moment it is mounted.
    """

    name: str
    routes: Callable[[Any], Sequence[Any]] = field(repr=False)
    guards: tuple[str, ...] = ()
    steps: tuple[Step | Stacked, ...] = ()
    promises: tuple[Promise, ...] = (NeedsIdentity(), NeedsCsrf())
    answers: Answers = "auto"

    def area(
        self,
        guards: Sequence[str],
        steps: Sequence[Step | Stacked] = (),
        without: Sequence[str] = (),
    ) -> Area:
        """Return the area that an application makes of it: other guards, more steps, or fewer."""
        own = (Step(SERVING, partial(_serving, self.name)), *self.steps)
        for name in without:
            if name not in [step.name for step in own]:
                fix = f"Its steps are: {', '.join(step.name for step in own)}."
                raise ConfigError(f"package {self.name}, without", name, fix)
        kept = tuple(step for step in own if step.name not in without)
        notes = tuple(
            Note(f"promise {one.name}", f"package {self.name} relies on it") for one in self.promises
        )
        return Area(guards=tuple(guards), answers=self.answers, steps=(*kept, *steps), notes=notes)

    def refuse_broken(self, area: Area, stack: Stack) -> None:
        """Raise `ConfigError` for the first promise that the stack does not keep."""
        for promise in self.promises:
            if not promise.kept(area, stack):
                found = f"a stack without {promise.name}"
                raise ConfigError(f"package {self.name}", found, f"The package relies on it. {promise.fix}")


async def _serving(package: str, visit: Visit) -> None:
    await visit.parts.emit(Serving(package, visit.facts.path))
