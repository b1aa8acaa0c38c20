"""What a client did, as values: when each call began and ended, and what it was told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Literal

Kind = Literal["login", "read", "write", "logout", "revoke", "once", "guess"]


class Outcome(Enum):
    """What a call came to, as far as its client can know."""

    DONE = "done"
    """It was acknowledged."""
    GONE = "gone"
    """The session was said not to be there."""
    REFUSED = "refused"
    """It was refused for a reason that has nothing to do with the session, such as a name that was used."""
    MAYBE = "maybe"
    """503, another 5xx, a broken connection or a time-out: done or not, nobody knows."""
    ODD = "odd"
    """An answer that there should not be."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one client. `session` numbers a cookie; moments are of one monotonic clock."""

    kind: Kind
    session: int
    user: str
    start: float
    end: float
    outcome: Outcome
    key: str = ""
    """Of a write or a read the key in the session, of a `once` the name, of a `guess` the account."""
    value: str | None = None
    """What was written; every written value is another one."""
    answered: str = ""
    """Whose data came back."""
    found: str | None = None
    """What a read found under its key."""
    said: str = ""
    """Status and code, for people."""

    @property
    def done(self) -> bool:
        """Whether it was acknowledged."""
        return self.outcome is Outcome.DONE

    @property
    def lasts_until(self) -> float:
        """The latest moment at which it may have taken effect."""
        return inf if self.outcome is Outcome.MAYBE else self.end
