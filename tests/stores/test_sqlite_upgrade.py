"""A file of a former version becomes one of today in one step: nothing is lost, nothing half done, and one of many does it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.record import Changes, Record, encode
from guardhouse.state.store import Migrated
from guardhouse.state.token import TokenRecord
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.server_enrolment import encode as encode_enrolment
from guardhouse.stores.sqlite import SQLiteStore
from guardhouse.stores.sqlite_file import SCHEMA_VERSION, SQLiteFile
from tests.houses import SESSION, browser, desk, log_in, present, starlette_house

from .kinds import ADA, BOB, KEY, NEW_KEY, OTHER_KEY, in_sqlite, record
from .processes import ROOT

FORMER = """
CREATE TABLE guardhouse_sessions (
    key BLOB PRIMARY KEY, body BLOB NOT NULL, idle_until REAL NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX guardhouse_sessions_idle ON guardhouse_sessions (idle_until);
CREATE INDEX guardhouse_sessions_ends ON guardhouse_sessions (ends);
CREATE TABLE guardhouse_owners (
    owner TEXT NOT NULL, key BLOB NOT NULL REFERENCES guardhouse_sessions (key) ON DELETE CASCADE,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;
CREATE INDEX guardhouse_owners_key ON guardhouse_owners (key);
CREATE TABLE guardhouse_tokens (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, abilities TEXT NOT NULL,
    created REAL NOT NULL, digest BLOB NOT NULL, expires REAL, used REAL
) WITHOUT ROWID;
CREATE TABLE guardhouse_used (name BLOB PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE guardhouse_enrolments (
    kind BLOB NOT NULL, name BLOB NOT NULL, owner BLOB NOT NULL, created REAL NOT NULL, ends REAL,
    version INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE guardhouse_epochs (key BLOB PRIMARY KEY, count INTEGER NOT NULL, ends REAL) WITHOUT ROWID;
CREATE TABLE guardhouse_schema (version INTEGER NOT NULL);
INSERT INTO guardhouse_schema VALUES (2);
"""
"""What the second version made, as far as it matters here."""

TOKEN = TokenRecord("one", "users:ada", "laptop", ("read",), 100.0, b"d" * 32)
PHONE = Enrolment(Kind.TOTP, "phone", "users:ada", 100.0, b"sealed")
SESSIONS = {
    KEY: record(ADA, public_id="first", text="x" * 300),
    OTHER_KEY: record(ADA, BOB, public_id="second"),
    b"g" * 32: record(public_id="guest"),
    **{bytes([number]) * 32: record(BOB, public_id=f"bob {number}") for number in range(20)},
}


def former(folder: Path, sessions: dict[bytes, Record] = SESSIONS) -> Path:
    """Make a file as the second version left it."""
    path = folder / "sessions.db"
    rows = [(key, encode(one), one.idle_until, one.ends) for key, one in sessions.items()]
    owners = [(owner, key) for key, one in sessions.items() for owner in one.owners]
    token = (TOKEN.id, TOKEN.owner, TOKEN.name, '["read"]', TOKEN.created, TOKEN.digest, None, None)
    phone = (b"totp", b"phone", b"users:ada", PHONE.created, None, PHONE.version, encode_enrolment(PHONE))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(FORMER)
        connection.executemany("INSERT INTO guardhouse_sessions VALUES (?, ?, ?, ?)", rows)
        connection.executemany("INSERT INTO guardhouse_owners VALUES (?, ?)", owners)
        connection.execute("INSERT INTO guardhouse_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)", token)
        connection.execute("INSERT INTO guardhouse_enrolments VALUES (?, ?, ?, ?, ?, ?, ?)", phone)
        connection.execute("INSERT INTO guardhouse_used VALUES (?, ?)", (b"code", 5000.0))
        connection.commit()
    return path


def written(path: Path) -> list[str]:
    """All that a file holds, as statements."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(connection.iterdump())


def migrating(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "guardhouse", "migrate", f"sqlite:///{path}"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


async def by_first_use(path: Path) -> None:
    """Open it as a request would."""
    store = SQLiteStore(path)
    assert store.load_now(NEW_KEY) is None
    await store.close()


async def by_command(path: Path) -> None:
    """Say it at the command line."""
    running = migrating(path)
    said = (await asyncio.to_thread(running.communicate))[1]
    assert said == f"guardhouse: sqlite:///{path} was upgraded from schema 2 to {SCHEMA_VERSION}.\n"


async def by_hand(path: Path) -> None:
    """Run what `guardhouse migrate --sql --from 2` prints."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in SQLiteStore(path).schema(2):
            connection.execute(statement)


@pytest.mark.parametrize("upgrade", [by_first_use, by_command, by_hand])
async def test_nothing_is_lost(tmp_path: Path, upgrade: Callable[[Path], Any]):
    path = former(tmp_path)
    await upgrade(path)
    store = SQLiteStore(path)
    for key, one in SESSIONS.items():
        assert store.load_now(key) == one
    assert {one.public_id for one in await store.owned("users:ada")} == {"first", "second"}
    assert len(await store.owned("users:bob")) == 21
    assert await store.tokens.token("one") == TOKEN
    assert list(await store.enrolments.enrolled("users:ada")) == [PHONE]
    assert not await store.once(b"code", 5000.0)
    assert await store.save(KEY, Changes(put={"a": encode(1)}))
    assert await store.move(KEY, NEW_KEY, Changes())
    assert await store.end("users:ada", "second")
    assert await store.revoke("users:bob", keep=b"\x03" * 32) == 19
    assert await store.revoke("users:ada") == 1
    assert await store.prune(150.0) == 2
    assert in_sqlite(store, "SELECT count(*) FROM guardhouse_logins") == [(0,)]
    await store.close()
    assert not any("guardhouse_owners" in line or "by_key" in line for line in written(path))


async def test_deadlines_stay_what_they_were(tmp_path: Path):
    short = Record("short", 100.0, 100.0, 500.0, 120.5, {}, {})
    store = SQLiteStore(former(tmp_path, {KEY: short, OTHER_KEY: record(ADA)}))
    assert await store.prune(120.4) == 0
    assert await store.prune(120.5) == 1
    assert await store.prune(149.9) == 0
    assert await store.prune(150.0) == 1
    await store.close()


async def test_what_is_no_record_goes_along_and_stays_none(tmp_path: Path):
    path = former(tmp_path)
    store = SQLiteStore(path)
    in_sqlite(store, "UPDATE guardhouse_sessions SET body = 'junk' WHERE key = ?", KEY)
    assert [one.public_id for one in await store.owned("users:ada")] == ["second"]
    assert await store.revoke("users:ada") == 2
    await store.close()


@pytest.mark.slow
async def test_of_processes_that_upgrade_at_once_one_does(tmp_path: Path):
    many = {number.to_bytes(32, "big"): record(ADA, public_id=f"{number}") for number in range(5000)}
    path = former(tmp_path, many)
    running = [migrating(path) for _ in range(4)]
    said = [(await asyncio.to_thread(one.communicate))[1] for one in running]
    assert [one.returncode for one in running] == [0] * 4, said
    assert sum("was upgraded from schema 2" in one for one in said) == 1, said
    assert sum(f"has schema {SCHEMA_VERSION} already" in one for one in said) == 3
    store = SQLiteStore(path)
    assert len(await store.owned("users:ada")) == 5000
    await store.close()


async def test_whoever_comes_while_another_upgrades_waits_longer_than_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("guardhouse.stores.sqlite_file.BUSY_MILLISECONDS", 1)
    path = former(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        store = SQLiteStore(path)
        *statements, commit = store.schema(2)
        for statement in statements:
            other.execute(statement)
        waiting = asyncio.create_task(store.migrate())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        other.execute(commit)
        assert await waiting == Migrated(SCHEMA_VERSION, SCHEMA_VERSION)
    assert store.load_now(KEY) == SESSIONS[KEY]
    await store.close()


def application(store: Any) -> Starlette:
    """Serve who has a session."""
    house = starlette_house(store=store)

    async def me(_: Request) -> Response:
        return Response()

    app = Starlette(routes=[*desk(house), Route("/me", house.requires("web")(me))])
    house.install(app)
    return app


DYING = """
import asyncio, os, signal, sys
from guardhouse.stores.sqlite import SQLiteStore
from guardhouse.stores.sqlite_file import SQLiteFile

def die(statement):
    if statement.startswith(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

class Dying(SQLiteFile):
    def _connect(self):
        connection = super()._connect()
        connection.execute("PRAGMA cache_size = 4")  # so that much of it is in the file of the log by then
        connection.set_trace_callback(die)
        return connection

store = SQLiteStore(sys.argv[1])
store._file = Dying(store.path, "NORMAL")
asyncio.run(store.migrate())
"""


@pytest.mark.parametrize(
    "dies_at", ["CREATE INDEX guardhouse_sessions_due", "DROP TABLE guardhouse_sessions", "COMMIT"]
)
async def test_kill_9_in_the_middle_leaves_the_file_as_it_was(tmp_path: Path, dies_at: str):
    path = former(tmp_path)
    before = written(path)
    command = [sys.executable, "-c", DYING, str(path), dies_at]
    dying = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    assert await dying.wait() == -signal.SIGKILL
    assert written(path) == before
    await by_first_use(path)
    assert SQLiteStore(path).load_now(KEY) == SESSIONS[KEY]


def test_a_full_disk_in_the_middle_is_503_and_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = former(tmp_path)
    before = written(path)
    connect = SQLiteFile._connect

    def cramped(file: SQLiteFile) -> sqlite3.Connection:
        connection = connect(file)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        return connection

    store = SQLiteStore(path)
    cookie = log_in(browser(application(MemoryStore()))).cookies[SESSION]
    with monkeypatch.context() as full:
        full.setattr(SQLiteFile, "_connect", cramped)
        with pytest.raises(StoreError, match="full"):
            asyncio.run(store.open())
        answer = present(browser(application(store)), cookie).get("/me")
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert written(path) == before
    asyncio.run(store.open())
    assert store.load_now(KEY) == SESSIONS[KEY]
    asyncio.run(store.close())


BEFORE = {
    "create": ("INSERT INTO guardhouse_sessions VALUES (?, ?, ?, ?)", (NEW_KEY, b"body", 150.0, 1000.0)),
    "save": (
        "UPDATE guardhouse_sessions SET body = ?, idle_until = ?, ends = ? WHERE key = ?",
        (b"", 1.0, 1.0, KEY),
    ),
    "own": ("INSERT INTO guardhouse_owners VALUES (?, ?)", ("users:bob", KEY)),
    "revoke": (
        "DELETE FROM guardhouse_sessions WHERE key IN (SELECT key FROM guardhouse_owners WHERE owner = ?) AND key IS NOT ?",
        ("users:ada", None),
    ),
    "prune": (
        "DELETE FROM guardhouse_sessions WHERE idle_until <= ?1 OR ends <= ?1",
        (5000.0,),
    ),
}


@pytest.mark.parametrize("verb", BEFORE)
async def test_a_process_of_before_that_still_runs_fails_and_spoils_nothing(tmp_path: Path, verb: str):
    """Above all it must not end everybody's sessions: a column that is missing inside means one outside."""
    path = former(tmp_path)
    await by_first_use(path)
    before = written(path)
    statement, values = BEFORE[verb]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, pytest.raises(sqlite3.Error):
        connection.execute(statement, values)
    assert written(path) == before


async def test_sessions_that_a_foreign_hand_deleted_leave_their_users_to_nobody(tmp_path: Path):
    store = SQLiteStore(former(tmp_path))
    assert len(await store.owned("users:ada")) == 2
    in_sqlite(store, "DELETE FROM guardhouse_sessions")  # whose connection knows no foreign keys
    await store.create(KEY, record(BOB))
    assert await store.owned("users:ada") == []
    assert await store.revoke("users:ada") == 0
    assert len(await store.owned("users:bob")) == 1
    await store.close()
