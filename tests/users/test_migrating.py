"""The table of users is made once on every database, is what the model says, and is made among an application's own steps, too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool

from guardhouse.core.provider import Disables, HasAddress, Registers
from guardhouse.users.migrating import VERSION_TABLE, VERSIONS, migrate, newest, ours, statements
from guardhouse.users.models import TABLE, UserColumns, UserRow
from guardhouse.users.sqlalchemy import SQLUsers

from .writable import URLS


@pytest.fixture(params=sorted(URLS))
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An empty database of each kind."""
    engine = create_async_engine(URLS[request.param](tmp_path), poolclass=NullPool)
    await emptied(engine)
    yield engine
    await emptied(engine)
    await engine.dispose()


async def emptied(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for table in (TABLE, VERSION_TABLE, "book", "alembic_version"):
            await connection.execute(text(f"DROP TABLE IF EXISTS {table}"))


async def asked(engine: AsyncEngine, work: Callable[[Connection], Any]) -> Any:
    async with engine.connect() as connection:
        return await connection.run_sync(work)


def drift(connection: Connection) -> list[Any]:
    options = {"version_table": VERSION_TABLE, "include_object": ours, "compare_type": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), UserRow.metadata))


@pytest.mark.anyio
async def test_the_table_is_what_the_model_says(engine: AsyncEngine) -> None:
    assert await asked(engine, migrate) == (None, newest())
    assert await asked(engine, migrate) == (newest(), newest())
    assert await asked(engine, drift) == []


@pytest.mark.anyio
async def test_a_table_that_drifted_would_be_found(engine: AsyncEngine) -> None:
    await asked(engine, migrate)
    async with engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {TABLE} ADD COLUMN stray INTEGER"))
    assert "stray" in str(await asked(engine, drift))


@pytest.mark.anyio
async def test_of_several_who_begin_at_once_one_makes_it(engine: AsyncEngine) -> None:
    answers: list[Any] = []

    async def one() -> None:
        answers.append(await anyio.to_thread.run_sync(lambda: anyio.run(asked, fresh(engine), migrate)))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(one)
    assert sorted(map(str, answers)) == sorted(map(str, [(None, newest()), *[(newest(), newest())] * 3]))


def fresh(engine: AsyncEngine) -> AsyncEngine:
    return create_async_engine(engine.url, poolclass=NullPool)


@pytest.mark.anyio
async def test_users_live_in_it(engine: AsyncEngine) -> None:
    await asked(engine, migrate)
    users: Any = SQLUsers(UserRow, async_sessionmaker(engine), registers=("name",))
    assert all(isinstance(users, power) for power in (Registers, HasAddress, Disables))
    ada = await users.register("Ada@example.com", "the hash", {"name": "Ada"})
    assert await users.register("ada@example.com", None, {}) is None
    assert await users.register("äda@example.com", None, {}) is not None, "other letters are another address"
    assert await users.verify(ada, "ada@example.com")
    assert await users.disable(ada)
    again = await users.by_id(users.id_of(ada))
    assert users.verified(again)
    assert users.disabled(again)
    assert again.created_at <= again.disabled_at
    assert "the hash" not in repr(again)
    assert [users.login_of(user) for user in await users.listed()].count("ada@example.com") == 1


@pytest.mark.slow
def test_of_several_processes_one_makes_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/app.db"
    program = [sys.executable, "-m", "guardhouse", "migrate", "--users", url]
    running = [subprocess.Popen(program, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert sum("has the table of users now" in one for one in said) == 1


# -- among the application's own ---------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    """An application's own tables."""


class Account(UserColumns, Base):
    """An application's own model, made of our columns and one more."""

    __tablename__ = "account"
    balance: Mapped[int] = mapped_column(default=0)


def test_the_columns_mix_into_a_model_of_the_application(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/own.db", poolclass=NullPool)
    Base.metadata.create_all(engine)
    users: Any = SQLUsers(Account, sessionmaker(engine))
    assert users.lacks == {}
    made = anyio.run(users.register, "ada@example.com", None, {})
    assert (type(made), made.balance) == (Account, 0)


ENV = """
import asyncio

from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from guardhouse.users.models import UserRow


def run(connection):
    context.configure(connection=connection, target_metadata=UserRow.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    async with create_async_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=NullPool).begin() as connection:
        await connection.run_sync(run)

asyncio.run(main())
"""

MERGED = """
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
"""

STEP = """
from alembic import op
from sqlalchemy import Column, Integer

revision = "own_1"
down_revision = None


def upgrade() -> None:
    op.create_table("book", Column("id", Integer, primary_key=True))


def downgrade() -> None:
    op.drop_table("book")
"""


@pytest.fixture
def application(engine: AsyncEngine, tmp_path: Path) -> Config:
    """An application with migrations of its own, which has ours beside them."""
    (tmp_path / "own" / "versions").mkdir(parents=True)
    (tmp_path / "own" / "env.py").write_text(ENV)
    (tmp_path / "own" / "script.py.mako").write_text(MERGED)
    (tmp_path / "own" / "versions" / "own_1.py").write_text(STEP)
    config = Config()
    config.set_main_option("script_location", str(tmp_path / "own"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{tmp_path}/own/versions\n{VERSIONS}")
    config.set_main_option("sqlalchemy.url", engine.url.render_as_string(hide_password=False))
    return config


async def told(config: Config, work: Callable[..., Any], *arguments: Any, **more: Any) -> None:
    """Do what `alembic` does: in a thread, where its environment may run a loop of its own."""
    await anyio.to_thread.run_sync(lambda: work(config, *arguments, **more))


def tables(connection: Connection) -> set[str]:
    """The tables that these steps make; tests of other things may have left theirs in the same database."""
    return set(inspect(connection).get_table_names()) & {"alembic_version", "book", TABLE, VERSION_TABLE}


@pytest.mark.anyio
async def test_our_steps_stand_among_the_applications_own(application: Config, engine: AsyncEngine) -> None:
    await told(application, command.upgrade, "heads")
    assert await asked(engine, tables) == {"alembic_version", "book", TABLE}
    assert await asked(engine, drift) == []
    await told(application, command.downgrade, "guardhouse_users@base")
    assert await asked(engine, tables) == {"alembic_version", "book"}


@pytest.mark.anyio
async def test_our_steps_and_the_applications_own_merge_into_one(
    application: Config, engine: AsyncEngine, tmp_path: Path
) -> None:
    await told(application, command.upgrade, "own_1")
    await told(
        application, command.merge, ["own_1", newest()], rev_id="own_2"
    )  # written beside the first of them
    assert (tmp_path / "own" / "versions" / "own_2_.py").exists()
    await told(application, command.upgrade, "head")
    assert await asked(engine, tables) == {"alembic_version", "book", TABLE}
    assert await asked(engine, drift) == []
    await told(application, command.downgrade, "base")
    assert await asked(engine, tables) == {"alembic_version"}


def test_the_statements_are_those_of_the_dialect() -> None:
    assert "utf8mb4_bin" in statements("mysql")
    assert "UUID" in statements("postgresql")
