"""A SQLite file survives restarts, other processes and their deaths, and trouble with it is a StoreError each time."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.record import Changes, encode
from guardhouse.stores.opening import open_store
from guardhouse.stores.sqlite import SQLiteStore
from tests.houses import starlette_house

from .kinds import ADA, KEY, NEW_KEY, OTHER_KEY, in_sqlite, make_sqlite, record, spoil_sqlite

ROOT = Path(__file__).parents[2]
ONE = encode(1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    made = make_sqlite(tmp_path)
    yield made
    await made.close()


@contextmanager
def process(store: SQLiteStore, *work: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process at the same file."""
    command = [sys.executable, "-m", "tests.stores.writer", str(store.path), *work]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stdin=pipe, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


async def ended(started: subprocess.Popen[str]) -> int:
    return await asyncio.to_thread(started.wait, 60)


def intact(store: SQLiteStore) -> bool:
    return in_sqlite(store, "PRAGMA integrity_check") == [("ok",)]


# -- one file, several openings -------------------------------------------------------------------------------------


async def test_sessions_survive_a_restart(store: SQLiteStore):
    await store.create(KEY, record(ADA, a=1))
    await store.close()
    again = SQLiteStore(store.path)
    assert await again.load(KEY) == record(ADA, a=1)
    await again.close()


async def test_two_workers_see_each_others_writes_at_once(store: SQLiteStore):
    other = SQLiteStore(store.path, full_sync=True)
    await store.create(KEY, record(ADA))
    assert await other.load(KEY) == record(ADA)
    assert await other.move(KEY, NEW_KEY, Changes(put={"a": ONE}))
    assert await store.load(KEY) is None
    assert await store.load(NEW_KEY) == record(ADA, a=1)
    await other.delete(NEW_KEY)
    assert await store.load(NEW_KEY) is None
    await other.close()


async def test_the_file_is_readable_for_its_owner_only(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in store.path.parent.iterdir()}
    assert modes["sessions.db"] == 0o600
    assert set(modes.values()) == {0o600}
    assert "sessions.db-wal" in modes


async def test_the_mode_that_an_operator_chose_is_kept(store: SQLiteStore):
    store.path.touch(mode=0o640)
    store.path.chmod(0o640)
    await store.create(KEY, record(ADA))
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o640


async def test_a_relative_path_is_read_once_and_not_after_the_folder_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore("sessions.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    await store.create(KEY, record(ADA))
    assert (tmp_path / "sessions.db").exists()
    await store.close()


@pytest.mark.parametrize(("full_sync", "synchronous"), [(False, 1), (True, 2)])
async def test_full_sync_is_what_it_says(tmp_path: Path, full_sync: bool, synchronous: int):
    store = SQLiteStore(tmp_path / "s.db", full_sync=full_sync)
    await store.create(KEY, record(ADA))
    with store._file.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await store.close()


# -- several processes ----------------------------------------------------------------------------------------------


async def test_processes_that_write_one_session_lose_nothing(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    with process(store, "merge", "x", "60") as one, process(store, "merge", "y", "60") as other:
        for number in range(60):
            assert await store.save(KEY, Changes(put={f"z{number}": ONE}))
        assert await ended(one) == 0
        assert await ended(other) == 0
    loaded = await store.load(KEY)
    assert loaded is not None
    assert len(loaded.data) == 180
    assert intact(store)


async def test_processes_that_make_the_file_together_agree(store: SQLiteStore):
    with ExitStack() as stack:
        starting = [stack.enter_context(process(store, "create", name)) for name in "abcdef"]
        assert [await ended(one) for one in starting] == [0] * 6
    assert len(await store.owned("users:ada")) == 6
    assert intact(store)


async def test_what_was_acknowledged_survives_kill_9_in_the_middle_of_a_write(store: SQLiteStore):
    for _ in range(3):
        with process(store, "hammer") as hammering:
            assert hammering.stdout is not None
            acknowledged = [await asyncio.to_thread(hammering.stdout.readline) for _ in range(40)]
            hammering.send_signal(signal.SIGKILL)
            acknowledged += hammering.stdout.readlines()
        numbers = [int(line) for line in acknowledged if line.endswith("\n")]
        assert intact(store)
        for number in numbers:
            assert await store.load(number.to_bytes(32, "big")) == record(ADA, text="x" * 500)
        await store.revoke("users:ada")


async def test_a_fork_leaves_both_sides_at_work(store: SQLiteStore):
    with process(store, "fork") as forking:
        assert await ended(forking) == 0
    loaded = await store.load(KEY)
    assert loaded is not None
    assert len(loaded.data) == 12
    assert intact(store)


# -- trouble --------------------------------------------------------------------------------------------------------


async def every_verb_fails(store: SQLiteStore, *, reads: bool) -> None:
    """Broken is never absent: not None, not False, not an empty list."""
    for verb in (
        lambda: store.create(OTHER_KEY, record(ADA)),
        lambda: store.save(KEY, Changes(put={"a": ONE})),
        lambda: store.move(KEY, NEW_KEY, Changes()),
        lambda: store.delete(KEY),
        lambda: store.revoke("users:ada"),
        lambda: store.prune(5000.0),
    ):
        with pytest.raises(StoreError):
            await verb()
    if reads:
        for read in (lambda: store.load(KEY), lambda: store.owned("users:ada")):
            with pytest.raises(StoreError):
                await read()


async def test_a_writer_that_waits_too_long_gives_up_while_readers_go_on(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("guardhouse.stores.sqlite_file.BUSY_MILLISECONDS", 50)
    await store.create(KEY, record(ADA))
    with process(store, "hold") as holding:
        assert holding.stdout is not None
        assert await asyncio.to_thread(holding.stdout.readline) == "held\n"
        await every_verb_fails(store, reads=False)
        assert await store.load(KEY) == record(ADA)
        assert len(await store.owned("users:ada")) == 1
    assert await store.save(KEY, Changes(put={"a": ONE}))


async def test_a_writer_that_waits_for_its_own_process_gives_up_too(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("guardhouse.stores.sqlite_file.BUSY_MILLISECONDS", 50)
    await store.create(KEY, record(ADA))
    with store._file.writing():
        await every_verb_fails(store, reads=False)
    assert await store.load(KEY) == record(ADA)
    assert await store.delete(KEY)


async def test_a_full_disk_is_an_error_and_nothing_half_done_remains(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    with store._file.writing() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    for _ in range(2):
        with pytest.raises(StoreError, match="full"):
            await store.save(KEY, Changes(put={"large": encode("x" * 50_000)}))
        with pytest.raises(StoreError, match="full"):
            await store.create(OTHER_KEY, record(ADA, large="x" * 50_000))
    assert await store.load(KEY) == record(ADA)
    assert await store.load(OTHER_KEY) is None
    with store._file.writing() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    assert await store.save(KEY, Changes(put={"after": ONE}))
    assert len(await store.owned("users:ada")) == 1
    assert intact(store)


async def test_a_file_that_may_not_be_written_is_an_error(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    with store._file.writing() as connection:
        connection.execute("PRAGMA query_only = ON")
    await every_verb_fails(store, reads=False)
    assert await store.load(KEY) == record(ADA)


async def test_a_folder_that_is_gone_is_an_error_until_it_is_back(store: SQLiteStore):
    store.path = store._file.path = store.path.parent / "run" / "sessions.db"
    await every_verb_fails(store, reads=True)
    store.path.parent.mkdir()
    await store.create(KEY, record(ADA))
    assert await store.load(KEY) == record(ADA)


async def test_a_file_that_was_replaced_is_noticed_by_the_next_write(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    assert await store.load(KEY) is not None
    for file in list(store.path.parent.iterdir()):
        file.unlink()
    assert await store.save(KEY, Changes(put={"a": ONE})) is False, "whoever took the file took the sessions"
    assert await store.load(KEY) is None
    await store.create(KEY, record(ADA))
    assert len(in_sqlite(store, "SELECT key FROM guardhouse_sessions")) == 1


@pytest.mark.parametrize(
    "body", [b"this is no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
)
async def test_a_file_that_is_no_database_is_an_error(store: SQLiteStore, body: bytes):
    store.path.write_bytes(body)
    await every_verb_fails(store, reads=True)
    assert store.path.read_bytes() == body


async def test_a_directory_in_its_place_is_an_error(store: SQLiteStore):
    store.path.mkdir()
    await every_verb_fails(store, reads=True)


async def test_what_is_no_blob_is_unreadable_like_any_other_junk(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    spoil_sqlite(store, KEY, "text")  # type: ignore[arg-type]
    assert await store.save(KEY, Changes(put={"a": ONE})) is False
    assert await store.owned("users:ada") == []


async def test_a_file_of_another_version_says_so(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    in_sqlite(store, "UPDATE guardhouse_schema SET version = 99")
    await store.close()
    with pytest.raises(ConfigError, match=r"schema 99.*upgrade guardhouse"):
        await store.load(KEY)


async def test_an_application_does_not_start_on_a_file_that_cannot_work(store: SQLiteStore):
    await store.create(KEY, record(ADA))
    in_sqlite(store, "UPDATE guardhouse_schema SET version = 99")
    await store.close()
    app = Starlette()
    starlette_house(store=store).install(app)
    with pytest.raises(ConfigError, match=r"schema 99.*upgrade guardhouse"), TestClient(app):
        pass


async def test_opening_makes_the_file_and_what_is_no_database_is_an_error(tmp_path: Path):
    store = SQLiteStore(tmp_path / "s.db")
    await store.open()
    assert (tmp_path / "s.db").exists()
    await store.close()
    (tmp_path / "s.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        await store.open()


def test_a_folder_that_never_was_is_found_at_start(tmp_path: Path):
    with pytest.raises(ConfigError, match="create it first"):
        SQLiteStore(tmp_path / "missing" / "sessions.db")


async def test_closing_what_was_never_opened_is_nothing(tmp_path: Path):
    await SQLiteStore(tmp_path / "s.db").close()
    assert not (tmp_path / "s.db").exists()


# -- by its URL -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind", "synchronous"),
    [
        ("memory:", "MemoryStore", ""),
        ("memory://", "MemoryStore", ""),
        ("sqlite:///sessions.db", "SQLiteStore", "NORMAL"),
        ("sqlite:///sessions.db?synchronous=normal", "SQLiteStore", "NORMAL"),
        ("sqlite:///sessions.db?synchronous=full", "SQLiteStore", "FULL"),
    ],
)
def test_a_store_is_opened_by_its_url(
    url: str, kind: str, synchronous: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    store = open_store(url)
    assert type(store).__name__ == kind
    if isinstance(store, SQLiteStore):
        assert store.path == tmp_path / "sessions.db"
        assert store._file._synchronous == synchronous


def test_four_slashes_are_an_absolute_path(tmp_path: Path):
    store = open_store(f"sqlite:///{tmp_path}/sessions.db")
    assert isinstance(store, SQLiteStore)
    assert store.path == tmp_path / "sessions.db"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("gopher://user:hunter2@localhost", "Use memory:, sqlite"),
        ("sqllite:///sessions.db", "Did you mean 'sqlite'"),
        ("memroy:", "Did you mean 'memory'"),
        ("sessions.db", "sessions.db"),
        ("", "Use memory:, sqlite"),
        ("sqlite://sessions.db", "sqlite:///sessions.db"),
        ("sqlite:sessions.db", "sqlite:///sessions.db"),
        ("sqlite:///", "sqlite:///sessions.db"),
        ("sqlite:///a#b.db", "sqlite:///sessions.db"),
        ("sqlite:///s.db?mode=ro", "store option: found 'mode'"),
        ("sqlite:///s.db?mode=", "store option: found 'mode'"),
        ("sqlite:///s.db?synchronous=off", "normal or full"),
        ("sqlite:///s.db?synchronous=", "normal or full"),
        ("sqlite:///s.db?synchronous=full&synchronous=normal", "normal or full"),
    ],
)
def test_a_url_of_no_store_says_what_to_write(url: str, says: str):
    with pytest.raises(ConfigError) as raised:
        open_store(url)
    assert says in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_the_driver_can_serve_several_threads():
    assert sqlite3.threadsafety == 3
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert os.name == "posix" or not hasattr(os, "fork")
