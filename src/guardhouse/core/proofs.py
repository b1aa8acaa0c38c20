"""What the proofs of a login are worth: by how many factors somebody has shown who he is."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["strength"]

_KNOWN = frozenset({"password", "foreign"})
"""What a person knows; a login at another site stands in for his password there."""

_HELD = frozenset({"totp", "recovery"})
"""What a person has."""

_BOTH = "passkey"
"""Has, and unlocks with his finger or a code: two factors at once (NIST SP 800-63B-4, 3.1.7)."""


def strength(proofs: Collection[str]) -> int:
    """Count the factors: none, one or two. Mail is none, nor is a device that remembers somebody."""
    if _BOTH in proofs:
        return 2
    return (not _KNOWN.isdisjoint(proofs)) + (not _HELD.isdisjoint(proofs))
