"""What a change did to the matrix: which routes it opens, and what else became different. Written as text for diffs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import msgspec

from guardhouse.doctor.matrix import Matrix, Outcome
from guardhouse.doctor.visitors import VISITORS, Visitor
from guardhouse.errors import ConfigError

Kind: TypeAlias = Literal["opens", "closes", "differs", "new", "gone"]

VERSION = 1
FIX = "Write it again: guardhouse matrix APP --write FILE."

Known: TypeAlias = Mapping[str, Mapping[Visitor, Outcome]]
"""What a file remembers: each route by its name, with what became of each visitor."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between what a file remembers and what is so now."""

    kind: Kind
    route: str
    visitor: str
    before: str
    now: str
    where: str = ""


def written(matrix: Matrix) -> str:
    """Write a matrix so that a change of one route is a change of one line."""
    rows = [
        f"    {_json(row.name)}: {_json({visitor: _plain(row.outcomes[visitor]) for visitor in VISITORS})}"
        for row in matrix
    ]
    return "\n".join(["{", f'  "version": {VERSION},', '  "routes": {', ",\n".join(rows), "  }", "}", ""])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode().replace('":"', '": "').replace('","', '", "')


def _plain(outcome: Outcome) -> str:
    mark = "+" if outcome.allowed else "-"
    return f"{mark} {outcome}"


def remembered(text: bytes, name: str) -> Known:
    """Read what `written` wrote. Raise `ConfigError` for anything else."""
    try:
        document: Any = msgspec.json.decode(text)
        if document["version"] != VERSION:
            raise ConfigError("--check", name, f"It is of version {document['version']!r}. {FIX}")
        return {str(route): _outcomes(told) for route, told in document["routes"].items()}
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, AttributeError, ValueError):
        raise ConfigError("--check", name, f"That is no matrix. {FIX}") from None


def _outcomes(told: Mapping[str, str]) -> dict[Visitor, Outcome]:
    return {visitor: _read(told[visitor]) for visitor in VISITORS}


def _read(text: str) -> Outcome:
    mark, says = text[:2], text[2:]
    if mark not in ("+ ", "- "):
        raise ValueError(text)
    head, _, conditions = says.partition(" if ")
    return Outcome(mark == "+ ", head, tuple(conditions.split(", ")) if conditions else ())


def changes(before: Known, now: Matrix) -> list[Change]:
    """Compare, what opens a route first."""
    found = [*_of_rows(before, now), *_gone(before, now)]
    order: tuple[Kind, ...] = ("opens", "closes", "differs", "new", "gone")
    return sorted(found, key=lambda change: order.index(change.kind))


def _of_rows(before: Known, now: Matrix) -> Iterator[Change]:
    for row in now:
        known = before.get(row.name)
        if known is None:
            yield from _new(row.name, row.where, row.outcomes)
            continue
        for visitor, outcome in row.outcomes.items():
            if known[visitor] != outcome:
                kind = _kind(known[visitor], outcome)
                yield Change(kind, row.name, visitor, str(known[visitor]), str(outcome), row.where)


def _new(route: str, where: str, outcomes: Mapping[Visitor, Outcome]) -> Iterator[Change]:
    """Call a new route that lets guests in opened, and any other one new."""
    guest = outcomes["guest"]
    if guest.allowed:
        yield Change("opens", route, "guest", "no such route", str(guest), where)
    else:
        yield Change("new", route, "guest", "no such route", str(guest), where)


def _gone(before: Known, now: Matrix) -> Iterator[Change]:
    there = {row.name for row in now}
    for route, outcomes in before.items():
        if route not in there:
            yield Change("gone", route, "guest", str(outcomes["guest"]), "no such route")


def _kind(before: Outcome, now: Outcome) -> Kind:
    """Say whether somebody is let in who was not, or under fewer conditions."""
    if now.allowed and not before.allowed:
        return "opens"
    if before.allowed and not now.allowed:
        return "closes"
    if now.allowed and set(before.conditions) - set(now.conditions):
        return "opens"
    if now.allowed and set(now.conditions) - set(before.conditions):
        return "closes"
    return "differs"


def opened(found: list[Change]) -> list[Change]:
    """Choose what must not happen unseen."""
    return [change for change in found if change.kind == "opens"]


def document(target: str, matrix: Matrix, found: list[Change] | None) -> dict[str, object]:
    """Write it for programs."""
    rows = [
        {
            "method": row.method,
            "path": row.path,
            "where": row.where,
            "outcomes": {
                visitor: {"allowed": one.allowed, "says": one.says, "conditions": one.conditions}
                for visitor, one in row.outcomes.items()
            },
        }
        for row in matrix
    ]
    told = [cast("object", change) for change in found] if found is not None else None
    return {"app": target, "routes": rows, "changes": told}
