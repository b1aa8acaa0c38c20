"""Whether somebody has an account shows in no time that passes: known and unknown are asked in turn, of a real server.

The times of both are ranked together (Mann and Whitney). If they come from one distribution, `z` is normal, and beyond four
once in 16,000 runs. That the measure finds a leak is shown on the same ways with one in each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import NamedTuple

import pytest

from tests.houses import ADA
from tests.ways.houses import NEW_PASSWORD

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("GUARDHOUSE_ROUNDS", "100"))
"""How often each of the two is asked."""
WARMING = 10
CRITICAL = 4.0
ATTEMPTS = 3
ROOT = Path(__file__).parents[2]
HEADERS = {"Host": "testserver", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}


class Asked(NamedTuple):
    """What is handed in for an account, and what everybody is answered."""

    path: str
    handed: Callable[[str], dict[str, str]]
    status: int


WAYS = {
    "login": Asked("/login", lambda email: {"email": email, "password": "wrong"}, 422),
    "register": Asked("/register", lambda email: {"email": email, "password": NEW_PASSWORD}, 200),
    "forgot": Asked("/forgot-password", lambda email: {"email": email}, 200),
}


def z_of(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank both together; say by how many standard deviations the ranks of `one` are from what chance gives."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, whose) in enumerate(ranked, start=1) if whose == 0)
    m, n = len(one), len(other)
    spread = (m * n * (m + n + 1) / 12) ** 0.5
    return float((ranks - m * (m + 1) / 2 - m * n / 2) / spread)


@contextmanager
def served(folder: Path, users: str, which: str) -> Iterator[HTTPConnection]:
    """Start the server in a process of its own, and connect."""
    command = [sys.executable, "-m", "tests.ways.timed", str(folder), users, which]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            connection = HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=60)
            yield connection
            connection.close()
        finally:
            process.kill()


def measured(
    connection: HTTPConnection, asked: Asked, known: str, unknown: Callable[[int], str]
) -> tuple[list[float], list[float]]:
    """Ask for both in pairs, each pair in an order of chance, and keep the times."""
    times: tuple[list[float], list[float]] = ([], [])
    order = Random(20)
    for number in range(WARMING + ROUNDS):
        for which in order.sample((0, 1), 2):
            body = json.dumps(asked.handed((known, unknown(number))[which]))
            began = perf_counter()
            connection.request("POST", asked.path, body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            times[which].append(perf_counter() - began)
            assert answer.status == asked.status
    return times[0][WARMING:], times[1][WARMING:]


def told(times: tuple[list[float], list[float]]) -> str:
    known, unknown = (median(one) * 1000 for one in times)
    return f"known {known:.2f} ms, unknown {unknown:.2f} ms, z = {z_of(*times):+.2f}, {len(times[0])} each"


def test_the_measure_knows_a_shift_from_none():
    chance = Random(1)
    same = [[chance.gauss(10, 1) for _ in range(200)] for _ in range(2)]
    assert abs(z_of(*same)) < CRITICAL
    assert z_of(same[0], [value - 1 for value in same[1]]) > CRITICAL
    assert z_of([1.0, 2.0], [3.0, 4.0]) == pytest.approx(-1.549, abs=0.001)


@pytest.mark.parametrize("users", ["memory", "sqlite"])
@pytest.mark.parametrize("name", WAYS)
def test_no_time_tells_who_has_an_account(tmp_path: Path, users: str, name: str):
    with served(tmp_path, users, "fair") as connection:
        # A leak is there each time; what the other tests of a busy machine do to the clock is not.
        found: list[str] = []
        for _ in range(ATTEMPTS):
            times = measured(connection, WAYS[name], ADA.email, lambda number: f"nobody{number}@example.com")
            print(f"{name}, {users}: {told(times)}")
            if abs(z_of(*times)) < CRITICAL:
                return
            found.append(told(times))
    pytest.fail(f"each time: {'; '.join(found)}")


@pytest.mark.parametrize("name", WAYS)
def test_a_leak_is_found(tmp_path: Path, name: str):
    with served(tmp_path, "memory", "leaky") as connection:
        times = measured(connection, WAYS[name], ADA.email, lambda number: f"nobody{number}@example.com")
    print(f"{name}, leaky: {told(times)}")
    assert abs(z_of(*times)) > CRITICAL, told(times)
