"""Keys that are written in the configuration: found by their names, at once."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from guardhouse.errors import ConfigError
from guardhouse.vault.jws import Key, Material

__all__ = ["KeySource", "Keys"]


class KeySource(Protocol):
    """Where the keys of an issuer come from."""

    def find(self, kid: str | None, algorithm: str) -> Key | Awaitable[Key | None] | None:
        """Find the key that a token names; at once where it is at hand. Raise `StoreError` when that is impossible."""
        ...

    def holds(self, key: Key) -> bool:
        """Whether a key that was found before is still one of the issuer's."""
        ...


class Keys:
    """A fixed set of keys. To rotate, add the new key beside the former one, and take that out when its tokens ended."""

    def __init__(self, keys: Sequence[Key]) -> None:
        names = [key.kid for key in keys]
        if not keys:
            raise ConfigError("keys", [], "Hand in at least one: Key.of(material, algorithm, kid).")
        if len(set(names)) < len(names):
            raise ConfigError(
                "keys", names, "Give every key a name of its own: Key.of(material, algorithm, kid)."
            )
        self._keys = tuple(keys)
        self._named = {key.kid: key for key in keys}

    @classmethod
    def of(cls, material: Material, algorithm: str, kid: str | None = None) -> Keys:
        """Make a set of one key."""
        return cls([Key.of(material, algorithm, kid)])

    @property
    def newest(self) -> Key:
        """The key that signs."""
        return self._keys[0]

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """Find a key by its name. Where there is nothing to choose from, a name is not needed, and does not matter."""
        if kid in self._named:
            return self._named[kid]
        if kid is not None:
            return self._named.get(None) if len(self._keys) == 1 else None
        able = [key for key in self._keys if key.algorithm == algorithm]
        return able[0] if len(able) == 1 else None

    def holds(self, key: Key) -> bool:
        """Whether this is one of them."""
        return self._named.get(key.kid) is key
