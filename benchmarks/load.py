"""Two ways to put load on a server: wrk where it is installed, else a client of our own on asyncio."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeAlias

from benchmarks.asking import Ask
from benchmarks.serve import pin

CONNECTIONS = 32
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Served:
    """What came of one spell of load."""

    requests_a_second: float
    late: float
    """Milliseconds after which 99 of 100 requests were answered."""


Load: TypeAlias = Callable[[int, Ask, float], Served]
"""Keep a port on this machine busy with one request for so many seconds."""


def chosen() -> tuple[str, Load]:
    """Take wrk if it is here; its name goes into the report."""
    return ("wrk", by_wrk) if shutil.which("wrk") else ("asyncio client", by_asyncio)


def by_wrk(port: int, ask: Ask, seconds: float) -> Served:
    """Let wrk ask; it counts in whole seconds. It cannot POST without a script, so only GET is asked of it."""
    assert ask.method == "GET", "wrk is only asked for GET"
    headers = [f"--header={name.decode()}: {value.decode('latin-1')}" for name, value in ask.headers]
    ran = subprocess.run(
        [
            *("wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={max(1, round(seconds))}s"),
            *("--latency", *headers, f"http://127.0.0.1:{port}{ask.path}"),
        ],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: pin(1),
    )
    assert "Non-2xx" not in ran.stdout, ran.stdout
    assert "Socket errors" not in ran.stdout, ran.stdout
    rate, late = (
        re.search(r"Requests/sec: +([\d.]+)", ran.stdout),
        re.search(r"99% +([\d.]+)(us|ms|s)", ran.stdout),
    )
    assert rate is not None and late is not None, ran.stdout  # noqa: PT018 - both are lines of the same report
    return Served(float(rate[1]), float(late[1]) * _MILLISECONDS[late[2]])


def by_asyncio(port: int, ask: Ask, seconds: float) -> Served:
    """Ask over as many connections from a process of its own, so that it has the other processor to itself."""
    program = "import sys, benchmarks.load as load; load.main(int(sys.argv[1]), float(sys.argv[2]))"
    ran = subprocess.run(
        [sys.executable, "-c", program, str(port), str(seconds)],
        input=written(ask),
        capture_output=True,
        check=True,
    )
    rate, late = ran.stdout.split()
    return Served(float(rate), float(late))


def main(port: int, seconds: float) -> None:
    """Be the process that asks: the request comes in on standard input, the two figures go out."""
    pin(1)
    served = asyncio.run(_keep_busy(port, sys.stdin.buffer.read(), seconds))
    print(served.requests_a_second, served.late)


def written(ask: Ask) -> bytes:
    """Write the request as it goes over the wire."""
    lines = [f"{ask.method} {ask.path} HTTP/1.1".encode(), *(b"%s: %s" % header for header in ask.headers)]
    return b"\r\n".join([*lines, b"", ask.body])


async def _keep_busy(port: int, request: bytes, seconds: float) -> Served:
    ends = perf_counter() + seconds
    spells = [_ask_until(port, request, ends) for _ in range(CONNECTIONS)]
    taken = sorted(one for spell in await asyncio.gather(*spells) for one in spell)
    return Served(len(taken) / seconds, taken[len(taken) * 99 // 100] * 1000)


async def _ask_until(port: int, request: bytes, ends: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken: list[float] = []
    while (began := perf_counter()) < ends:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert head.startswith(b"HTTP/1.1 200") and length is not None, head  # noqa: PT018 - shown together
        await reader.readexactly(int(length[1]))
        taken.append(perf_counter() - began)
    writer.close()
    return taken
