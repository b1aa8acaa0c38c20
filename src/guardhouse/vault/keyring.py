"""The house's own keys: the newest signs, all verify, and no purpose shares a key with another.

Each secret becomes a root by HKDF-Extract, and each purpose a key by HKDF-Expand (RFC 5869, SHA-256, one
block). The id of a key is expanded from the root too, so it may be public: it tells which secret signed, and
nothing about it.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from guardhouse.errors import ConfigError
from guardhouse.vault.secret import Secret

__all__ = ["MINIMUM_SECRET_BYTES", "Keyring", "Signer", "examined"]

MINIMUM_SECRET_BYTES = 32
LEAST_DIFFERENT_BYTES = 8  # random hexadecimal digits, the poorest of good keys, have twelve and more
FIX = "Make one with `guardhouse secret`, keep it out of the source, and hand it to the house as `secret`."
EXTRACT_SALT = b"guardhouse.keyring.v1"
KEY_ID_LABEL = "key-id"
KEY_ID_BYTES = 6

SAMPLE_WORDS = (
    "changeme",
    "change-me",
    "change_me",
    "example-secret",
    "example secret",
    "insecure",
    "placeholder",
    "replace-me",
    "replace_me",
    "sample",
    "your-secret",
    "your_secret",
)
SAMPLE_SECRETS = frozenset(
    {
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",  # FastAPI's tutorial
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # Flask's tutorial
        "a-string-secret-at-least-256-bits-long",  # jwt.io
    },
)
SAMPLE_SHORT_SECRETS = frozenset({"secret", "secret-key", "password", "dev", "test", "key"})


class Signer:
    """Sign with the newest key of one purpose, and verify with every key of it."""

    __slots__ = ("_keys", "_newest", "key_id")

    key_id: str

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        # Copying a keyed HMAC takes two thirds of the time of `hmac.digest`, which keys anew each time.
        self._keys = {key_id: hmac.new(key, digestmod="sha256") for key_id, key in keys.items()}
        self.key_id = next(iter(keys))
        self._newest = self._keys[self.key_id]

    def mac(self, message: bytes) -> bytes:
        """Authenticate a message under the newest key."""
        keyed = self._newest.copy()
        keyed.update(message)
        return keyed.digest()

    def knows(self, key_id: str) -> bool:
        """Whether a key of that id is in the ring. Ids are public, so a wrong key can be told from a wrong signature."""
        return key_id in self._keys

    def verify(self, key_id: str, message: bytes, mac: bytes) -> bool:
        """Tell whether the key of that id made this mac for this message."""
        keyed = self._keys.get(key_id)
        if keyed is None:
            return False
        keyed = keyed.copy()
        keyed.update(message)
        return hmac.compare_digest(keyed.digest(), mac)


class Keyring:
    """Hold the secrets, the newest first, and give each purpose its own keys."""

    __slots__ = ("_roots",)

    def __init__(self, secrets: str | bytes | Secret | Sequence[str | Secret]) -> None:
        held = [secrets] if isinstance(secrets, str | bytes | Secret) else secrets
        roots = [_extract(examined(one, f"secret[{place}]")) for place, one in enumerate(held)]
        if not roots:
            raise ConfigError("secret", "an empty list", FIX)
        self._roots = {_key_id(root): root for root in roots}

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The public ids of all keys, the newest first."""
        return tuple(self._roots)

    def purpose(self, label: str) -> Signer:
        """Derive the keys of one purpose; a signature made for one never verifies for another."""
        return Signer({key_id: _expand(root, f"sign:{label}") for key_id, root in self._roots.items()})

    def sealing_keys(self, label: str) -> dict[str, bytes]:
        """Derive the bare keys of one purpose that hides instead of signs, the newest first; for `vault/seal.py`."""
        return {key_id: _expand(root, f"seal:{label}") for key_id, root in self._roots.items()}


def examined(secret: object, key: str) -> bytes:
    """Refuse a secret that somebody could guess, and never repeat it in the refusal."""
    if not isinstance(secret, str | bytes | Secret):
        raise ConfigError(key, type(secret).__name__, FIX)
    value = secret.reveal() if isinstance(secret, Secret) else Secret(secret).reveal()
    for found, applies in WEAKNESSES:
        if applies(value):
            raise ConfigError(key, found.format(length=len(value)), FIX)
    return value


def _sample(value: bytes) -> bool:
    text = value.decode("utf-8", "replace").strip().lower()
    known = text in SAMPLE_SECRETS or text in SAMPLE_SHORT_SECRETS
    return known or any(word in text for word in SAMPLE_WORDS)


def _short(value: bytes) -> bool:
    return len(value) < MINIMUM_SECRET_BYTES


def _padded(value: bytes) -> bool:
    # Read from a file with its newline on one machine and without it on the next, it would be two keys.
    return value.strip() != value and value.isascii()


def _repeated(value: bytes) -> bool:
    return (value + value).find(value, 1) < len(value) or len(set(value)) < LEAST_DIFFERENT_BYTES


def _counted(value: bytes) -> bool:
    rising = sum(after - before == 1 for before, after in pairwise(value))
    return rising > len(value) // 2


Weakness: TypeAlias = tuple[str, Callable[[bytes], bool]]
WEAKNESSES: tuple[Weakness, ...] = (
    ("a sample key that everybody knows", _sample),
    (f"only {{length}} bytes where {MINIMUM_SECRET_BYTES} are the least", _short),
    ("white space around the key", _padded),
    ("one pattern, repeated", _repeated),
    ("an alphabet, counted up", _counted),
)


def _extract(secret: bytes) -> bytes:
    return hmac.digest(EXTRACT_SALT, secret, "sha256")


def _expand(root: bytes, label: str) -> bytes:
    return hmac.digest(root, label.encode() + b"\x01", "sha256")


def _key_id(root: bytes) -> str:
    return _base64url(_expand(root, KEY_ID_LABEL)[:KEY_ID_BYTES])


def _base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
