"""What a verb may ask besides guards, as keywords: `house.require("web", can="admin", fresh=timedelta(minutes=10), factors=2)`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict

from guardhouse.stacks import Asked
from guardhouse.steps.can import read_can
from guardhouse.steps.confirmed import Confirmed
from guardhouse.steps.factors import Factors

__all__ = ["Also", "also"]


class Also(TypedDict, total=False):
    """The keywords. Each becomes a step after the guards, in this order; where pages of yours ask, people are led there."""

    factors: int | str | Sequence[str] | None
    """How well the login must be proven: by `2` factors, or by one of these proofs."""
    fresh: timedelta | None
    """For how long a proof counts as given a moment ago."""
    can: str | None
    """The rule to ask, as it stands behind `can:`."""


def also(
    asked: tuple[Asked, ...],
    *,
    factors: int | str | Sequence[str] | None = None,
    fresh: timedelta | None = None,
    can: str | None = None,
) -> tuple[Asked, ...]:
    """Add the steps that the keywords stand for."""
    steps: list[Asked] = []
    if factors is not None:
        steps.append(Factors(*([factors] if isinstance(factors, int | str) else factors)))
    if fresh is not None:
        steps.append(Confirmed(fresh))
    if can is not None:
        steps.append(read_can(can))
    return (*asked, *steps)
