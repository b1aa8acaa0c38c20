"""How often an account was tried in vain, and how long the next try must wait: a value, without clock or storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from msgspec import Struct

from guardhouse.errors import ConfigError


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """How many tries an account has in a window that begins with the first of them.

    Ten in five minutes are some three thousand guesses a day against one account, and nobody is locked out for
    longer than the window (ASVS 6.3.1).
    """

    tries: int = 10
    window: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ConfigError("attempts.tries", self.tries, "Allow at least one try.")
        if self.window <= timedelta(0):
            raise ConfigError("attempts.window", self.window, "A window must last for some time.")


class Attempts(Struct, frozen=True):
    """The tries of one account in the present window, and when that began."""

    count: int = 0
    began: float = 0.0


NO_ATTEMPTS = Attempts()


class Wait(Struct, frozen=True):
    """No try now: the seconds that `Retry-After` says."""

    seconds: int


def decide(attempts: Attempts, limit: AttemptLimit, now: float) -> Attempts | Wait:
    """Count a try in, or say how long to wait for it.

    A try counts before its password is checked, so that parallel guesses cannot slip past together. A try that
    succeeds goes back to `NO_ATTEMPTS`.
    """
    if over(attempts, limit, now):
        return Attempts(1, now)
    if attempts.count < limit.tries:
        return Attempts(attempts.count + 1, attempts.began)
    return Wait(max(1, ceil(attempts.began + limit.window.total_seconds() - now)))


def over(attempts: Attempts, limit: AttemptLimit, now: float) -> bool:
    """Whether the window is past, or was never begun; a clock set back does not lengthen it."""
    return attempts.count == 0 or not attempts.began <= now < attempts.began + limit.window.total_seconds()
