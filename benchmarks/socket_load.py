"""What a request costs behind a server: uvicorn, one worker for each contestant, 32 connections, in turn."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from math import nan
from pathlib import Path
from socket import create_server

from benchmarks.asking import Answer, Ask
from benchmarks.checking import admitted
from benchmarks.contestants import BARE, Contestant, installed
from benchmarks.load import CONNECTIONS, Load, chosen
from benchmarks.ratios import ratio, table

ROOT = Path(__file__).resolve().parent.parent
STARTS = 5
"""How often all servers are started anew: where a process happens to lie in memory is worth a tenth of a request."""
ROUNDS = 2
SECONDS = 1.0
PATIENCE = 30
TITLE = "Behind uvicorn: GET /me, {connections} connections, by {client}, x bare Starlette (median ± half the IQR)"
HEADINGS = ("", "cost", "cost / own bare", "p99", "CPU")


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant that listens on this machine."""

    contestant: Contestant
    port: int
    process: int

    async def send(self, ask: Ask) -> Answer:
        """Send one request over a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.putrequest(ask.method, ask.path, skip_host=True, skip_accept_encoding=True)
        for name, value in ask.headers:
            connection.putheader(name.decode(), value)
        connection.endheaders(ask.body)
        response = connection.getresponse()
        headers = tuple((name.encode(), value.encode("latin-1")) for name, value in response.getheaders())
        answer = Answer(response.status, headers, response.read())
        connection.close()
        return answer


@contextmanager
def serving(contestant: Contestant) -> Generator[Server, None, None]:
    """Start a server, and end it. It is handed a listening socket, so the first request just waits until it is up."""
    with create_server(("127.0.0.1", 0)) as listening:
        descriptor, port = listening.fileno(), listening.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.serve", contestant.name, str(descriptor)],
            cwd=ROOT,
            pass_fds=[descriptor],
        )
    try:
        yield Server(contestant, port, process.pid)
    finally:
        process.terminate()
        process.wait(PATIENCE)


@dataclass(frozen=True, slots=True)
class Spell:
    """What one contestant took for a request during one round, in seconds, milliseconds and seconds."""

    cost: float
    late: float
    cpu: float


Spells = Mapping[str, Sequence[Spell]]


def measure(contestants: Sequence[Contestant], load: Load, starts: int) -> Spells:
    """Load all contestants in turn, a few rounds after every start; the others sleep meanwhile."""
    spells: dict[str, list[Spell]] = {contestant.name: [] for contestant in contestants}
    for _ in range(starts):
        for contestant, spell in _started(contestants, load):
            spells[contestant.name].append(spell)
    return spells


def _started(
    contestants: Sequence[Contestant], load: Load
) -> Generator[tuple[Contestant, Spell], None, None]:
    """Start every contestant, check it and warm it up, then load all of them in every round."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(contestant)) for contestant in contestants]
        asks = [asyncio.run(admitted(one.contestant, one.send)).asks["GET /me"] for one in servers]
        for turn in range(ROUNDS + 1):
            for server, ask in zip(servers, asks, strict=True):
                spell = _spell(server, ask, load)
                if turn:  # the first round warms up
                    yield server.contestant, spell


def _spell(server: Server, ask: Ask, load: Load) -> Spell:
    before = _processor_seconds(server.process)
    served = load(server.port, ask, SECONDS)
    cpu = _processor_seconds(server.process) - before
    rate = served.requests_a_second
    return Spell(1 / rate, served.late, cpu / (rate * SECONDS))


def _processor_seconds(process: int) -> float:
    """Read what the server has used of its processor, which neighbours on the machine disturb less than its pace."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return nan  # not on Linux
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def report(spells: Spells, contestants: Sequence[Contestant], client: str) -> str:
    """Print what a request costs, how late the slowest hundredth comes, and what the processor did for it."""
    title = TITLE.format(connections=CONNECTIONS, client=client)
    fastest = 1 / min(spell.cost for spell in spells[BARE])
    rows = [_row(one, spells) for one in contestants]
    return f"{table(title, HEADINGS, rows)}\n(for scale: bare Starlette, {fastest:.0f} requests a second)"


def _row(one: Contestant, spells: Spells) -> list[str]:
    def beside(what: str, base: str = BARE) -> str:
        own, others = ([getattr(spell, what) for spell in spells[name]] for name in (one.name, base))
        return str(ratio(own, others))

    return [one.title, beside("cost"), beside("cost", one.bare), beside("late"), beside("cpu")]


def main(starts: int = STARTS, names: Collection[str] = ()) -> None:
    """Measure and print."""
    contestants = installed(names)
    client, load = chosen()
    print(report(measure(contestants, load, starts), contestants, client), flush=True)


if __name__ == "__main__":
    main()
