"""One entry of the reference of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from guardhouse.core.reason import Reason

__all__ = ["Meaning"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means: what brings it about, where that can be seen, and the codes it is mistaken for.

    How to mend it is the hint of its line in the table of reasons, which knows the evidence.
    """

    cause: str
    see: str
    is_not: Mapping[Reason, str] = field(default_factory=dict[Reason, str])
