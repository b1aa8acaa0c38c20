"""What a run says: a table for each area, a line for each failure, the reasons of what was skipped, and the count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.attack.cases import Remark, Result, Status, Unchecked

STATUSES: tuple[Status, ...] = ("passed", "failed", "skipped")


def show(results: Sequence[Result], *, verbose: bool) -> Iterable[str]:
    """Write the report of a run, line by line; the last one is the count."""
    yield from _table(results)
    failed = [result for result in results if result.status == "failed"]
    if failed:
        yield ""
    for result in failed:
        yield from _failed(result, verbose=verbose)
    yield ""
    yield from _skipped(results, verbose=verbose)
    if verbose:
        yield from _remarks(results)
    yield ""
    yield summary(results)


def summary(results: Sequence[Result]) -> str:
    """Count."""
    counted = Counter(result.status for result in results)
    return ", ".join(f"{counted[status]} {status}" for status in STATUSES)


def write(results: Sequence[Result], path: Path, target: str) -> None:
    """Write the same as JSON."""
    counted = Counter(result.status for result in results)
    document = {
        "target": target,
        "counts": {status: counted[status] for status in STATUSES},
        "cases": [_row(result) for result in results],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def _row(result: Result) -> dict[str, object]:
    return {
        "id": result.case.id,
        "area": result.case.area,
        "title": result.case.title,
        "status": result.status,
        "failures": [
            {"field": one.field, "expected": one.expected, "got": one.got} for one in result.failures
        ],
        "reason": result.reason,
        "unchecked": [one.field for one in result.findings if isinstance(one, Unchecked)],
        "remarks": [f"{one.field}: {one.text}" for one in result.findings if isinstance(one, Remark)],
        "seconds": round(result.seconds, 3),
    }


def _table(results: Sequence[Result]) -> Iterable[str]:
    areas = list(dict.fromkeys(result.case.area for result in results))
    width = max([len("area"), *map(len, areas)])
    yield f"{'area':<{width}}  passed  failed  skipped"
    for area in areas:
        counted = Counter(result.status for result in results if result.case.area == area)
        yield f"{area:<{width}}  {counted['passed']:>6}  {counted['failed']:>6}  {counted['skipped']:>7}"


def _failed(result: Result, *, verbose: bool) -> Iterable[str]:
    for one in result.failures:
        yield f"FAILED {result.case.id} {one.field}: expected {one.expected}, got {one.got}  [{result.case.title}]"
    if verbose:
        yield from result.talk


def _skipped(results: Sequence[Result], *, verbose: bool) -> Iterable[str]:
    skipped = [result for result in results if result.status == "skipped"]
    if verbose:
        yield from (f"SKIPPED {result.case.id}: {result.reason}  [{result.case.title}]" for result in skipped)
        return
    for reason, count in Counter(result.reason for result in skipped).most_common():
        yield f"skipped {count}: {reason}"


def _remarks(results: Sequence[Result]) -> Iterable[str]:
    for result in results:
        for one in result.findings:
            if isinstance(one, Remark):
                yield f"REMARK {result.case.id} {one.field}: {one.text}"
