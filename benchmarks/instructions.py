"""How many machine instructions a request takes: callgrind counts them, and two runs agree to about one per cent.

Each contestant runs in a process of its own under valgrind. A request's share is cut out of the run by marks: calls
of `os.getppid()`, which nothing else here makes and at which callgrind writes down what it has counted since the
last one. So start, login and warming up are not in the figure, and until then callgrind does not count at all, which lets
a process start in a few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.asking import Ask
from benchmarks.checking import Visitor, admitted
from benchmarks.contestants import BARE, Contestant, installed, named
from benchmarks.in_process import drive, sender
from benchmarks.ratios import table

ROOT = Path(__file__).resolve().parent.parent
WARM_UP = 200
"""Enough for the interpreter to specialise what it will run again."""
REQUESTS = 500
TITLE = "Instructions of a request, x bare Starlette (callgrind; two runs agree to about 1 %)"
GDB = "GUARDHOUSE_BENCH_GDB"
"""The variable that says where valgrind listens."""
OLD_BROWSER = "POST /do, token only"

Counts = Mapping[str, float]
"""Instructions of a request, by the heading of its column."""


def available() -> bool:
    """Whether valgrind is here."""
    return shutil.which("valgrind") is not None and shutil.which("vgdb") is not None


def count(contestants: Sequence[Contestant], requests: int = REQUESTS) -> Mapping[str, Counts]:
    """Count for every contestant, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        counted = pool.map(lambda contestant: _count(contestant, requests), contestants)
        return dict(zip([contestant.name for contestant in contestants], counted, strict=True))


def ratios(counts: Mapping[str, Counts], name: str) -> Counts:
    """Divide by what bare Starlette takes for the same request."""
    return {heading: number / counts[BARE][heading] for heading, number in counts[name].items()}


def _count(contestant: Contestant, requests: int) -> Counts:
    return marked(["benchmarks.instructions", contestant.name], requests)


def marked(module: Sequence[str], repeats: int) -> Counts:
    """Run a module that marks its batches, with the number of repeats as its last argument; count one repeat of each."""
    with TemporaryDirectory(prefix="guardhouse-bench-") as folder:
        out = Path(folder) / "callgrind.out"
        ran = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--dump-before=getppid"),
                *("--instr-atstart=no", f"--vgdb-prefix={folder}/gdb"),
                *(sys.executable, "-m", *module, str(repeats)),
            ],
            cwd=ROOT,
            env={**_environment(), GDB: f"{folder}/gdb"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(
                f"counting {' '.join(module)} ended with {ran.returncode}:\n{ran.stderr[-2000:]}"
            )
        return dict(_parts(out, ran.stdout.split("\n"), repeats))


def _environment() -> Mapping[str, str]:
    """Hand on nothing that changes the count: no coverage, no random hashes."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _parts(out: Path, headings: Sequence[str], requests: int) -> Sequence[tuple[str, float]]:
    """Read the counts that callgrind wrote at the marks: one before each batch, one behind it."""
    batches = [heading for heading in headings if heading]
    numbers = [_total(Path(f"{out}.{2 * place}")) for place in range(1, len(batches) + 1)]
    return [(heading, number / requests) for heading, number in zip(batches, numbers, strict=True)]


def _total(part: Path) -> int:
    found = re.search(r"^(?:totals|summary): (\d+)", part.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"callgrind wrote no total into {part.name}")
    return int(found[1])


def begin_to_count() -> None:
    """Let callgrind count from now on. Wait by asking and not in a sleep: valgrind hears of it between two instructions."""
    command = ["vgdb", f"--vgdb-prefix={os.environ[GDB]}", f"--pid={os.getpid()}", "instrumentation", "on"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asking:
        while asking.poll() is None:
            pass
    if asking.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {asking.returncode}")


async def _run(contestant: Contestant, requests: int) -> None:
    """Be what valgrind watches: a batch of requests of each kind between two marks."""
    app = contestant.load()
    asks = _asks(await admitted(contestant, sender(app)))
    for ask in asks.values():
        await drive(app, [ask.scope() for _ in range(WARM_UP)])
    begin_to_count()
    for heading, ask in asks.items():
        await drive(app, [ask.scope()])  # the last has left its own behind
        scopes = [ask.scope() for _ in range(requests)]
        os.getppid()
        await drive(app, scopes)
        os.getppid()
        print(heading)


def _asks(visitor: Visitor) -> Mapping[str, Ask]:
    return {**visitor.asks, OLD_BROWSER: visitor.by_token}


def main(names: Collection[str] = ()) -> None:
    """Count and print, for all or for those named; bare Starlette is always one of them."""
    if not available():
        print(
            f"\n{TITLE}\n\nleft out: valgrind is not installed (on Debian and Ubuntu: apt-get install valgrind)"
        )
        return
    contestants = installed(names)
    counts = count(contestants)
    rows = [
        [one.title, *(f"{number:.2f}" for number in ratios(counts, one.name).values())] for one in contestants
    ]
    print(table(TITLE, ["", *counts[BARE]], rows))
    print(f"(for scale: bare Starlette, GET, {counts[BARE]['GET /me']:.0f} instructions)", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        logging.disable()
        asyncio.run(_run(named(sys.argv[1]), int(sys.argv[2])))
    else:
        main()
