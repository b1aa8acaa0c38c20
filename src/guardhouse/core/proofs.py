"""What the proofs of a login are worth: by how many factors somebody has shown who he is."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["enough", "first", "second", "strength"]

_KNOWN = frozenset({"password", "foreign"})
"""What a person knows; a login at another site stands in for his password there."""

_HELD = frozenset({"totp", "recovery"})
"""What a person has."""

_BOTH = frozenset({"passkey", "foreign-factors"})
"""Has, and unlocks with his finger or a code: two factors at once (NIST SP 800-63B-4, 3.1.7). Another site may say the
same of its login, where it is believed."""


def strength(proofs: Collection[str]) -> int:
    """Count the factors: none, one or two. Mail is none, nor is a device that remembers somebody."""
    return 2 if not _BOTH.isdisjoint(proofs) else first(proofs) + second(proofs)


def enough(proofs: Collection[str]) -> bool:
    """Whether these are two factors."""
    return strength(proofs) >= 2  # noqa: PLR2004 - that is what they are called


def first(proofs: Collection[str]) -> bool:
    """Whether a first factor is among these."""
    return not _KNOWN.isdisjoint(proofs)


def second(proofs: Collection[str]) -> bool:
    """Whether a second factor is among these, however the first was given."""
    return not (_HELD | _BOTH).isdisjoint(proofs)
