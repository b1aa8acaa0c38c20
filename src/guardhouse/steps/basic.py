"""The step that keeps a login after Basic has proven somebody: `BasicLogin()`, `auth.basic`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guardhouse.auth import Auth
from guardhouse.core.area import Area, Step
from guardhouse.core.guard import Guard
from guardhouse.core.stack import derive
from guardhouse.core.verdict import Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit
from guardhouse.guards.basic import BasicGuard
from guardhouse.guards.session import SessionGuard


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """Log in whom a Basic guard has just let in, so that his next request needs no password, and costs none.

    `guard` is a session guard of the house, over the same users, which the area should ask too: that is what
    `house.layer("auth.basic:web")` makes of it. Without this step Basic is checked each time, which the system of the thread calls
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


def with_basic(guards: Mapping[str, Guard], session: str, key: str, text: str) -> tuple[str, ...]:
    """Name a session guard and the Basic guards over the same users. Raise `ConfigError` where there are none."""
    keeps = guards.get(session)
    basic = [name for name, guard in guards.items() if isinstance(guard, BasicGuard)]
    same = [name for name in basic if keeps is not None and guards[name].provider == keeps.provider]
    if not isinstance(keeps, SessionGuard) or not same:
        fix = f'It needs a session guard, and a guard of driver "basic" over the same users; of that there is {basic or "none"}.'
        raise ConfigError(key, text, fix)
    return (session, *same)
