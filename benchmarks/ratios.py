"""Costs measured in interleaved rounds become ratios to a base of the same round, and those a median and a spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

Rounds = Mapping[str, Sequence[float]]
"""Costs by name, one for each round."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the base: the median of the rounds, and half of the distance between their quartiles."""

    median: float
    spread: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ±{self.spread:.2f}"


def ratio(costs: Sequence[float], base: Sequence[float]) -> Ratio:
    """Divide round by round, so that what disturbed a whole round disturbs no ratio."""
    found = [cost / of_base for cost, of_base in zip(costs, base, strict=True)]
    lower, _, upper = quantiles(found, n=4, method="inclusive") if len(found) > 1 else (0.0, 0.0, 0.0)
    return Ratio(median(found), (upper - lower) / 2)


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a table out in plain text: names to the left, figures to the right."""
    every = [headings, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(headings))]
    lines = ["  ".join(_cells(row, widths)).rstrip() for row in every]
    return "\n".join(["", title, "", lines[0], "-" * len(lines[0]), *lines[1:]])


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *figures = row
    return [
        first.ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True)),
    ]
