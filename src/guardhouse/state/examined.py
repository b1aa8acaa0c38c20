"""What a store has to say about itself when a developer asks, before the first visitor finds out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct


class Remark(Struct, frozen=True):
    """One thing that somebody should know or mend.

    `code` is one of the doctor's that begin with `store-`: store-schema, store-durability, store-eviction, store-clock;
    another one is listed as store-remark. Without `severity` the doctor's table decides.
    """

    code: str
    says: str
    """What is so, and what happens to whom."""
    fix: str
    severity: Literal["error", "warning", "note"] | None = None

    def __str__(self) -> str:
        return f"{self.says} {self.fix}"


@runtime_checkable
class Examinable(Protocol):
    """An optional power: look at itself without changing anything, and say what is wrong."""

    async def examine(self) -> Sequence[Remark]:
        """List what should be known. Raise `StoreError` where the store is away."""
        ...
