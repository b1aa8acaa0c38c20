"""The tries of accounts in this process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from guardhouse.state.attempts import NO_ATTEMPTS, AttemptLimit, Attempts, Wait, decide, ends

MOST_ACCOUNTS = 100_000
"""Names that nobody has are counted too, for what is told must not depend on that: memory is bounded first."""


class MemoryAttempts:
    """An attempt store in a dict. The lock is for event loops in several threads."""

    def __init__(self, most: int = MOST_ACCOUNTS) -> None:
        self._most = most
        self._kept: dict[bytes, tuple[Attempts, float]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    async def attempt(self, key: bytes, limit: AttemptLimit, clock: Callable[[], float]) -> Attempts | Wait:
        """Count a try in, or say how long to wait for it."""
        with self._lock:
            now = clock()
            attempts, _ = self._kept.get(key, (NO_ATTEMPTS, 0.0))
            decided = decide(attempts, limit, now)
            if isinstance(decided, Attempts):
                self._kept[key] = decided, ends(decided, limit)
                if len(self._kept) > self._most:
                    self._sweep(now)
            return decided

    async def forget_attempts(self, key: bytes | None) -> None:
        """Go back to no tries."""
        with self._lock:
            if key is None:
                self._kept.clear()
            else:
                self._kept.pop(key, None)

    def _sweep(self, now: float) -> None:
        """Drop what is past, and then the oldest: a tenth at least, so that not every new name looks at all others."""
        for key in [key for key, (_, past) in self._kept.items() if past <= now]:
            del self._kept[key]
        while len(self._kept) > self._most * 9 // 10:
            del self._kept[next(iter(self._kept))]
