"""Whose sessions are which, packed into bytes: a set for each user would cost the garbage collector a second in a million."""

from __future__ import annotations

from collections.abc import Iterator

KEY_BYTES = 32
"""Sessions lie under SHA-256 hashes."""


class MemoryOwners:
    """The keys of each owner, one behind the other. Neither dict nor bytes are looked at by the garbage collector."""

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __len__(self) -> int:
        return sum(map(len, self._packed.values())) // KEY_BYTES

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._packed))

    def keys_of(self, owner: str) -> list[bytes]:
        """List the keys of an owner."""
        packed = self._packed.get(owner, b"")
        return [packed[place : place + KEY_BYTES] for place in range(0, len(packed), KEY_BYTES)]

    def add(self, owner: str, key: bytes) -> None:
        """Add a key, once."""
        keys = self.keys_of(owner)
        if key not in keys:
            self._packed[owner] = b"".join((*keys, key))

    def remove(self, owner: str, key: bytes) -> None:
        """Take a key away, and with the last one the owner."""
        keys = [kept for kept in self.keys_of(owner) if kept != key]
        if keys:
            self._packed[owner] = b"".join(keys)
        else:
            self._packed.pop(owner, None)
