"""A handed-out token as it is kept: what it is called, whose it is, what it is good for, and only the hash of its secret."""

from __future__ import annotations

from msgspec import Struct


class TokenRecord(Struct, frozen=True):
    """One token. Moments are epoch seconds; `digest` is SHA-256 of the secret part, and in no repr."""

    id: str
    owner: str
    """`provider:id` of the user."""
    name: str
    abilities: tuple[str, ...]
    created: float
    digest: bytes
    expires: float | None = None
    used: float | None = None

    def __repr__(self) -> str:
        return f"TokenRecord({self.id!r}, {self.owner!r}, {self.name!r})"
