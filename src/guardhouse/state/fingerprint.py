"""Binds a login to the password that opened it, without saying anything about the password's hash.

The form carries its version and its key, so that neither an upgrade nor a new secret logs people out by surprise.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardhouse.vault.keyring import Signer


def take(signer: Signer, password_hash: str) -> str:
    """Take the fingerprint to keep in a login."""
    mac = urlsafe_b64encode(signer.mac(password_hash.encode())).decode("ascii")
    return f"v1.{signer.key_id}.{mac}"


def fits(signer: Signer, fingerprint: str, password_hash: str) -> bool:
    """Whether the password is still the one that the fingerprint was taken of, by any key in the ring."""
    version, _, rest = fingerprint.partition(".")
    key_id, _, mac = rest.partition(".")
    if version != "v1":
        return False
    try:
        return signer.verify(key_id, password_hash.encode(), urlsafe_b64decode(mac))
    except ValueError:
        return False
