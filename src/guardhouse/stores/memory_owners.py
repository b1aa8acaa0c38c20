"""Whose sessions are which, in what the garbage collector does not look at: a set for each user would cost it a second in a million."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct


class Link(Struct, frozen=True, gc=False):
    """A key, and the others of the same owner: 32 bytes, where a tuple of two takes 64."""

    key: bytes
    others: Held


Held: TypeAlias = bytes | Link
"""One key by itself, several as a chain."""


class MemoryOwners:
    """The keys of each owner. The store holds the same objects, so a key is here once."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def __len__(self) -> int:
        return sum(len(self.keys_of(owner)) for owner in self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._held))

    def keys_of(self, owner: str) -> Sequence[bytes]:
        """List the keys of an owner."""
        keys: list[bytes] = []
        held = self._held.get(owner)
        while isinstance(held, Link):
            keys.append(held.key)
            held = held.others
        return keys if held is None else [*keys, held]

    def add(self, owner: str, key: bytes) -> None:
        """Add a key, once."""
        if key not in self.keys_of(owner):
            held = self._held.get(owner)
            self._held[owner] = key if held is None else Link(key, held)

    def remove(self, owner: str, key: bytes) -> None:
        """Take a key away, and with the last one the owner."""
        held: Held | None = None
        for kept in self.keys_of(owner):
            if kept != key:
                held = kept if held is None else Link(kept, held)
        if held is None:
            self._held.pop(owner, None)
        else:
            self._held[owner] = held
