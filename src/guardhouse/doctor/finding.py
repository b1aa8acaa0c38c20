"""One finding as a value: its stable code, how bad it is, where it stands, what happens to whom, and the fix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `where` is file:line, or the setting by its name."""

    code: str
    severity: Severity
    where: str
    what: str
    fix: str

    @property
    def file(self) -> str | None:
        """The file, where a file is named."""
        path, colon, line = self.where.rpartition(":")
        return path if colon and line.isdigit() else None

    @property
    def line(self) -> int | None:
        """The line in that file."""
        return int(self.where.rpartition(":")[2]) if self.file is not None else None


def as_bad_as(severity: Severity, threshold: Severity) -> bool:
    """Whether a severity is at or above another."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(threshold)
