"""All tables in one run: `python -m benchmarks` takes about ten minutes, `--quick` four, with wider spreads."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import version

from benchmarks import in_process, instructions, socket_load, verifying
from benchmarks.contestants import CONTESTANTS

QUICK_ROUNDS = 3
QUICK_STARTS = 2
QUICK_COUNTED = (
    "minimum_memory",
    "guardhouse_memory",
    "guardhouse_token",
    "guardhouse_jwt",
    "guardhouse_fastapi",
)
PARTS = ("instructions", "verifying", "in-process", "socket")


def main() -> None:
    """Measure what was asked for, and print it table by table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a few rounds instead of many, and instructions of ours only",
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="leave out the other tables")
    parser.add_argument(
        "--of",
        metavar="NAME",
        choices=[one.name for one in CONTESTANTS],
        action="append",
        default=[],
        help="measure only this application and its bare framework; may be given several times",
    )
    options = parser.parse_args()
    wanted = options.only or PARTS
    print(_where())
    if "instructions" in wanted:
        instructions.main(options.of or (QUICK_COUNTED if options.quick else ()))
    if "verifying" in wanted:
        verifying.main(QUICK_ROUNDS if options.quick else verifying.ROUNDS)
    if "in-process" in wanted:
        in_process.main(QUICK_ROUNDS if options.quick else in_process.ROUNDS, options.of)
    if "socket" in wanted:
        socket_load.main(QUICK_STARTS if options.quick else socket_load.STARTS, options.of)


def _where() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("starlette", "fastapi", "uvicorn"))
    return f"Python {platform.python_version()} on {platform.machine()}; {libraries}"


if __name__ == "__main__":
    main()
