"""The step that asks how a login was proven: `Factors(2)`, `factors:2`, `factors:totp,passkey`."""

from __future__ import annotations

from dataclasses import dataclass
from re import compile as pattern

from guardhouse.core.area import Step
from guardhouse.core.proofs import strength
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.gate.visit import Visit

ALIAS = "factors"
MOST = 2

_PROOF = pattern(r"[a-z][a-z0-9_-]{0,31}").fullmatch


@dataclass(frozen=True, slots=True, init=False)
class Factors:
    """Let in whose login was proven well enough: by one or two factors, or by one of these proofs.

    `go_to` is the page at which a person gives what is missing; a program hears 403. Whoever acts in a user's place
    counts by his own proofs. A token proves nothing here: nobody knows who holds it.
    """

    needed: int | tuple[str, ...]
    go_to: str | None

    def __init__(self, *needed: int | str, go_to: str | None = None) -> None:
        object.__setattr__(self, "needed", _checked(needed))
        object.__setattr__(self, "go_to", go_to)

    @property
    def name(self) -> str:
        """Write it as an alias."""
        words = [str(self.needed)] if isinstance(self.needed, int) else [*self.needed]
        return f"{ALIAS}:{','.join([*words, *([self.go_to] if self.go_to else [])])}"

    def steps(self) -> tuple[Step, ...]:
        """Return the one step, after the guards."""
        return (Step(self.name, self, says=(Reason.FACTORS_MISSING,)),)

    def __call__(self, visit: Visit) -> Deny | None:
        """Look at the proofs of the login."""
        given = _given(visit)
        if self._enough(given):
            return None
        evidence: dict[str, object] = {"needed": self._asked(), "given": ", ".join(given) or "none"}
        return Deny(
            self.name, Reason.FACTORS_MISSING, evidence | ({"go_to": self.go_to} if self.go_to else {})
        )

    def _asked(self) -> str:
        if isinstance(self.needed, int):
            return "two factors" if self.needed == MOST else "one factor"
        return " or ".join(self.needed)

    def _enough(self, given: tuple[str, ...]) -> bool:
        if isinstance(self.needed, int):
            return strength(given) >= self.needed
        return any(proof in given for proof in self.needed)


def read_factors(parameters: str) -> Factors:
    """Read what stands behind `factors:`, a number or the names of proofs, and the page to go to."""
    words = [word.strip() for word in parameters.split(",")] if parameters else []
    pages = [word for word in words if word.startswith("/")]
    proofs = [word for word in words if word not in pages]
    numbers = [int(word) for word in proofs if word.isascii() and word.isdigit()]
    if len(pages) > 1 or (numbers and len(proofs) > 1):
        raise ConfigError(
            ALIAS, parameters, "Write one number or several proofs, and one page: factors:2,/step-up."
        )
    return Factors(*(numbers or proofs), go_to=pages[0] if pages else None)


def _given(visit: Visit) -> tuple[str, ...]:
    caller = visit.caller
    if not isinstance(caller, Identity) or caller.how != "session":
        return ()
    return tuple((caller.behind or caller).proofs.split())


def _checked(needed: tuple[object, ...]) -> int | tuple[str, ...]:
    fix = "Say how many factors, Factors(2), or which proofs, one of which is enough: Factors('totp', 'passkey')."
    if len(needed) == 1 and isinstance(needed[0], int) and not isinstance(needed[0], bool):
        if 1 <= needed[0] <= MOST:
            return needed[0]
        raise ConfigError(ALIAS, needed[0], f"A person has {MOST} factors at most. {fix}")
    names = tuple(one for one in needed if isinstance(one, str) and _PROOF(one))
    if not names or len(names) < len(needed):
        raise ConfigError(ALIAS, needed, fix)
    return names
