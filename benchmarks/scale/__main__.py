"""Measure a thousand to a million sessions: `python -m benchmarks.scale`; a quarter of an hour, `--upto 100000` two minutes."""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from random import Random
from statistics import median
from typing import Any

from benchmarks.scale.keeping import KEEPERS, Keeper
from benchmarks.scale.sessions import PER_USER, key_of, owner_of, record_of
from guardhouse.state.record import encode

SMALL = 1_000
SIZES = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS, READS, REVOCATIONS = 15, 200, 30
HEAD = "| store | sessions | bytes a session | read, us | x a thousand | log out everywhere, us | full collection, ms |"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--store", choices=KEEPERS, action="append")
    parser.add_argument("--upto", type=int, default=SIZES[-1])
    options = parser.parse_args()
    print(
        f"a session is {len(encode(record_of(0)))} bytes, {PER_USER} to a user\n\n{HEAD}\n" + "|---" * 7 + "|"
    )
    for name in options.store or KEEPERS:
        asyncio.run(_measure(name, [size for size in SIZES if size <= options.upto]))


async def _measure(name: str, sizes: list[int]) -> None:
    """Let one store grow, beside another that stays small: both are read in turn, so that what is slow is so for both."""
    small, grown = KEEPERS[name](), KEEPERS[name]()
    try:
        for keeper in (small, grown):
            await keeper.open()
        await small.fill(0, SMALL)
        empty, before = grown.size(), 0
        for size in sizes:
            await grown.fill(before, size)
            before = size
            print(await _row(name, small, grown, size, (grown.size() - empty) / size), flush=True)
    finally:
        for keeper in (small, grown):
            await keeper.close()


async def _row(name: str, small: Keeper, grown: Keeper, size: int, taken: float) -> str:
    chance = Random(1)  # noqa: S311 - which sessions are read
    rounds: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        few = await _reads(small, [chance.randrange(SMALL) for _ in range(READS)])
        rounds.append((few, await _reads(grown, [chance.randrange(size) for _ in range(READS)])))
    ratio = median(many / few for few, many in rounds)
    cost = median(many for _, many in rounds)
    revoked = await _revocations(grown.store, chance, size)
    pause = f"{_collection():.1f}" if name == "memory" else ""
    return f"| {name} | {size:,} | {taken:.0f} | {cost * 1e6:.1f} | {ratio:.2f} | {revoked * 1e6:.0f} | {pause} |"


async def _reads(keeper: Keeper, numbers: list[int]) -> float:
    """Read at random, one after the other; return the seconds of one."""
    keys = list(map(key_of, numbers))
    began = keeper.clock()
    missing = await keeper.read(keys)
    taken = (keeper.clock() - began) / len(keys)
    assert not missing, "a session is missing"
    return taken


async def _revocations(store: Any, chance: Random, size: int) -> float:  # noqa: ANN401 - any store
    """Log users out everywhere, and put their sessions back."""
    took: list[float] = []
    for _ in range(REVOCATIONS):
        first = chance.randrange(size // PER_USER) * PER_USER
        began = time.perf_counter()
        ended = await store.revoke(owner_of(first))
        took.append(time.perf_counter() - began)
        assert ended == PER_USER, "not all sessions of a user were ended"
        for number in range(first, first + PER_USER):
            await store.create(key_of(number), record_of(number))
    return median(took)


def _collection() -> float:
    """Return for how long the garbage collector keeps the processor at its fullest, in milliseconds.

    Processor time, because on a machine that does other things the clock tells of those.
    """
    pauses: list[float] = []
    for _ in range(5):
        began = time.process_time()
        gc.collect()
        pauses.append(time.process_time() - began)
    return median(pauses) * 1000


if __name__ == "__main__":
    main()
