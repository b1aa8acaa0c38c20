"""Run attack cases against an application: `python tests/attack/run.py --target target.json --cases FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

if not __package__:  # called by its path: what lies beside it is imported by its full name all the same
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.attack import cases as corpus
from tests.attack import report
from tests.attack.application import Application
from tests.attack.cases import Case, Result
from tests.attack.groups import Groups
from tests.attack.play import play

HERE = Path(__file__).parent


def run(
    application: Application, everything: Sequence[Case], selected: Sequence[Case], *, timing: bool = False
) -> list[Result]:
    """Play the selected cases against a running application, one after the other."""
    groups = Groups(everything, application, timing=timing)
    results = []
    for case in selected:
        result = play(case, application)
        if not result.skipped:
            result = replace(result, findings=(*result.findings, *groups.findings(case)))
        results.append(result)
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, report, and return 0 only if nothing failed."""
    asked = _parser().parse_args(arguments)
    everything = corpus.read(asked.cases)
    selected = corpus.select(everything, asked.area, asked.id)
    if not selected:
        print("no case has that area or name", file=sys.stderr)
        return 2
    with Application(asked.target, _variables(asked.set)) as application:
        results = run(application, everything, selected, timing=asked.timing)
        name = application.target.name
    for line in report.show(results, verbose=asked.verbose):
        print(line)
    if asked.json:
        report.write(results, asked.json, name)
    return 1 if any(result.status == "failed" for result in results) else 0


def _variables(given: Sequence[str]) -> Mapping[str, str]:
    return {name: value for name, _, value in (one.partition("=") for one in given)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=Path, default=HERE / "target.json", help="what the application is")
    parser.add_argument("--cases", type=Path, default=HERE / "open_cases.json", help="a file of cases")
    parser.add_argument("--area", action="append", default=[], help="only this area; can be repeated")
    parser.add_argument("--id", action="append", default=[], help="only this case; can be repeated")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a variable of the target"
    )
    parser.add_argument("--timing", action="store_true", help="also compare times: half a minute more")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the results there, too")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what was said, and every reason")
    return parser


if __name__ == "__main__":
    sys.exit(main())
