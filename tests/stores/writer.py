"""A process of its own at one SQLite file: it says what it does on a line each, so that it may be killed at any time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from guardhouse.state.record import Changes, encode
from guardhouse.stores.sqlite import SQLiteStore

from .kinds import ADA, KEY, record


async def merge(store: SQLiteStore, name: str, times: str) -> None:
    """Write keys of this process's own into the one session."""
    for number in range(int(times)):
        if not await store.save(KEY, Changes(put={f"{name}{number}": encode(number)})):
            raise SystemExit("the session is gone")
    await store.close()


async def create(store: SQLiteStore, name: str) -> None:
    """Create one session, and with the first the file."""
    await store.create(name.encode() * 32, record(ADA))
    await store.close()


async def hammer(store: SQLiteStore) -> None:
    """Create one session after the other, and say which are acknowledged, until somebody stops it."""
    number = 0
    while True:
        await store.create(number.to_bytes(32, "big"), record(ADA, text="x" * 500))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        number += 1


async def hold(store: SQLiteStore) -> None:
    """Hold the write lock until somebody stops it."""
    with store._file.writing():
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()


WORKS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {
    "merge": merge,
    "create": create,
    "hammer": hammer,
    "hold": hold,
}


def fork(store: SQLiteStore) -> None:
    """Write before a fork, on both sides of it, and after it; a store that nobody holds any more minds nothing."""
    SQLiteStore(store.path)
    asyncio.run(store.create(KEY, record(ADA)))
    asyncio.run(store.save(KEY, Changes(put={"before": encode(1)})))
    asyncio.run(store.load(KEY))
    child = os.fork()
    if child == 0:
        asyncio.run(merge(store, "child", "5"))
        os._exit(0 if asyncio.run(store.load(KEY)) else 1)
    asyncio.run(merge(store, "parent", "5"))
    _, status = os.waitpid(child, 0)
    asyncio.run(store.save(KEY, Changes(put={"after": encode(1)})))
    raise SystemExit(status)


def main(path: str, work: str, *details: str) -> None:
    """Do one work at the file."""
    store = SQLiteStore(Path(path))
    if work == "fork":
        fork(store)
    else:
        asyncio.run(WORKS[work](store, *details))


if __name__ == "__main__":
    main(*sys.argv[1:])
