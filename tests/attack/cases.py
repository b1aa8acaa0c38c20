"""The words of a run: a case and its steps as read, findings as made, and the one result that each case ends in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

Request: TypeAlias = Mapping[str, Any]
Expected: TypeAlias = Mapping[str, Any]
Status: TypeAlias = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what is expected of its answer, or an action upon the application."""

    request: Request
    expected: Expected
    action: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the file."""

    id: str
    area: str
    title: str
    transport: str
    requires: Sequence[str]
    precondition: str
    steps: tuple[Step, ...]
    group: str = ""

    @property
    def roles(self) -> set[str]:
        """The roles that the case asks for."""
        return {str(step.request["path_role"]) for step in self.steps if step.request}

    @property
    def methods(self) -> set[str]:
        """The methods that the case orders, where it does not leave that to the role."""
        return {str(step.request["method"]) for step in self.steps if step.request.get("method")}


@dataclass(frozen=True, slots=True)
class Failure:
    """An expected field that was not met."""

    field: str
    expected: object
    got: object


@dataclass(frozen=True, slots=True)
class Unchecked:
    """An expected field that could not be looked at here, and why."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to read that decides nothing, such as a preference that was not met."""

    field: str
    text: str


Finding: TypeAlias = Failure | Unchecked | Remark


class SkippedError(Exception):
    """A case cannot be asked here; the text says why."""


class SetUpError(Exception):
    """What every application can do, it did not: the case fails before its first request."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case."""

    case: Case
    findings: tuple[Finding, ...] = ()
    skipped: str = ""
    seconds: float = 0.0
    talk: tuple[str, ...] = field(default=(), repr=False)

    @property
    def failures(self) -> list[Failure]:
        """What was expected and did not come."""
        return [finding for finding in self.findings if isinstance(finding, Failure)]

    @property
    def status(self) -> Status:
        """Failed if anything is wrong, skipped if anything could not be looked at, passed otherwise."""
        if self.failures:
            return "failed"
        return "skipped" if self.reason else "passed"

    @property
    def reason(self) -> str:
        """Why it was skipped."""
        reasons: dict[str, list[str]] = {}
        for one in self.findings:
            if isinstance(one, Unchecked):
                reasons.setdefault(one.reason, []).append(one.field)
        return self.skipped or "; ".join(f"{', '.join(fields)}: {why}" for why, fields in reasons.items())


def read(path: Path) -> list[Case]:
    """Read a file of cases."""
    document = json.loads(path.read_text("utf-8"))
    return [_case(row) for row in document["cases"]]


def select(cases: Iterable[Case], areas: Sequence[str], ids: Sequence[str]) -> list[Case]:
    """Keep the cases of these areas and with these names; all of them if nothing is named."""
    return [case for case in cases if (not areas or case.area in areas) and (not ids or case.id in ids)]


def _case(row: Mapping[str, Any]) -> Case:
    rows = ({"request": row["request"], "expected": row["expected"]}, *row.get("followup", ()))
    return Case(
        id=row["id"],
        area=row["area"],
        title=row["title"],
        transport=row.get("transport", "http"),
        requires=tuple(row.get("requires", ())),
        precondition=row["request"].get("precondition", "anonymous"),
        steps=tuple(
            Step(one.get("request", {}), one.get("expected", {}), one.get("action", "")) for one in rows
        ),
        group=row.get("group", ""),
    )
