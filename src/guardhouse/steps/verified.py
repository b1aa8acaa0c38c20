"""The step that asks for a verified address: `Verified()`, `verified`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guardhouse.core.area import Step
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit


@dataclass(frozen=True, slots=True)
class Verified:
    """Let in users whose address is verified. `by` names the attribute that says so, or is a function of the user.

    `go_to` is the page to which a person is led who has not verified it yet; a program hears 403. A program that calls
    in its own name has no address, and is refused.
    """

    by: str | Callable[[Any], object] = "email_verified_at"
    go_to: str | None = None

    @property
    def name(self) -> str:
        """Write it as an alias."""
        return f"verified:{self.go_to}" if self.go_to else "verified"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=(Reason.USER_NOT_VERIFIED,)),)

    async def __call__(self, visit: Visit) -> Deny | None:
        """Look at the user. Raise `ConfigError` where he has no such attribute."""
        user = await visit.user(visit.caller) if isinstance(visit.caller, Identity) else None
        if isinstance(user, Deny):
            return user
        if user is not None and self._says(user):
            return None
        return Deny(self.name, Reason.USER_NOT_VERIFIED, {} if self.go_to is None else {"go_to": self.go_to})

    def _says(self, user: object) -> bool:
        if not isinstance(self.by, str):
            return bool(self.by(user))
        if not hasattr(user, self.by):
            fix = "Say by what a verified user is known: Verified(by='...'), or a function of the user."
            raise ConfigError("verified", f"{type(user).__name__} without {self.by}", fix)
        return bool(getattr(user, self.by))


def read_verified(parameters: str) -> Verified:
    """Read what stands behind `verified:`, the page to go to."""
    return Verified(go_to=parameters or None)
