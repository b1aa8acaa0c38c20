"""Enrolments in this process, beside its sessions; the lock is for event loops in several threads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from threading import Lock
from typing import TypeAlias

from guardhouse.state.enrolment import Enrolment, Kind, is_same, require_next

PRUNE_SLICE = 1000

Key: TypeAlias = tuple[Kind, str]


class MemoryEnrolments:
    """An enrolment store in two dicts: whose each is, and what each user has."""

    def __init__(self) -> None:
        self._owners: dict[Key, str] = {}
        self._kept: dict[str, dict[Key, Enrolment]] = {}
        self._lock = Lock()

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one."""
        key = (enrolment.kind, enrolment.name)
        with self._lock:
            if key in self._owners:
                return False
            self._owners[key] = enrolment.owner
            self._kept.setdefault(enrolment.owner, {})[key] = enrolment
            return True

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name."""
        with self._lock:
            return self._found((kind, name))

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has, the oldest first."""
        with self._lock:
            return sorted(self._owned(owner, kinds), key=lambda one: (one.created, one.kind.value, one.name))

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`."""
        require_next(before, after)
        key = (before.kind, before.name)
        with self._lock:
            there = self._found(key)
            if there is None or there.version != before.version or not is_same(there, before):
                return False
            self._kept[before.owner][key] = after
            return True

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user."""
        with self._lock:
            if self._owners.get((kind, name)) != owner:
                return False
            self._drop((kind, name))
            return True

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user."""
        with self._lock:
            owned = self._owned(owner, kinds)
            for one in owned:
                self._drop((one.kind, one.name))
            return len(owned)

    async def prune_enrolments(self, before: float) -> int:
        """Delete one slice of what ended before that moment."""
        with self._lock:
            over = (
                key
                for kept in self._kept.values()
                for key, one in kept.items()
                if one.ends is not None and one.ends < before
            )
            ended = list(islice(over, PRUNE_SLICE))
            for key in ended:
                self._drop(key)
            return len(ended)

    def _found(self, key: Key) -> Enrolment | None:
        owner = self._owners.get(key)
        return None if owner is None else self._kept[owner][key]

    def _owned(self, owner: str, kinds: Sequence[Kind]) -> list[Enrolment]:
        return [one for one in self._kept.get(owner, {}).values() if not kinds or one.kind in kinds]

    def _drop(self, key: Key) -> None:
        owner = self._owners.pop(key)
        kept = self._kept[owner]
        del kept[key]
        if not kept:
            del self._kept[owner]
