"""The tables in the words of SQLAlchemy: made and upgraded on every database it knows, by one process at a time where it can be."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.dialects import mysql, oracle
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from guardhouse.errors import StoreError
from guardhouse.state.store import Migrated
from guardhouse.stores import postgres_schema
from guardhouse.stores.server_schema import (
    SCHEMA,
    VERSIONS,
    Column,
    Kind,
    Table,
    Versions,
    missing,
    unready,
)

LOCK = "guardhouse migrate"
PATIENCE = 30
"""How many seconds a migration waits for another one."""

_ENGINE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mariadb_engine": "InnoDB",
}  # others there know no transactions

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.ROW: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),  # SQLite counts up plain integers only
    Kind.NAME: sa.LargeBinary(255)  # a BLOB has no index there
    .with_variant(mysql.VARBINARY(255), "mysql", "mariadb")
    .with_variant(sa.VARBINARY(255), "mssql")
    .with_variant(oracle.RAW(255), "oracle"),
    Kind.BODY: sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb"),
    Kind.MOMENT: sa.Double(),
    Kind.COUNT: sa.BigInteger(),
}


def tables(versions: Versions = VERSIONS) -> MetaData:
    """Write down the tables of all versions."""
    metadata = MetaData()
    for table in (SCHEMA, *(one for added in versions for one in added)):
        _table(table, metadata)
    return metadata


def statements(dialect: Dialect, versions: Versions = VERSIONS, found: int = 0) -> list[str]:
    """Write what brings tables from one version to the newest."""
    if dialect.name == "postgresql":
        return postgres_schema.statements(versions, found)
    metadata = tables(versions)
    written = [] if found else [_compiled(CreateTable(metadata.tables[SCHEMA.name]), dialect)]
    for version, added in enumerate(versions[found:], start=found + 1):
        for made in (metadata.tables[table.name] for table in added):
            written.append(_compiled(CreateTable(made), dialect))
            written += [_compiled(CreateIndex(index), dialect) for index in _indexes(made)]
        written.append(f"INSERT INTO {SCHEMA.name} (version) VALUES ({version})")  # noqa: S608 - constants
    return written


def version_of(connection: Connection) -> int:
    """Read which version the tables have; 0 where there are none."""
    if not inspect(connection).has_table(SCHEMA.name):
        return 0
    return int(connection.scalar(sa.text(f"SELECT max(version) FROM {SCHEMA.name}")) or 0)  # noqa: S608 - a constant


def check(connection: Connection, where: str, versions: Versions = VERSIONS) -> None:
    """Raise `ConfigError` where the tables are not those that this guardhouse works with."""
    found = version_of(connection)
    if missing(found, versions, where):
        raise unready(found, versions, where)


def migrate(connection: Connection, where: str, versions: Versions = VERSIONS) -> Migrated:
    """Make or upgrade the tables.

    Where the database commits each table by itself (MariaDB, MySQL), what was interrupted is taken up where it stopped: the
    version is written last.
    """
    with _alone(connection):
        found = version_of(connection)
        if not missing(found, versions, where):
            return Migrated(found, len(versions))
        if connection.dialect.name == "postgresql":
            for statement in statements(connection.dialect, versions, found):
                connection.exec_driver_sql(statement)
            return Migrated(found, len(versions))
        metadata = tables(versions)
        metadata.tables[SCHEMA.name].create(connection, checkfirst=True)
        for version, added in enumerate(versions[found:], start=found + 1):
            for table in added:
                _make(metadata.tables[table.name], connection)
            connection.execute(metadata.tables[SCHEMA.name].insert().values(version=version))
        return Migrated(found, len(versions))


def _make(table: sa.Table, connection: Connection) -> None:
    table.create(connection, checkfirst=True)
    known = {index["name"] for index in inspect(connection).get_indexes(table.name)}
    for index in _indexes(table):
        if index.name not in known:
            index.create(connection)


@contextmanager
def _alone(connection: Connection) -> Generator[None, None, None]:
    """Keep other migrations out, as far as the database has a lock for that."""
    name = connection.dialect.name
    if name == "mariadb":  # requests have little time there; a migration takes what it takes
        connection.exec_driver_sql("SET SESSION max_statement_time = 0")
    if name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({postgres_schema.LOCK})")
        yield
    elif name in {"mysql", "mariadb"}:
        if connection.exec_driver_sql(f"SELECT GET_LOCK('{LOCK}', {PATIENCE})").scalar() != 1:
            raise StoreError("another migration takes too long")
        yield
        connection.commit()  # before the lock goes: who gets it next reads which version there is
        connection.exec_driver_sql(f"SELECT RELEASE_LOCK('{LOCK}')")
    else:
        if name == "sqlite":  # its driver would begin late, and with a lock that others can have too
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield


def _table(table: Table, metadata: MetaData) -> sa.Table:
    columns = [_column(column, table) for column in table.columns]
    indexes = [sa.Index(f"{table.name}_{name}", name) for name in table.indexes]
    unique = [sa.UniqueConstraint(name) for name in table.unique]
    return sa.Table(table.name, metadata, *columns, *unique, *indexes, **_ENGINE)


def _column(column: Column, table: Table) -> sa.Column[Any]:
    counted = column.kind is Kind.ROW
    refers: list[sa.ForeignKey] = []
    if table.row_of and column is table.columns[0]:
        refers = [sa.ForeignKey(f"{table.row_of}.id", ondelete="CASCADE")]
    return sa.Column(
        column.name,
        _TYPES[column.kind],
        *refers,
        primary_key=column.name in table.key,
        autoincrement=counted,
        nullable=column.optional,
    )


def _indexes(table: sa.Table) -> list[sa.Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _compiled(element: CreateTable | CreateIndex, dialect: Dialect) -> str:
    written = str(element.compile(dialect=dialect)).strip().splitlines()
    return "\n".join(line.rstrip() for line in written).expandtabs(4)
