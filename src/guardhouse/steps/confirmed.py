"""The step that asks for a password given a moment ago: `Confirmed()`, `password.confirm`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from guardhouse.core.area import Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit
from guardhouse.state.session import CONFIRMED
from guardhouse.steps.oneself import acted

ALIAS = "password.confirm"
WITHIN = timedelta(hours=3)

REMEMBERED = "remembered"
"""The proof of a login that a device gave and nobody at it, so that its moment is none of a proof."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Let in who gave his password within that time, at the login or through `auth.confirm(password)`.

    `go_to` is the page at which a person is asked for it; a program hears 403. A token proves that somebody once had a
    password, not that he has it now, so no token is let in.
    """

    within: timedelta = WITHIN
    go_to: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(cast("object", self.within), timedelta) or self.within <= timedelta(0):
            fix = "A confirmation lasts for some time: Confirmed(timedelta(minutes=15))."
            raise ConfigError(ALIAS, self.within, fix)

    @property
    def name(self) -> str:
        """Write it as an alias."""
        seconds = "" if self.within == WITHIN else f",{self.within.total_seconds():.0f}"
        return f"{ALIAS}:{self.go_to or ''}{seconds}".rstrip(":")

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=(Reason.CONFIRMATION_NEEDED, Reason.IMPERSONATED)),)

    async def __call__(self, visit: Visit) -> Deny | None:
        """Look at when the password was given last. Whoever acts in a user's place knows none of his."""
        if acted(visit):
            return Deny(self.name, Reason.IMPERSONATED)
        if await proven_within(visit, self.within):
            return None
        evidence: dict[str, object] = {"within": str(self.within)}
        return Deny(
            self.name, Reason.CONFIRMATION_NEEDED, evidence | ({"go_to": self.go_to} if self.go_to else {})
        )


async def proven_within(visit: Visit, within: timedelta) -> bool:
    """Whether the caller proved himself within that time: at his login, unless a device remembered it, or since."""
    given = await _last_given(visit)
    return given is not None and visit.parts.clock() - given < within.total_seconds()


async def _last_given(visit: Visit) -> float | None:
    caller = visit.caller
    if not isinstance(caller, Identity) or caller.how != "session" or caller.since is None:
        return None
    marks: dict[str, object] = (await visit.carried.open()).get(CONFIRMED, {})
    marked = marks.get(f"{caller.provider}:{caller.user_id}")
    moments = [marked] if isinstance(marked, int | float) else []
    if REMEMBERED not in caller.proofs.split():
        moments.append(caller.since)
    return max(moments, default=None)


def read_confirmed(parameters: str) -> Confirmed:
    """Read what stands behind `password.confirm:`, the page to go to and the seconds for which a password counts."""
    go_to, _, seconds = parameters.partition(",")
    if seconds and not (seconds.isascii() and seconds.isdigit()):
        raise ConfigError(
            ALIAS, parameters, "Write the page and whole seconds: password.confirm:/confirm,10800."
        )
    within = timedelta(seconds=int(seconds)) if seconds else WITHIN
    return Confirmed(within, go_to or None)
