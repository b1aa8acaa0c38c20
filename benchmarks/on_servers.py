"""Sessions in Redis and PostgreSQL beside the one read that nobody can save: `python -m benchmarks.on_servers`.

The servers are started here. Each ratio is formed within a round, and the bars are printed beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from hashlib import sha256
from statistics import median, quantiles
from time import perf_counter

import asyncpg

from benchmarks import in_process, socket_load
from benchmarks.contestants import BARE, PEERS_ON_REDIS, Contestant, named
from benchmarks.load import chosen
from benchmarks.ratios import ratio, table
from benchmarks.scale.sessions import key_of, record_of
from guardhouse.stores.opening import open_store
from tests.services.postgres import Postgres
from tests.services.redis import Node

REDIS_KEY = b"bare:" + sha256(b"session").digest()
POSTGRES_KEY = sha256(b"session").digest()
NAMES = (
    BARE,
    "bare_redis",
    "guardhouse_redis",
    "guardhouse_redis_tracking",
    "bare_postgres",
    "guardhouse_postgres",
)
BARS = (
    ("guardhouse_redis", "bare_redis", "over a socket", 0.85),
    ("guardhouse_redis", "bare_redis", "alone, in process", 1.15),
    ("guardhouse_redis_tracking", BARE, "over a socket", 1.30),
    ("guardhouse_postgres", "bare_postgres", "over a socket", 1.15),
    ("guardhouse_postgres", "bare_postgres", "alone, in process", None),
)


REVOCATIONS = 2_000
SEEN_WITHIN = 10.0
"""Milliseconds after which 99 of 100 revocations must have reached a node that keeps sessions in its process."""


def main() -> None:
    """Start both servers, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.on_servers", description=__doc__)
    parser.add_argument("--starts", type=int, default=socket_load.STARTS)
    parser.add_argument("--rounds", type=int, default=in_process.ROUNDS)
    options = parser.parse_args()
    server, database = Node("--appendonly", "no"), Postgres()
    os.environ |= {"GUARDHOUSE_BENCH_REDIS": server.url, "GUARDHOUSE_BENCH_POSTGRES": database.url}
    try:
        server.client.set(REDIS_KEY, b"x" * 105)
        asyncio.run(_one_row(database.url))
        print(asyncio.run(_revocations(server.url)), flush=True)
        print(_measured([named(name) for name in NAMES], options.starts, options.rounds))
    finally:
        server.remove()
        database.server.remove()


async def _one_row(url: str) -> None:
    """Put there what the bare application reads."""
    desk = await asyncpg.connect(url)
    await desk.execute("CREATE TABLE bare_sessions (key bytea PRIMARY KEY, body bytea NOT NULL)")
    await desk.execute("INSERT INTO bare_sessions VALUES ($1, $2)", POSTGRES_KEY, b"x" * 105)
    await desk.close()


async def _revocations(url: str) -> str:
    """Revoke at one node what another keeps, and time from the answer to when the other refuses it."""
    keeping, revoking = open_store(f"{url}?cache=tracking"), open_store(url)
    took: list[float] = []
    for number in range(REVOCATIONS):
        key = key_of(number)
        await revoking.create(key, record_of(number))
        for _ in range(2):  # the second time out of the process
            assert await keeping.load(key) is not None, "a session that was made is there"
        await revoking.delete(key)
        began = perf_counter()
        while await keeping.load(key) is not None:  # noqa: ASYNC110 - it is asked as a request asks
            await asyncio.sleep(0)
        took.append((perf_counter() - began) * 1000)
    await keeping.close()
    await revoking.close()
    late = quantiles(took, n=100)[-1]
    verdict = "met" if late <= SEEN_WITHIN else "missed"
    return (
        f"a revocation elsewhere, with tracking, {REVOCATIONS} times: refused {median(took):.2f} ms after it was answered "
        f"(median), {late:.2f} ms (p99; bar {SEEN_WITHIN:.0f} ms: {verdict}), {max(took):.2f} ms (longest)\n"
    )


def _measured(contestants: list[Contestant], starts: int, rounds: int) -> str:
    """Measure ours in both ways, and the others over a socket: Django's handler wants a server."""
    client, load = chosen()
    peers = [one for one in PEERS_ON_REDIS if one.installed]
    spells = socket_load.measure([*contestants, *peers], load, starts)
    costs = {"over a socket": {name: [spell.cost for spell in own] for name, own in spells.items()}}
    logging.disable()  # the checks provoke refusals
    alone = asyncio.run(in_process.measure(contestants, rounds))
    costs["alone, in process"] = {name: list(own) for name, own in alone["GET /me"].items()}
    compared = [(one.name, "bare_redis", "over a socket", None) for one in peers]
    rows = []
    for name, base, way, bar in (*BARS, *compared):
        found = ratio(costs[way][name], costs[way][base])
        verdict = "" if bar is None else "met" if found.median <= bar else "missed"
        rows.append(
            [
                named(name).title,
                named(base).title,
                way,
                str(found),
                "" if bar is None else f"{bar:.2f}",
                verdict,
            ]
        )
    title = f"GET /me; over a socket with {socket_load.CONNECTIONS} connections, by {client} (median ± half the IQR)"
    return table(title, ["", "x", "", "ratio", "bar", ""], rows)


if __name__ == "__main__":
    main()
