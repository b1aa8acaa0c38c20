"""Harm servers and hold what came of it against the promises: `python -m benchmarks.faults --quick`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from benchmarks.faults.checker import RULES
from benchmarks.faults.faults import FAULTS, chosen
from benchmarks.faults.places import PLACES
from benchmarks.faults.running import QUICK, Fault, Report, Size, run
from tests.services import Missing

HEAD = "| fault | store | what is done | calls | failed | " + " | ".join(RULES) + " | longest | recovery | |"


def main() -> int:
    """Run what was asked for, and print a table; 1 where a bar was missed."""
    numbers = sorted({fault.name.partition(" ")[0] for fault in FAULTS}, key=lambda name: int(name[1:]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--store", choices=PLACES)
    parser.add_argument("--fault", choices=numbers)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="how long each run takes; 120, or 8 when quick")
    parser.add_argument(
        "--quick", action="store_true", help="500 sessions and 20 clients instead of 10,000 and 200"
    )
    options = parser.parse_args()
    size = QUICK if options.quick else Size()
    if options.seconds is not None:
        size = replace(size, seconds=options.seconds)
    print(f"{size.sessions} sessions, {size.clients} clients, {size.seconds:g} s each, seed {options.seed}\n")
    print(HEAD)
    print("|" + "---|" * HEAD.count(" | ") + "---|")
    failed = [_one(fault, size, options.seed) for fault in chosen(options.fault, options.store)]
    return 1 if any(failed) else 0


def _one(fault: Fault, size: Size, seed: int) -> bool:
    try:
        report = run(fault, size, seed)
    except (Missing, PermissionError) as reason:
        print(f"| {fault.name} | {fault.store} | not run: {reason} |", flush=True)
        return False
    print(_row(report), flush=True)
    for note in report.notes:
        print(f"    {fault.name} {fault.store}: {note}", file=sys.stderr)
    for one in report.examples:
        print(f"    {one.rule}: {one.says}: {one.call}", file=sys.stderr)
    return bool(report.failures)


def _row(report: Report) -> str:
    fault = report.fault
    broken = [f"{report.broken.get(rule, 0)}{'*' if rule in fault.counted else ''}" for rule in RULES]
    verdict = "; ".join(report.failures) or "passes"
    cells = [fault.name, fault.store, fault.does, str(report.calls), f"{report.errors:.1%}", *broken]
    return "| " + " | ".join([*cells, f"{report.longest:.1f} s", f"{report.recovery:.1f} s", verdict]) + " |"


if __name__ == "__main__":
    sys.exit(main())
