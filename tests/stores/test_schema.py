"""The tables of the servers: made by whoever migrates, once, also by several at a time, and refused where they are others."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.enrolment import Enrolment
from guardhouse.state.enrolment import Kind as EnrolmentKind
from guardhouse.state.store import Migratable, Migrated
from guardhouse.stores import server_schema, sqlite_file
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.opening import open_store
from guardhouse.stores.server_schema import SCHEMA, VERSIONS, Column, Kind, Table, named
from tests.services.desk import Desk, MariaDBDesk, PostgresDesk
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url

from .kinds import ADA, KEY, record
from .sql_kinds import PATIENT, started

NEWER = (*VERSIONS, (Table("guardhouse_extra", (Column("name", Kind.NAME),), key=("name",)),))

NOW = len(VERSIONS)

NUMBERS = count(os.getpid() * 1000)


class Place(NamedTuple):
    """An empty database, and a look into it."""

    url: str
    desk: Callable[[], Desk]

    def store(self, *options: str) -> Any:
        return open_store(f"{self.url}?{'&'.join((PATIENT, *options))}")


@pytest.fixture(params=["postgres", "mariadb", "sqlalchemy-postgres"])
def place(request: pytest.FixtureRequest) -> Any:
    """A database of this test alone beside the one that the others share."""
    if request.param == "mariadb":
        shared, fresh = started(mariadb_url), "mariadb"
    else:
        shared, fresh = started(postgres_url), "postgresql"
    make: Any = MariaDBDesk if fresh == "mariadb" else PostgresDesk
    name = f"fresh{next(NUMBERS)}"
    with closing(make(shared)) as admin:
        admin(f"CREATE DATABASE {name}")
    url = f"{shared.rpartition('/')[0]}/{name}"
    asked = url.replace("postgresql:", "postgresql+asyncpg:") if "sqlalchemy" in request.param else url
    return Place(asked, partial(make, url))


async def test_an_empty_database_is_refused_with_the_command_that_mends_it(place: Place):
    store = place.store()
    with pytest.raises(
        ConfigError, match=r"no tables of guardhouse.*guardhouse migrate '.*create=true"
    ) as raised:
        await store.open()
    assert "hunter2" not in str(raised.value)
    with pytest.raises(StoreError, match="guardhouse migrate"):
        await store.load(KEY)
    await store.close()


async def test_a_migrated_database_serves_and_is_migrated_once(place: Place):
    store = place.store()
    assert await store.migrate() == Migrated(0, NOW)
    assert await store.migrate() == Migrated(NOW, NOW)
    await store.open()
    await store.create(KEY, record(ADA))
    assert await store.load(KEY) == record(ADA)
    await store.close()


async def test_a_store_that_is_told_to_makes_its_tables_itself(place: Place):
    store = place.store("create=true")
    assert await store.load(KEY) is None
    await store.close()
    plain = place.store()
    await plain.open()
    await plain.close()


async def test_many_who_migrate_at_once_make_one_schema(place: Place):
    stores = [place.store() for _ in range(6)]
    done = await asyncio.gather(*(store.migrate() for store in stores))
    assert sorted(done) == [Migrated(0, NOW)] + [Migrated(NOW, NOW)] * 5
    with closing(place.desk()) as desk:
        assert desk("SELECT version FROM guardhouse_schema") == [(version + 1,) for version in range(NOW)]


def started_migrations(url: str) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "guardhouse", "migrate", url]
    return [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]


@pytest.mark.slow
async def test_processes_that_migrate_at_once_make_one_schema(place: Place):
    running = await asyncio.to_thread(started_migrations, place.url)
    said = [(await asyncio.to_thread(one.communicate))[1] for one in running]
    assert [one.returncode for one in running] == [0] * 4, said
    assert sum(f"has schema {NOW} now" in one for one in said) == 1
    assert not any("hunter2" in one for one in said)


async def test_tables_of_a_newer_guardhouse_are_refused(place: Place):
    store = place.store()
    await store.migrate()
    with closing(place.desk()) as desk:
        desk("INSERT INTO guardhouse_schema (version) VALUES (99)")
    for work in (store.open, store.migrate):
        with pytest.raises(ConfigError, match=r"schema 99 .*upgrade guardhouse"):
            await work()
    with pytest.raises(StoreError, match="schema 99"):
        await store.load(KEY)
    await store.close()


async def test_older_tables_are_upgraded_and_keep_what_they_hold(
    place: Place, monkeypatch: pytest.MonkeyPatch
):
    old = place.store()
    await old.migrate()
    await old.create(KEY, record(ADA))
    await old.close()
    for module in ("postgres_schema", "sqlalchemy_schema"):
        monkeypatch.setattr(f"guardhouse.stores.{module}.check", _checks_newer(module))
    new = place.store()
    with pytest.raises(ConfigError, match=rf"schema {NOW} in .*, {NOW + 1} is wanted"):
        await new.open()
    pool = getattr(new, "_pool", None) or new._database
    assert await pool.migrate(NEWER) == Migrated(NOW, NOW + 1)
    assert await pool.migrate(NEWER) == Migrated(NOW + 1, NOW + 1)
    await new.open()
    assert await new.load(KEY) == record(ADA)
    with closing(place.desk()) as desk:
        assert desk("SELECT count(*) FROM guardhouse_extra") == [(0,)]
    await new.close()


async def test_tables_of_the_first_version_are_refused_until_they_are_upgraded(
    place: Place,
):
    former = place.store()
    pool = getattr(former, "_pool", None) or former._database
    assert await pool.migrate(VERSIONS[:1]) == Migrated(0, 1)
    with closing(place.desk()) as desk:
        desk("INSERT INTO guardhouse_used (until, name) VALUES (200, 'name')")
    with pytest.raises(ConfigError, match=rf"schema 1 in .*, {NOW} is wanted.*guardhouse migrate"):
        await former.open()
    assert await former.migrate() == Migrated(1, NOW)
    await former.open()
    assert not await former.once(b"name", 200.0)
    assert await former.enrolments.enrol(Enrolment(EnrolmentKind.TOTP, "one", "users:ada", 1.0))
    assert await former.enrolments.withdraw("users:ada", EnrolmentKind.TOTP, "one")
    await former.close()


def test_a_file_of_sqlite_of_the_first_version_is_upgraded_by_what_is_printed(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "sessions.db", isolation_level=None)) as connection:
        connection.executescript(sqlite_file.VERSIONS[0])
        connection.execute("INSERT INTO guardhouse_schema VALUES (1)")
        store: Any = open_store(f"sqlite:///{tmp_path}/sessions.db")
        for statement in store.schema(1):
            connection.execute(statement)
    assert asyncio.run(store.migrate()) == Migrated(NOW, NOW)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.executescript(sqlite_file.VERSIONS[0])
        connection.execute("INSERT INTO guardhouse_schema VALUES (1)")
    migrated: Any = open_store(f"sqlite:///{other}")
    assert asyncio.run(migrated.migrate()) == Migrated(1, NOW)
    shapes = [_shape(store.path), _shape(migrated.path)]
    assert shapes[0] == shapes[1]


def _shape(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {(name, sql.removeprefix("CREATE ")) for name, sql in rows}


def _checks_newer(module: str) -> Any:
    real: Any = __import__(f"guardhouse.stores.{module}", fromlist=["check"]).check
    return partial(real, versions=NEWER)


async def test_both_ways_to_postgresql_make_the_same_tables_as_sqlalchemy_describes(place: Place):
    await place.store().migrate()
    url = place.url.replace("postgresql:", "postgresql+asyncpg:").replace("mariadb:", "mariadb+asyncmy:")
    engine = create_async_engine(url)

    def look(connection: Any) -> dict[str, Any]:
        seen = inspect(connection)
        return {
            name: (
                [(column["name"], column["nullable"]) for column in seen.get_columns(name)],
                seen.get_pk_constraint(name)["constrained_columns"],
                {tuple(index["column_names"]) for index in seen.get_indexes(name)},
            )
            for name in seen.get_table_names()
        }

    async with engine.connect() as connection:
        found = await connection.run_sync(look)
    await engine.dispose()
    for table in (SCHEMA, *(one for added in VERSIONS for one in added)):
        columns, key, indexes = found[table.name]
        assert columns == [(column.name, column.optional) for column in table.columns]
        assert tuple(key) == table.key
        assert {(name,) for name in table.indexes} <= indexes


def test_a_file_of_sqlite_is_made_by_its_first_use_or_by_migrating(tmp_path: Path):
    store: Any = open_store(f"sqlite:///{tmp_path}/sessions.db")
    assert asyncio.run(store.migrate()) == Migrated(0, NOW)
    assert asyncio.run(store.migrate()) == Migrated(NOW, NOW)
    assert not isinstance(MemoryStore(), Migratable)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://h/d", ["key bytea NOT NULL", "fillfactor"]),
        ("postgresql+asyncpg://h/d", ["key bytea NOT NULL", "fillfactor"]),
        ("mariadb://h/d", ["`key` VARBINARY(255) NOT NULL", "ENGINE=InnoDB"]),
        ("sqlite+aiosqlite:///x.db", ['"key" BLOB NOT NULL']),
    ],
)
def test_the_statements_are_written_without_asking_anybody(url: str, says: list[str]):
    store: Any = open_store(url)
    written = "\n".join(store.schema())
    assert all(part in written for part in says)
    assert written.endswith(f" INTO guardhouse_schema (version) VALUES ({NOW})")
    added = "\n".join(store.schema(1))
    assert "guardhouse_enrolments" in added
    assert "guardhouse_epochs" in added
    assert "guardhouse_sessions" not in added
    assert store.schema(NOW) == []


def test_names_of_any_length_fit_an_index_and_are_told_apart():
    names = ["a", "A", "", "a" * 200, "a" * 201, "a" * 202, "\0", "\udcff", "é"]
    written = [named(name) for name in names]
    assert len(set(written)) == len(names)
    assert max(map(len, written)) <= server_schema.LONGEST_NAME
    assert named(b"x" * 500) == named("x" * 500)
