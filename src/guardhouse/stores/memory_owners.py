"""Whose sessions are which, in what the garbage collector does not look at: a set for each user would cost it a second in a million."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class MemoryOwners:
    """The keys of each owner: one by itself, several as a tuple. The store holds the same objects, so a key is here once.

    The collector lets go of a tuple that holds nothing but bytes the first time that it meets it.
    """

    def __init__(self) -> None:
        self._held: dict[str, bytes | tuple[bytes, ...]] = {}

    def __len__(self) -> int:
        return sum(len(self.keys_of(owner)) for owner in self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._held))

    def keys_of(self, owner: str) -> Sequence[bytes]:
        """List the keys of an owner."""
        held = self._held.get(owner, ())
        return (held,) if isinstance(held, bytes) else held

    def add(self, owner: str, key: bytes) -> None:
        """Add a key, once."""
        keys = self.keys_of(owner)
        if key not in keys:
            self._held[owner] = (*keys, key) if keys else key

    def remove(self, owner: str, key: bytes) -> None:
        """Take a key away, and with the last one the owner."""
        match [kept for kept in self.keys_of(owner) if kept != key]:
            case []:
                self._held.pop(owner, None)
            case [only]:
                self._held[owner] = only
            case several:
                self._held[owner] = tuple(several)
