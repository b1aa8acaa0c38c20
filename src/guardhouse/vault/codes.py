"""Recovery codes: what somebody writes down for the day his phone is lost. Each is good once, and only its hash is kept.

A code is 120 random bits, so plain SHA-256 is enough: below 112 bits ASVS 5 (6.5.2) asks for a slow hash, with which a
code could not be found by its hash and used up by one statement. A keyed hash of 80 bits would need eight letters less,
and die with the key: paper in a drawer outlives the day on which the old secret is taken out of the ring.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

__all__ = ["CHANCE", "COUNT", "mint", "name_of", "read"]

COUNT = 10
CODE_BYTES = 15
CHANCE = COUNT * CODE_BYTES
"""How many random bytes a set of codes is made of."""

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: no i, l, o and u. Small letters, because there B and 8, and S and 5, look less alike."""

LENGTH, GROUP = 24, 4
_LONGEST = 100
_BITS = 5

_FORGIVEN = str.maketrans(
    {capital: small for small in ALPHABET for capital in [small.upper()] if small.isalpha()}
    | dict.fromkeys("oO", "0")
    | dict.fromkeys("iIlL", "1")
    | dict.fromkeys("-_\u2010\u2011\u2012\u2013\u2014\u2212", None)
)
"""What is read as something else: capitals, what looks alike, and the dashes that word processors make of a hyphen."""


def mint(chance: bytes) -> tuple[str, ...]:
    """Write a set of codes from that much chance, for its owner to see once."""
    if len(chance) != CHANCE:
        raise ValueError(f"{COUNT} codes are made of {CHANCE} random bytes")
    return tuple(_code(chance[place : place + CODE_BYTES]) for place in range(0, CHANCE, CODE_BYTES))


def read(text: str) -> str | None:
    """Read a code however it was typed, into the one form that is hashed; None for what cannot be one."""
    if len(text) > _LONGEST:
        return None
    code = "".join(text.split()).translate(_FORGIVEN)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def name_of(code: str, owner: str) -> str:
    """Hash what `read` returned into what is kept of it. With the owner in it, a row moved to another is dead."""
    message = f"guardhouse.recovery.v1:{len(owner)}:{owner}:{code}".encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(sha256(message).digest()).decode("ascii").rstrip("=")


def _code(chance: bytes) -> str:
    number = int.from_bytes(chance)
    letters = "".join(ALPHABET[number >> place & 31] for place in range((LENGTH - 1) * _BITS, -1, -_BITS))
    return "-".join(letters[place : place + GROUP] for place in range(0, LENGTH, GROUP))
