"""How often what lies with its bearers was called back, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from threading import Lock


class MemoryEpochs:
    """An epoch store in a dict. The lock is for event loops in several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._counts)

    def epochs_now(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names."""
        return [self._counts.get(name, (0, 0.0))[0] for name in names]

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        """Read the counts of these names."""
        return self.epochs_now(names)

    async def advance(self, name: str, until: float | None = None) -> int:
        """Count one up."""
        with self._lock:
            count, kept = self._counts.get(name, (0, 0.0))
            self._counts[name] = count + 1, max(kept, inf if until is None else until)
            return count + 1

    def prune(self, now: float) -> None:
        """Forget what is past."""
        with self._lock:
            for name in [name for name, (_, until) in self._counts.items() if until <= now]:
                del self._counts[name]
