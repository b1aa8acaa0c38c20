"""How often an account was tried in vain, and how long the next try must wait: a value, without clock or storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from msgspec import Struct

from guardhouse.errors import ConfigError

_NO_TIME = timedelta(0)

STRAGGLING = 60.0
"""By how many seconds a request may seem to come before the window it falls into.

Requests overtake one another, and the clocks of two machines differ. Were that taken for a clock that has been set
back, which begins a new window, parallel requests would count in none.
"""


@dataclass(frozen=True, slots=True)
class AttemptLimit:
    """How many tries an account has, in a window that begins with the first of them.

    The first `tries` cost nothing, for people mistype. After them each must wait, twice as long each time: `delay`
    at first, `longest` at most; NIST SP 800-63B-4, 3.2.2, proposes 30 seconds up to an hour. After `most` nothing
    passes before the window ends; the same section allows a hundred. Nobody is locked out for good (ASVS 6.3.1).
    """

    tries: int = 10
    window: timedelta = timedelta(days=1)
    delay: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    most: int = 100

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise ConfigError("attempts.tries", self.tries, "Allow at least one try.")
        if self.most < self.tries:
            raise ConfigError("attempts.most", self.most, f"It is less than the {self.tries} free tries.")
        if self.window <= _NO_TIME:
            raise ConfigError("attempts.window", self.window, "A window must last for some time.")
        if not _NO_TIME < self.delay <= self.longest:
            fix = "A delay must last for some time, and not longer than `longest`."
            raise ConfigError("attempts.delay", self.delay, fix)

    def delay_after(self, count: int) -> float:
        """Return how many seconds must pass after so many tries."""
        doublings = min(count - self.tries, 64)  # the longest delay is reached long before
        if doublings < 0 or count >= self.most:  # after the most the window itself is the wait
            return 0.0
        return min(self.delay.total_seconds() * 2.0**doublings, self.longest.total_seconds())


class Attempts(Struct, frozen=True):
    """The tries of one account in the present window: how many, when that began, and when the next one may come."""

    count: int = 0
    began: float = 0.0
    opens: float = 0.0


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
        return _counted(1, limit, now, now)
    if attempts.count >= limit.most:
        return _until(ends(attempts, limit), now)
    if now < attempts.opens:
        return _until(attempts.opens, now)
    return _counted(attempts.count + 1, limit, attempts.began, now)


def over(attempts: Attempts, limit: AttemptLimit, now: float) -> bool:
    """Whether the window is past, or was never begun; a clock set back does not lengthen it."""
    return attempts.count == 0 or not attempts.began - STRAGGLING <= now < ends(attempts, limit)


def ends(attempts: Attempts, limit: AttemptLimit) -> float:
    """Return the moment at which the window of these tries is past."""
    return attempts.began + limit.window.total_seconds()


def _counted(count: int, limit: AttemptLimit, began: float, now: float) -> Attempts:
    delay = limit.delay_after(count)
    return Attempts(count, began, now + delay if delay else 0.0)


def _until(moment: float, now: float) -> Wait:
    return Wait(max(1, ceil(moment - now)))
