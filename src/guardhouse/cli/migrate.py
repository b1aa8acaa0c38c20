"""`guardhouse migrate`: makes the tables of a store, or upgrades them; or prints what that takes."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import click

from guardhouse.cli.database import dialect_of, in_connection
from guardhouse.cli.loading import UnusableError
from guardhouse.cli.output import note, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.errors import GuardhouseError
from guardhouse.state.keeper import Storeless
from guardhouse.state.store import Closable, Migratable, Migrated
from guardhouse.stores.opening import open_store, require
from guardhouse.stores.server_url import shown


@click.command(epilog=EXIT_CODES)
@click.option("--sql", "as_sql", is_flag=True, help="Print the statements, and ask nobody.")
@click.option(
    "--from",
    "since",
    type=click.IntRange(min=0),
    default=0,
    metavar="VERSION",
    help="With --sql: from which version on. From nothing without.",
)
@click.option(
    "--users", "with_users", is_flag=True, help="The table of users instead, for an application without one."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.argument("url", envvar="GUARDHOUSE_STORE", metavar="URL")
def migrate(*, url: str, as_sql: bool, since: int, with_users: bool, as_json: bool) -> None:
    """Make the tables of a store, or upgrade them to what this guardhouse works with.

    With --users it is the table of users, guardhouse.users.models, in the same or another database; its versions are counted by
    Alembic, in a table of their own.

    URL is that of the house: postgresql://user@host/database, mariadb://..., sqlite:///file. It is taken from the variable
    GUARDHOUSE_STORE where it is not said: a password on a command line can be read by others on the machine. Run it
    before the application starts, as a user of the database who may make tables; several at once wait for each other.
    """
    if since and not as_sql:
        raise click.UsageError("--from goes with --sql: a database says itself which version it has.")
    if with_users:
        if since:
            raise click.UsageError("--from goes without --users: there is one version yet.")
        _users(url, as_sql=as_sql, as_json=as_json)
        return
    try:
        opened = open_store(url)
        store = opened.beside if isinstance(opened, Storeless) else opened
        if not isinstance(store, Migratable):
            _say_none(url, as_json=as_json)
        elif as_sql:
            _print(store.schema(since), as_json=as_json)
        else:
            _say(url, anyio.run(_migrated, store, store), as_json=as_json)
    except GuardhouseError as error:
        raise UnusableError(str(error)) from error


def _users(url: str, *, as_sql: bool, as_json: bool) -> None:
    for module, extra in (("sqlalchemy", "sql"), ("alembic", "migrations")):
        try:
            require(module, extra, url)
        except GuardhouseError as error:
            raise UnusableError(str(error)) from error
    from guardhouse.users import migrating  # noqa: PLC0415 - an extra

    if as_sql:
        printed = migrating.statements(dialect_of(url))
        _print([one.strip() for one in printed.split(";\n") if one.strip()], as_json=as_json)
        return
    before, now = in_connection(url, migrating.migrate)
    if as_json:
        write_json({"users": shown(url), "before": before, "now": now})
    elif before == now:
        note(f"{shown(url)} has the table of users already ({now}).")
    else:
        note(f"{shown(url)} has the table of users now ({now}).")


async def _migrated(store: object, tables: Migratable) -> Migrated:
    try:
        return await tables.migrate()
    finally:
        if isinstance(store, Closable):
            await store.close()


def _print(statements: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        write_json({"statements": list(statements)})
    else:
        for statement in statements:
            click.echo(f"{statement};")


def _say(url: str, migrated: Migrated, *, as_json: bool) -> None:
    if as_json:
        write_json({"store": shown(url), "before": migrated.before, "now": migrated.now})
    elif migrated.before == migrated.now:
        note(f"{shown(url)} has schema {migrated.now} already.")
    elif migrated.before:
        note(f"{shown(url)} was upgraded from schema {migrated.before} to {migrated.now}.")
    else:
        note(f"{shown(url)} has schema {migrated.now} now.")


def _say_none(url: str, *, as_json: bool) -> None:
    if as_json:
        write_json({"store": shown(url), "before": None, "now": None})
    else:
        note(f"{shown(url)} keeps no tables: there is nothing to migrate.")
