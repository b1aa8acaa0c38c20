"""How a stack was walked: each of its checks with what it said, where that became the answer, and what was not reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from guardhouse.core.stack import Check

__all__ = ["Line", "Place", "walked"]

Line: TypeAlias = Mapping[str, Any]
"""What one check said, as problem documents have it."""

_ASKS_NOBODY = frozenset({"note", "answer"})


class Place(Struct, frozen=True):
    """One check on the way."""

    name: str
    line: Line | None = None
    """What it said; None where it said nothing."""
    because: str = ""
    stop: bool = False
    """Whether what it said is the answer."""
    reached: bool = True


def walked(checks: Sequence[Check], trace: Sequence[Line], code: object) -> Iterator[Place]:
    """Put a trace beside the checks; who spoke and stands in no stack, such as a store, comes last.

    `code` is that of the answer: the first line that says it is where the walk stopped.
    """
    left = list(trace)
    stop = next((line for line in trace if line["code"] == code), None)
    ended = False
    for check in checks:
        said = next((line for line in left if line["by"] == _speaker(check)), None)
        if said is not None:
            left.remove(said)
            ended = ended or said["verdict"] in ("deny", "allow")
            yield Place(check.name, said, check.because, said is stop)
        elif check.phase not in _ASKS_NOBODY:
            yield Place(check.name, None, check.because, reached=not ended)
    for line in left:
        yield Place(str(line["by"]), line, "", line is stop)


def _speaker(check: Check) -> str:
    """Say under which name a check speaks in a trace."""
    kind, _, name = check.name.partition(" ")
    return name if kind in ("guard", "step") and name else check.name
