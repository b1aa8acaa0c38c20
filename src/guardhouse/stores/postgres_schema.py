"""The tables on PostgreSQL: made and upgraded in one transaction, of which there is one at a time."""

from __future__ import annotations

from asyncpg import UndefinedTableError
from asyncpg.connection import Connection

from guardhouse.state.store import Migrated
from guardhouse.stores.server_schema import SCHEMA, VERSIONS, Column, Kind, Table, Versions, missing, unready

ROOM = 85
"""How full a page is made, in per cent, so that a row that is touched stays on it and no index has to know (HOT)."""

LOCK = 0x67756172_64686F75
"""The advisory lock under which the tables are made: the letters of the name."""

_TYPES = {
    Kind.ROW: "bigint GENERATED ALWAYS AS IDENTITY",
    Kind.NAME: "bytea",
    Kind.BODY: "bytea",
    Kind.MOMENT: "double precision",
    Kind.COUNT: "bigint",
}


def statements(versions: Versions = VERSIONS, found: int = 0) -> list[str]:
    """Write what brings tables from one version to the newest."""
    written = [] if found else _written(SCHEMA)
    for version, tables in enumerate(versions[found:], start=found + 1):
        for table in tables:
            written += _written(table)
        written.append(f"INSERT INTO {SCHEMA.name} (version) VALUES ({version})")  # noqa: S608 - constants
    return written


async def version_of(connection: Connection) -> int:
    """Read which version the tables have; 0 where there are none."""
    try:
        return int(await connection.fetchval(f"SELECT max(version) FROM {SCHEMA.name}") or 0)  # noqa: S608 - a constant
    except UndefinedTableError:
        return 0


async def check(connection: Connection, where: str, versions: Versions = VERSIONS) -> None:
    """Raise `ConfigError` where the tables are not those that this guardhouse works with."""
    found = await version_of(connection)
    if missing(found, versions, where):
        raise unready(found, versions, where)


async def migrate(connection: Connection, where: str, versions: Versions = VERSIONS) -> Migrated:
    """Make or upgrade the tables. Others who do so at the same time wait."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})")
        found = 0
        if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", SCHEMA.name):
            found = await version_of(connection)
        if missing(found, versions, where):
            for statement in statements(versions, found):
                await connection.execute(statement)
        return Migrated(found, len(versions))


def _written(table: Table) -> list[str]:
    columns = [*map(_column, table.columns), f"PRIMARY KEY ({', '.join(table.key)})"]
    columns += [f"UNIQUE ({name})" for name in table.unique]
    if table.row_of:
        columns.append(f"FOREIGN KEY ({table.columns[0].name}) REFERENCES {table.row_of} ON DELETE CASCADE")
    room = f" WITH (fillfactor = {ROOM})" if table.rewritten else ""
    made = f"CREATE TABLE {table.name} (\n    " + ",\n    ".join(columns) + f"\n){room}"
    return [
        made,
        *(f"CREATE INDEX {table.name}_{name} ON {table.name} ({name})" for name in table.indexes),
    ]


def _column(column: Column) -> str:
    return f"{column.name} {_TYPES[column.kind]}" + ("" if column.optional else " NOT NULL")
