"""What a package relies on where it is mounted, held against the stack that it really gets.

A group of names promises nothing: when the one line that asked who calls was taken out of such a group, every package
that relied on its name stood open (causes: a package public after an upgrade). A promise is checked instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from guardhouse.core.area import Area
from guardhouse.core.stack import Stack

__all__ = ["NeedsCsrf", "NeedsIdentity", "NeedsRule", "NeedsSession", "NeedsStep", "Promise"]


class Promise(Protocol):
    """One thing that a package relies on. A package may have promises of its own kind."""

    @property
    def name(self) -> str:
        """Say what is relied on, in a word or two."""
        ...

    @property
    def fix(self) -> str:
        """Say what whoever mounts the package must do when it is broken."""
        ...

    def kept(self, area: Area, stack: Stack) -> bool:
        """Whether the area, and the stack derived from it, keep it."""
        ...


@dataclass(frozen=True, slots=True)
class NeedsIdentity:
    """Nobody gets in without being known; and it is a user, unless programs are welcome to the package too."""

    clients: bool = False
    name: str = "identity"
    fix: str = "Let the area ask a guard, for users and not for guests: mount(..., guards=('web',))."

    def kept(self, area: Area, stack: Stack) -> bool:
        """Whether somebody is asked, and only who is known gets in."""
        return bool(area.guards) and not stack.guests and (self.clients or not stack.clients)


@dataclass(frozen=True, slots=True)
class NeedsCsrf:
    """No other site can make a browser act here; so it is wherever browsers prove anything by themselves."""

    name: str = "csrf"
    fix: str = (
        "Ask a guard that the origin check stands before, or one that reads what callers send on purpose."
    )

    def kept(self, area: Area, stack: Stack) -> bool:  # noqa: ARG002 - it follows from the guards alone
        """Whether the origin check stands before everything that browsers send by themselves."""
        return stack.origin or not stack.ambient


@dataclass(frozen=True, slots=True)
class NeedsSession:
    """The package keeps things in the visitor's session."""

    name: str = "session"
    fix: str = "Let the area ask a session guard: mount(..., guards=('web',))."

    def kept(self, area: Area, stack: Stack) -> bool:  # noqa: ARG002 - it follows from the guards alone
        """Whether a session is read here."""
        return stack.session


@dataclass(frozen=True, slots=True)
class NeedsRule:
    """The named rule is asked of everybody who gets in."""

    rule: str

    @property
    def name(self) -> str:
        """Say which rule."""
        return f"rule {self.rule}"

    @property
    def fix(self) -> str:
        """Say how a rule comes into a stack."""
        return f"Leave Can({self.rule!r}) among the steps; define another answer of that rule if it shall say something else."

    def kept(self, area: Area, stack: Stack) -> bool:  # noqa: ARG002 - the steps say it
        """Whether a step asks this rule, without arguments that could make it another question."""
        return any(
            getattr(step, "ability", None) == self.rule and not getattr(step, "arguments", ())
            for step in area.steps
        )


@dataclass(frozen=True, slots=True)
class NeedsStep:
    """A step of that name runs, such as one of the package's own."""

    step: str

    @property
    def name(self) -> str:
        """Say which step."""
        return f"step {self.step}"

    @property
    def fix(self) -> str:
        """Say that it must stay."""
        return f"Leave the step {self.step!r} in the area."

    def kept(self, area: Area, stack: Stack) -> bool:  # noqa: ARG002 - the steps say it
        """Whether it is there."""
        return any(step.name == self.step for step in area.steps)
