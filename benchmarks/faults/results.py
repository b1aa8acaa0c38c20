"""What came of runs, a line each in a file, and the table that is made of all of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.faults.checker import RULES
from benchmarks.faults.running import Report, Size

HEAD = (
    "fault",
    "store",
    "what is done",
    "seeds",
    "calls",
    "failed",
    *RULES,
    "p99 of reads",
    "longest",
    "recovery",
    "",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one fault on one store with one seed."""

    fault: str
    store: str
    does: str
    seed: int
    size: str
    calls: int
    failed: float
    broken: dict[str, int]
    counted: list[str]
    late: float
    """Within how many seconds ninety-nine of a hundred reads were answered."""
    longest: float
    recovery: float
    failures: list[str]
    notes: list[str]


def result_of(report: Report, size: Size) -> Result:
    """Write down what came of a run."""
    fault = report.fault
    return Result(
        fault=fault.name,
        store=fault.store,
        does=fault.does,
        seed=report.seed,
        size=str(size),
        calls=report.calls,
        failed=report.errors,
        broken=dict(report.broken),
        counted=sorted(fault.counted),
        late=report.late,
        longest=report.longest,
        recovery=report.recovery,
        failures=report.failures,
        notes=list(report.notes),
    )


def keep(file: Path, result: Result) -> None:
    """Add a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(result)) + "\n")


def read(file: Path) -> list[Result]:
    """Read all lines; of a run that was made again the last one counts."""
    if not file.exists():
        return []
    results = [Result(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line]
    return list({(one.size, one.fault, one.store, one.seed): one for one in results}.values())


def table(results: Iterable[Result]) -> str:
    """Make one row of each fault on each store, of all its seeds together: sums of counts, and the worst of times."""
    rows: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for one in results:
        rows[one.fault, one.store].append(one)
    return "\n".join([head(), *(row(seeds) for seeds in rows.values())])


def head() -> str:
    """Write the head of a table."""
    return f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}".replace("|  |", "| |")


def row(seeds: Sequence[Result]) -> str:
    """Write the row of one fault on one store."""
    first, calls = seeds[0], sum(one.calls for one in seeds)
    failed = sum(one.failed * one.calls for one in seeds) / max(1, calls)
    broken = [
        f"{sum(one.broken.get(rule, 0) for one in seeds)}{'*' * (rule in first.counted)}" for rule in RULES
    ]
    cells = [
        first.fault,
        first.store,
        first.does,
        " ".join(str(one.seed) for one in sorted(seeds, key=lambda one: one.seed)),
        str(calls),
        f"{failed:.1%}",
        *broken,
        f"{max(one.late for one in seeds) * 1000:.0f} ms",
        f"{max(one.longest for one in seeds):.1f} s",
        f"{max(one.recovery for one in seeds):.1f} s",
        verdict(seeds),
    ]
    return f"| {' | '.join(cells)} |"


def verdict(seeds: Sequence[Result]) -> str:
    """Say which bars were missed, and with which seed where there are several."""
    many = len(seeds) > 1
    missed = [f"seed {one.seed}: {failure}" if many else failure for one in seeds for failure in one.failures]
    return "; ".join(missed) or "passes"
