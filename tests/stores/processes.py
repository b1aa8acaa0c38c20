"""Processes of their own at one SQLite file, that count at the same time and say how much passed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from guardhouse.limits import Limits
from guardhouse.state.attempts import AttemptLimit, Wait
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.limit import Limit
from guardhouse.stores.sqlite import SQLiteStore

ROOT = Path(__file__).parents[2]


@contextmanager
def process(store: SQLiteStore, *work: str) -> Iterator[subprocess.Popen[str]]:
    """Start one at the file."""
    command = [sys.executable, "-m", "tests.stores.processes", str(store.path), *work]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


async def ended(started: subprocess.Popen[str]) -> int:
    """Wait for its end."""
    return await asyncio.to_thread(started.wait, 60)


async def limit(store: SQLiteStore, count: int, times: int) -> int:
    """Hit one limit so often, in parallel."""
    limits = Limits(store, time.time)
    said = await asyncio.gather(
        *(limits.hit(Limit(count, timedelta(hours=1)), "shared", fall_back=False) for _ in range(times))
    )
    return sum(spent.allowed for spent in said)


async def attempt(store: SQLiteStore, tries: int, times: int) -> int:
    """Try one account so often, in parallel."""
    allowed = AttemptLimit(tries=tries, delay=timedelta(minutes=10))
    said = await asyncio.gather(
        *(store.attempts.attempt(b"shared", allowed, time.time) for _ in range(times))
    )
    return sum(not isinstance(one, Wait) for one in said)


async def withdraw(store: SQLiteStore, count: int, times: int) -> int:
    """Withdraw each of so many enrolments so often, in parallel."""
    names = [f"n{number}" for number in range(count)] * times
    said = await asyncio.gather(
        *(store.enrolments.withdraw("users:ada", Kind.RECOVERY, name) for name in names)
    )
    return sum(said)


async def change(store: SQLiteStore, count: int, times: int) -> int:
    """Change one enrolment from each of so many versions, so often in parallel."""
    won = 0
    for version in range(1, count + 1):
        before = Enrolment(Kind.TOTP, "shared", "users:ada", 100.0, version=version)
        after = before.changed()
        won += sum(await asyncio.gather(*(store.enrolments.change(before, after) for _ in range(times))))
    return won


WORKS = {"limit": limit, "attempt": attempt, "withdraw": withdraw, "change": change}


async def work(path: str, kind: str, count: str, times: str) -> None:
    """Do one work at the file."""
    store = SQLiteStore(Path(path))
    passed = await WORKS[kind](store, int(count), int(times))
    await store.close()
    print(passed)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
