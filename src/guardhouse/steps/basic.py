"""The step that keeps a login after Basic has proven somebody: `BasicLogin()`, `auth.basic`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guardhouse.auth import Auth
from guardhouse.core.area import Area, Step
from guardhouse.core.stack import derive
from guardhouse.core.verdict import Deny, Identity
from guardhouse.guards.session import SessionGuard
from guardhouse.visit import Visit


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """Log in whom a Basic guard has just let in, so that his next request needs no password, and costs none.

    `guard` is a session guard of the house, over the same users, which the area should ask too: `Area(guards=("web",
    "basic"), steps=(BasicLogin(web),))`. Without this step Basic is checked each time, which the system of the thread calls
    `onceBasic`.
    """

    guard: SessionGuard

    @property
    def name(self) -> str:
        """Write it as an alias."""
        return "auth.basic"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=()),)

    async def __call__(self, visit: Visit) -> Deny | None:
        """Log in; a page of another site was refused before Basic was asked."""
        caller = visit.caller
        if not isinstance(caller, Identity) or caller.how != "basic":
            return None
        user: Any = await visit.user(caller)
        if isinstance(user, Deny):
            return user
        stack = derive(self.name, Area(guards=(self.guard.name,)), {self.guard.name: self.guard})
        desk: Auth[Any] = Auth(visit, self.guard, stack)
        await desk.login(user)
        return None
