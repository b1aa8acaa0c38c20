"""Reads of one turn share a look at the file, and nobody whose request came after a logout profits from it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from guardhouse.state.record import Record
from guardhouse.stores.sqlite import SQLiteStore
from guardhouse.stores.sqlite_turn import Turns

KEYS = [bytes([number]) * 32 for number in range(5)]
RECORD = Record("public", 1.0, 1.0, 7200.0, 1e12, {}, {})

DELETE = """
import asyncio, sys
from guardhouse.stores.sqlite import SQLiteStore
asyncio.run(SQLiteStore(sys.argv[1]).delete(bytes.fromhex(sys.argv[2])))
"""


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    return SQLiteStore(tmp_path / "sessions.db")


async def filled(store: SQLiteStore) -> None:
    for key in KEYS:
        await store.create(key, RECORD)
    await busy(store)


async def busy(store: SQLiteStore) -> None:
    """Read twice in one turn, so that the next one shares a transaction."""
    assert store.load_now(KEYS[0]) == store.load_now(KEYS[1]) == RECORD
    await asyncio.sleep(0)


def deleted_elsewhere(store: SQLiteStore, key: bytes) -> None:
    """Let another process end a session, and return when it is done; meanwhile this process does nothing."""
    subprocess.run([sys.executable, "-c", DELETE, str(store.path), key.hex()], check=True)


def told(store: SQLiteStore) -> list[str]:
    """Note what SQLite is told on the connection of the turns."""
    turns: Any = store._file._turns
    said: list[str] = []
    turns._connection.set_trace_callback(lambda statement: said.append(statement.split()[0]))
    return said


async def test_the_reads_of_a_busy_turn_share_one_transaction(store):
    await filled(store)
    said = told(store)
    for key in KEYS:
        store.load_now(key)
    await asyncio.sleep(0)
    assert said == ["BEGIN", *["SELECT"] * 5, "COMMIT"]


async def test_a_lone_read_opens_none(store):
    await filled(store)
    store.load_now(KEYS[0])
    await asyncio.sleep(0)
    said = told(store)
    for _ in range(3):
        store.load_now(KEYS[0])
        await asyncio.sleep(0)
    assert said == ["SELECT"] * 3


@pytest.mark.slow
async def test_a_request_that_comes_after_another_process_ended_a_session_finds_it_ended(store):
    await filled(store)
    found: dict[str, Record | None] = {}

    async def reading(name: str) -> None:
        found[name] = store.load_now(KEYS[0])

    async def waiting_already() -> None:
        await reading("in the same turn")

    waiting = asyncio.ensure_future(waiting_already())  # its request was here before the first read
    found["before"] = store.load_now(KEYS[0])
    deleted_elsewhere(store, KEYS[0])
    coming = asyncio.ensure_future(reading("after"))
    await asyncio.gather(waiting, coming)
    assert found == {"before": RECORD, "in the same turn": RECORD, "after": None}


@pytest.mark.slow
async def test_what_is_heard_over_a_connection_after_another_process_ended_a_session_finds_it_ended(store):
    await filled(store)
    gone = asyncio.Event()
    answers: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            found = [store.load_now(key) for key in (KEYS[1], KEYS[0])]
            answers.append(found[1] is not None)
            if gone.is_set():
                assert found[1] is None
            writer.write(b"\n")
        writer.close()

    async def ask(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not answers or answers[-1]:
            writer.write(b"\n")
            await reader.readline()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    asking = [asyncio.ensure_future(ask(server.sockets[0].getsockname()[1])) for _ in range(8)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DELETE, str(store.path), KEYS[0].hex()
    )
    await process.wait()
    gone.set()
    async with asyncio.timeout(10):
        await asyncio.gather(*asking)
    server.close()
    assert answers[0]
    assert not answers[-1]


@pytest.mark.parametrize("change", ["delete", "move"])
async def test_whoever_ended_a_session_reads_none(store, change):
    await filled(store)
    for key in KEYS[1:]:
        store.load_now(key)
    verbs: dict[str, Callable[[], Awaitable[Any]]] = {
        "delete": lambda: store.delete(KEYS[0]),
        "move": lambda: store.move(KEYS[0], b"n" * 32, _nothing()),
    }
    assert await verbs[change]()
    assert store.load_now(KEYS[0]) is None


def _nothing() -> Any:
    from guardhouse.state.record import Changes  # noqa: PLC0415 - only for this row

    return Changes()


async def test_another_loop_does_not_read_in_a_turn_that_is_not_its_own(store):
    await filled(store)
    for key in KEYS:
        store.load_now(key)  # this turn is open until the other thread is done
    other = SQLiteStore(store.path)
    found: list[Record | None] = []

    async def elsewhere() -> None:
        await other.delete(KEYS[0])
        found.extend([store.load_now(KEYS[0]), store.load_now(KEYS[1])])

    thread = Thread(target=lambda: asyncio.run(elsewhere()))
    thread.start()
    thread.join()
    assert found == [None, RECORD]


async def test_a_thread_without_a_loop_does_not_either(store):
    await filled(store)
    for key in KEYS:
        store.load_now(key)
    deleted, found = Event(), []

    def reading() -> None:
        connection = sqlite3.connect(store.path, isolation_level=None)
        connection.execute("DELETE FROM guardhouse_sessions WHERE key = ?", (KEYS[0],))
        connection.close()
        found.append(store.load_now(KEYS[0]))
        deleted.set()

    thread = Thread(target=reading)
    thread.start()
    thread.join()
    assert deleted.is_set()
    assert found == [None]


def test_a_loop_that_stopped_in_the_middle_of_a_turn_leaves_nothing_old_to_the_next(store):
    async def first() -> None:
        await filled(store)
        for key in KEYS:
            store.load_now(key)

    async def second() -> None:
        await SQLiteStore(store.path).delete(KEYS[0])
        assert store.load_now(KEYS[0]) is None
        await busy_without(KEYS[0])
        assert store.load_now(KEYS[0]) is None

    async def busy_without(key: bytes) -> None:
        assert [store.load_now(one) is None for one in KEYS] == [one == key for one in KEYS]
        await asyncio.sleep(0)

    asyncio.run(first())
    asyncio.run(second())


async def test_closing_in_the_middle_of_a_turn_ends_it(store):
    await filled(store)
    for key in KEYS:
        store.load_now(key)
    await store.close()
    assert store.load_now(KEYS[0]) == RECORD
    await busy(store)
    assert store.load_now(KEYS[0]) == RECORD


async def test_a_turn_that_cannot_be_ended_is_not_read_from_again(store):
    await filled(store)
    turns: Turns = store._file._turns
    store.load_now(KEYS[0])
    turns._connection.execute("COMMIT")  # so that the second one fails
    await asyncio.sleep(0)
    assert turns.over
    assert store.load_now(KEYS[0]) == RECORD
    assert store._file._turns is not turns
