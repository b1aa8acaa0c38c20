"""Binds a login to the password that opened it, without saying anything about the password's hash.

The form carries its version and its key, so that neither an upgrade nor a new secret logs people out by surprise.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from guardhouse.vault.keyring import Signer


VERSION = "v1"

Fit: TypeAlias = Literal["fits", "another password", "unknown key", "unknown format"]


def take(signer: Signer, password_hash: str) -> str:
    """Take the fingerprint to keep in a login."""
    mac = urlsafe_b64encode(signer.mac(password_hash.encode())).decode("ascii")
    return f"{VERSION}.{signer.key_id}.{mac}"


def weigh(signer: Signer, fingerprint: str, password_hash: str) -> Fit:
    """Say whether the password is still the one that the fingerprint was taken of, by any key in the ring."""
    readable = legible(signer, fingerprint)
    if readable != "fits":
        return readable
    _, key_id, mac = fingerprint.split(".")
    try:
        taken = urlsafe_b64decode(mac)
    except ValueError:
        return "unknown format"
    try:
        message = password_hash.encode()
    except ValueError:  # what is no text was never hashed to
        return "another password"
    return "fits" if signer.verify(key_id, message, taken) else "another password"


def unchanged(signer: Signer, fingerprint: str | None, password_hash: str | None) -> bool:
    """Whether a user's password is the one that was, or he had none then and has none now."""
    if fingerprint is None or password_hash is None:
        return fingerprint is None and password_hash is None
    return weigh(signer, fingerprint, password_hash) == "fits"


def legible(signer: Signer, fingerprint: str) -> Fit:
    """Say whether this process can weigh a fingerprint at all: it knows the format, and has the key."""
    parts = fingerprint.split(".")
    if len(parts) != 3 or parts[0] != VERSION:  # noqa: PLR2004 - version, key, mac
        return "unknown format"
    return "fits" if signer.knows(parts[1]) else "unknown key"


def marks(fingerprint: str) -> tuple[str, str]:
    """Read the version and the key's public id, as far as there are any; the mac stays where it is."""
    version, _, rest = fingerprint.partition(".")
    return version[:16], rest.partition(".")[0][:16]
