"""A value that a browser keeps as `name.secret`: the name finds what is stored, and of the secret only the hash is stored.

The secret has 256 random bits, so one SHA-256 is enough. There is one spelling for each value: the last letters have no
spare bits that could be anything (RFC 4648 3.5).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from re import compile as pattern

__all__ = ["NAME_BYTES", "SECRET_BYTES", "Presented", "hand_out", "name_from", "read"]

NAME_BYTES, SECRET_BYTES = 16, 32

_VALUE = pattern(rb"([A-Za-z0-9_-]{21}[AQgw])\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])").fullmatch


@dataclass(frozen=True, slots=True)
class Presented:
    """What came back: the name, and the hash of its secret."""

    name: str
    digest: bytes

    def __repr__(self) -> str:
        return "Presented(hidden)"


def read(value: bytes) -> Presented | None:
    """Read a cookie's value, as it came; None for what is none of ours."""
    found = _VALUE(value)
    return Presented(found[1].decode("ascii"), _digest(found[1], found[2])) if found else None


def hand_out(name: str, chance: bytes) -> tuple[str, bytes]:
    """Write the value of a cookie from a name and that much chance, and the digest to keep."""
    if len(chance) != SECRET_BYTES:
        raise ValueError(f"a secret is made of {SECRET_BYTES} random bytes")
    secret = urlsafe_b64encode(chance).rstrip(b"=")
    return f"{name}.{secret.decode('ascii')}", _digest(name.encode("ascii"), secret)


def name_from(chance: bytes) -> str:
    """Write a new name from that much chance."""
    if len(chance) != NAME_BYTES:
        raise ValueError(f"a name is made of {NAME_BYTES} random bytes")
    return urlsafe_b64encode(chance).rstrip(b"=").decode("ascii")


def _digest(name: bytes, secret: bytes) -> bytes:
    # With the name in it, a hash that was moved into another row fits nothing.
    return sha256(b"guardhouse.handed.v1:%s.%s" % (name, secret)).digest()
