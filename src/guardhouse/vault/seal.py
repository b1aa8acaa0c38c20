"""Hide bytes from whoever reads where they lie, and notice whoever changes or moves them: AES-256-GCM.

A sealed value is `version, key id, salt, nonce, ciphertext and tag`. The newest key seals, all open, and no purpose shares
a key with another. Each value has a key of its own, made from the purpose's key and the salt, so that random nonces stay
safe however many values are sealed: one key alone is good for 2^32 of them (NIST SP 800-38D 8.3), which sealed cookies
of a busy site reach within weeks.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guardhouse.vault.keyring import Keyring

__all__ = ["OVERHEAD", "Sealer"]

VERSION = b"\x01"
KEY_ID_BYTES, SALT_BYTES, NONCE_BYTES, TAG_BYTES = 6, 12, 12, 16
HEAD = len(VERSION) + KEY_ID_BYTES
START = HEAD + SALT_BYTES + NONCE_BYTES
OVERHEAD = START + TAG_BYTES
"""How many bytes longer than the plain value a sealed one is."""


class Sealer:
    """Seal with the newest key of one purpose, and open with every key of it."""

    __slots__ = ("_keys", "_newest", "_purpose")

    def __init__(self, keyring: Keyring, purpose: str) -> None:
        keys = keyring.sealing_keys(purpose)
        self._keys = {urlsafe_b64decode(key_id): key for key_id, key in keys.items()}
        self._newest = next(iter(self._keys))
        self._purpose = purpose.encode()

    def seal(self, plain: bytes, about: str) -> bytes:
        """Seal a value that belongs to `about`: its owner, or whatever else it must not be moved away from."""
        salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
        head = VERSION + self._newest
        key = _own_key(self._keys[self._newest], salt)
        return head + salt + nonce + AESGCM(key).encrypt(nonce, plain, self._beside(head, about))

    def open(self, sealed: bytes, about: str) -> bytes | None:
        """Open what was sealed for that; None for what was changed, moved, sealed by a key we do not have, or never sealed."""
        head, salt, nonce = sealed[:HEAD], sealed[HEAD : HEAD + SALT_BYTES], sealed[HEAD + SALT_BYTES : START]
        key = self._keys.get(head[len(VERSION) :])
        if key is None or not sealed.startswith(VERSION) or len(sealed) < OVERHEAD:
            return None
        try:
            return AESGCM(_own_key(key, salt)).decrypt(nonce, sealed[START:], self._beside(head, about))
        except InvalidTag:
            return None

    def stale(self, sealed: bytes) -> bool:
        """Whether it was not sealed by the newest key, so that whoever opens it may seal it again."""
        return sealed[:HEAD] != VERSION + self._newest

    def _beside(self, head: bytes, about: str) -> bytes:
        """Name what is authenticated without being sealed, so that no two readings of it are one."""
        return b"%s%d:%s%s" % (
            head,
            len(self._purpose),
            self._purpose,
            about.encode("utf-8", "surrogatepass"),
        )


def _own_key(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, salt, "sha256")
