"""Counts of requests in this process, as a storage of the library `limits`.

Its own memory storage looks at every key at every hit (4 ms where 50,000 addresses are known), never forgets a lock,
reads no clock but the machine's, and runs on asyncio alone.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from limits.aio.storage import Storage

from guardhouse.errors import StoreError
from guardhouse.state.attempts import STRAGGLING

MOST_KEYS = 100_000
"""How many windows are kept: who changes addresses all the time costs memory, but not without end."""


class Window(NamedTuple):
    """What was counted, from when until when."""

    hits: int
    began: float
    ends: float

    def live(self, now: float) -> bool:
        """Whether it is now; a clock set back does not lengthen it, a request that was overtaken is in it."""
        return self.began - STRAGGLING <= now < self.ends


class MemoryLimits(Storage):
    """A storage in a dict. The lock is for event loops in several threads; within one nothing interrupts."""

    STORAGE_SCHEME = None  # no URL leads here: a store of the house does

    def __init__(self, clock: Callable[[], float], most: int = MOST_KEYS) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self._windows: dict[str, Window] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it would raise if it could be away."""
        return StoreError

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return what is counted; the first begins the window."""
        with self._lock:
            now = self._clock()
            window = self._windows.get(key)
            if window is not None and window.live(now):
                window = Window(max(0, window.hits + amount), window.began, window.ends)
            else:
                self._windows.pop(key, None)  # what begins anew stands last: the oldest are dropped first
                window = Window(max(0, amount), now, now + expiry)
            self._windows[key] = window
            if len(self._windows) > self._most:
                self._sweep(now)
            return window.hits

    async def get(self, key: str) -> int:
        """Return what is counted."""
        window = self._live(key)
        return window.hits if window else 0

    async def get_expiry(self, key: str) -> float:
        """Return the moment at which the window ends; now, where there is none."""
        window = self._live(key)
        return window.ends if window else self._clock()

    async def check(self) -> bool:
        """Say that it is there."""
        return True

    async def reset(self) -> int:
        """Forget everything."""
        with self._lock:
            forgotten = len(self._windows)
            self._windows.clear()
            return forgotten

    async def clear(self, key: str) -> None:
        """Forget one window."""
        with self._lock:
            self._windows.pop(key, None)

    def _live(self, key: str) -> Window | None:
        window = self._windows.get(key)
        return window if window is not None and window.live(self._clock()) else None

    def _sweep(self, now: float) -> None:
        """Drop what is past, and then the oldest: a tenth at least, so that not every new key looks at all others."""
        for key in [key for key, window in self._windows.items() if not window.live(now)]:
            del self._windows[key]
        while len(self._windows) > self._most * 9 // 10:
            del self._windows[next(iter(self._windows))]
