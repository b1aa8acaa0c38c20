"""How long sessions live, how often that is written down, and how large they may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from guardhouse.errors import ConfigError


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long sessions live and how large they may be.

    A session ends after `idle` without a request and after `absolute` in any case. A login with `remember` lives
    by the second pair and survives the closing of the browser. `touch` is how often a request that changes nothing
    still writes that somebody was there; None is a tenth of `idle`, a minute at least.
    """

    idle: timedelta = timedelta(hours=2)
    absolute: timedelta = timedelta(hours=24)
    remembered_idle: timedelta = timedelta(days=14)
    remembered_absolute: timedelta = timedelta(days=30)
    touch: timedelta | None = None
    max_bytes: int = 64 * 1024
    least_touch: float = field(init=False, repr=False)
    """The shortest of the touch intervals, in seconds: below it nothing needs to be computed."""

    def __post_init__(self) -> None:
        for name in ("idle", "absolute", "remembered_idle", "remembered_absolute"):
            _refuse_no_time(f"sessions.{name}", getattr(self, name))
        _refuse_longer("sessions.idle", self.idle, "sessions.absolute", self.absolute)
        remembered = ("sessions.remembered_idle", self.remembered_idle)
        _refuse_longer(*remembered, "sessions.remembered_absolute", self.remembered_absolute)
        if self.touch is not None:
            self._refuse_rare_touch(self.touch)
        if self.max_bytes < 1:
            raise ConfigError("sessions.max_bytes", self.max_bytes, "A session needs some room.")
        idles = (self.idle.total_seconds(), self.remembered_idle.total_seconds())
        object.__setattr__(self, "least_touch", min(map(self.touch_after, idles)))

    def lengths(self, *, remember: bool) -> tuple[float, float]:
        """Return idle and absolute length in seconds."""
        if remember:
            return self.remembered_idle.total_seconds(), self.remembered_absolute.total_seconds()
        return self.idle.total_seconds(), self.absolute.total_seconds()

    def touch_after(self, idle: float) -> float:
        """Return after how many seconds a session of that idle length is touched again."""
        if self.touch is not None:
            return self.touch.total_seconds()
        return min(max(60.0, idle / 10), idle / 2)

    def _refuse_rare_touch(self, touch: timedelta) -> None:
        if not timedelta(0) <= touch < min(self.idle, self.remembered_idle):
            fix = "Visitors who come all the time would expire: it must be shorter than both idle lengths."
            raise ConfigError("sessions.touch", touch, fix)


def _refuse_no_time(key: str, length: object) -> None:
    if not isinstance(length, timedelta):
        raise ConfigError(key, length, "Write a length of time: timedelta(hours=2).")
    if length <= timedelta(0):
        raise ConfigError(key, length, "A session must live for some time.")


def _refuse_longer(key: str, length: timedelta, than: str, limit: timedelta) -> None:
    if length > limit:
        raise ConfigError(key, length, f"It can never pass: it is longer than {than}.")


LIFETIME_NIST_AAL2 = SessionPolicy(idle=timedelta(hours=1), absolute=timedelta(hours=24))
"""NIST SP 800-63B-4, section 2.2.3: re-authentication after 24 hours, or one hour without activity."""
