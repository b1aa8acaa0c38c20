"""Make and upgrade the table of users, once however many begin at the same time; or print what that takes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from io import StringIO
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from guardhouse.errors import StoreError
from guardhouse.users.models import TABLE

__all__ = ["LOCATION", "VERSIONS", "VERSION_TABLE", "migrate", "newest", "ours", "statements"]

LOCATION = "guardhouse.users:migrations"
VERSIONS = "guardhouse.users:migrations/versions"
"""What an application puts beside its own into `version_locations`, to have our steps among its own."""
VERSION_TABLE = "guardhouse_users_version"

_ADVISORY = (
    0x67755F7573657273  # "gu_users" in ASCII: one number among those of all applications on that server
)
_SECONDS = 60

# Alembic keeps its context in a global of the module: two upgrades in one process would take each other's.
_ONE_AT_A_TIME = Lock()


def migrate(connection: Connection) -> tuple[str | None, str]:
    """Bring the table to what this guardhouse works with; return the versions before and now.

    The connection must not be in a transaction; what is done is committed. An asynchronous one hands itself in:
    `await connection.run_sync(migrate)`.
    """
    with _ONE_AT_A_TIME, _alone(connection):
        before = _version(connection)
        command.upgrade(_config(connection=connection), "head")
        return before, _version(connection) or ""


def statements(dialect: str) -> str:
    """Return the SQL that makes the table from nothing, for a dialect of SQLAlchemy: `postgresql`, `mysql`, `sqlite`."""
    out = StringIO()
    with _ONE_AT_A_TIME:
        command.upgrade(_config(out, dialect=dialect), "head", sql=True)
    return out.getvalue()


def ours(_thing: object, name: str | None, kind: str, _reflected: object, _compared_to: object) -> bool:
    """Look at our table alone: the others of the database are the application's. An `include_object` for Alembic."""
    return kind != "table" or name == TABLE


def _config(out: StringIO | None = None, **given: object) -> Config:
    config = Config() if out is None else Config(output_buffer=out)
    config.set_main_option("script_location", LOCATION)
    config.attributes.update(given)
    return config


def _version(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def newest() -> str:
    """Return the version that this guardhouse works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


@contextmanager
def _alone(connection: Connection) -> Generator[None]:
    """Keep every other process out until what we did is there."""
    name = connection.dialect.name
    if name == "sqlite":
        with _immediate(connection):
            yield
        return
    with connection.begin():
        if name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY})"))
        if name in {"mysql", "mariadb"}:
            _take_named_lock(connection)
        yield
    if name in {"mysql", "mariadb"}:
        connection.execute(text("SELECT RELEASE_LOCK('guardhouse_users')"))


@contextmanager
def _immediate(connection: Connection) -> Generator[None]:
    """Begin by hand: Python's driver begins at the first INSERT only, and would leave half of the tables behind."""
    connection.execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_SECONDS}000")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    done = False
    try:
        yield
        done = True
    finally:
        connection.exec_driver_sql("COMMIT" if done else "ROLLBACK")


def _take_named_lock(connection: Connection) -> None:
    """Take a lock of the session: statements that make tables commit by themselves there, and would end any other."""
    if connection.scalar(text(f"SELECT GET_LOCK('guardhouse_users', {_SECONDS})")) != 1:
        raise StoreError(
            f"another process has been making the table of users for {_SECONDS} seconds: look after it"
        )
