"""Passwords are hashed off the event loop, and at most as many at once as there are cores for it."""

from __future__ import annotations

import os
from functools import partial

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from guardhouse.errors import ConfigError
from guardhouse.vault.password import Hasher, PasswordCheck, PasswordHasher

__all__ = ["Passwords"]


class Passwords:
    """Check and make password hashes in threads of their own number.

    The threads anyio would lend by itself are forty; a burst of logins on them takes forty times the memory
    of one hash, and all cores from everybody else. Here the burst waits in line.
    """

    def __init__(self, hasher: Hasher | None = None, *, at_once: int | None = None) -> None:
        self.hasher: Hasher = PasswordHasher() if hasher is None else hasher
        self.at_once = max(1, _cores() // self.hasher.parallelism) if at_once is None else at_once
        if self.at_once < 1:
            raise ConfigError("at_once", at_once, "Let at least one password be checked at a time.")
        # A limiter belongs to one event loop, these passwords to a program that may run several in turn.
        self._limiter = RunVar[CapacityLimiter]("guardhouse.passwords")

    async def check(self, password: str, stored: str | None) -> PasswordCheck:
        """Compare a password with what is stored; no account is the same as a wrong password."""
        return await to_thread.run_sync(partial(self.hasher.verify, password, stored), limiter=self._line())

    async def hash(self, password: str) -> str:
        """Hash a password for storage."""
        return await to_thread.run_sync(partial(self.hasher.hash, password), limiter=self._line())

    def _line(self) -> CapacityLimiter:
        limiter = self._limiter.get(None)
        if limiter is None:
            limiter = CapacityLimiter(self.at_once)
            self._limiter.set(limiter)
        return limiter


def _cores() -> int:
    """Count the cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
