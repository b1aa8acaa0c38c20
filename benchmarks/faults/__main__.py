"""Harm servers and hold what came of it against the promises: `python -m benchmarks.faults --quick`, or `--long`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.faults.faults import FAULTS, chosen
from benchmarks.faults.places import PLACES
from benchmarks.faults.results import Result, head, keep, read, result_of, row, table
from benchmarks.faults.running import QUICK, Fault, Size, run
from tests.services import Missing

RESULTS = Path(__file__).resolve().parents[2] / "build" / "faults.jsonl"
SEEDS = [1, 2, 3]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, and print a table; 1 where a bar was missed."""
    options = _options(arguments)
    if options.table:
        print(table(_kept(options.results or RESULTS)))
        return 0
    size = QUICK if options.quick else Size()
    if options.seconds is not None:
        size = replace(size, seconds=options.seconds)
    file = options.results or (RESULTS if options.long else None)
    seeds = options.seed or (SEEDS if options.long else SEEDS[:1])
    before = (
        {(one.size, one.fault, one.store, one.seed) for one in _kept(file)} if file and options.go_on else ()
    )
    print(f"{size} each, seeds {' '.join(map(str, seeds))}\n\n{head()}")
    missed = False
    for fault in chosen(options.fault, options.store):
        for seed in seeds:
            if (str(size), fault.name, fault.store, seed) in before:
                continue
            missed |= _one(fault, size, seed, file)
    return int(missed)


def _kept(file: Path) -> list[Result]:
    try:
        return read(file)
    except (OSError, ValueError, TypeError) as error:
        print(f"{file}: these are no results of this bench: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    numbers = sorted({fault.name.partition(" ")[0] for fault in FAULTS}, key=lambda name: int(name[1:]))
    names = [fault.name for fault in FAULTS if " " in fault.name]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--store", nargs="+", choices=PLACES, metavar="STORE", help=", ".join(PLACES))
    parser.add_argument(
        "--fault", nargs="+", choices=[*numbers, *names], metavar="FAULT", help="such as F7, or 'F7 lock'"
    )
    parser.add_argument("--seed", nargs="+", type=int, help="1; with --long 1 2 3")
    parser.add_argument("--seconds", type=float, help="how long each run takes; 120, or 8 when quick")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--quick", action="store_true", help="500 sessions and 20 clients instead of 10,000 and 200"
    )
    how.add_argument("--long", action="store_true", help=f"three seeds, each run kept in {RESULTS.name}")
    parser.add_argument("--results", type=Path, help="a file to which a line is added for each run")
    parser.add_argument("--go-on", action="store_true", help="leave out what that file holds already")
    parser.add_argument("--table", action="store_true", help="run nothing: print the table of that file")
    return parser.parse_args(arguments)


def _one(fault: Fault, size: Size, seed: int, file: Path | None) -> bool:
    try:
        report = run(fault, size, seed)
    except (Missing, PermissionError) as reason:
        print(f"| {fault.name} | {fault.store} | not run: {reason} |", flush=True)
        return False
    result: Result = result_of(report, size)
    if file is not None:
        keep(file, result)
    print(row([result]), flush=True)
    for note in report.notes:
        print(f"    {fault.name} {fault.store}: {note}", file=sys.stderr)
    for one in report.examples:
        print(f"    {one.rule}: {one.says}: {one.call}", file=sys.stderr)
    return bool(report.failures)


if __name__ == "__main__":
    sys.exit(main())
