"""`guardhouse users`: take somebody in, list who is there, shut out and let in again, set a password; over a database's URL."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.table import Table

from guardhouse.cli.database import at_database
from guardhouse.cli.loading import UnusableError, trouble
from guardhouse.cli.output import data_only, note, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.core.provider import Disables, HasAddress, Registers
from guardhouse.errors import UnusablePasswordError
from guardhouse.users.powers import check_power
from guardhouse.vault.password import PasswordHasher

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

MEANINGS = ("login", "password", "address", "verified", "disabled", "active")
OUR_FIELDS = ("name",)


@dataclass(frozen=True, slots=True)
class Where:
    """Which database, which of its tables, and what its columns are called."""

    url: str
    model: str | None
    columns: tuple[str, ...]


@click.group(epilog=EXIT_CODES)
def users() -> None:
    """Take in, list, shut out and let in again the users in a database.

    URL is the database: sqlite:///app.db, postgresql://user@host/database, mariadb://..., or one of SQLAlchemy. It is taken from the
    variable GUARDHOUSE_USERS where it is not said: a password on a command line can be read by others on the machine.
    The table is that of `guardhouse migrate --users`; an application's own is named by --model myapp.models:User.
    """


def _common(command: F) -> F:
    """Add what all of them take."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="WHAT=NAME",
            help=f"With --model: what a column is called; WHAT is {', '.join(MEANINGS)}. May be repeated.",
        ),
        click.option("--model", metavar="MODULE:CLASS", help="The application's own model."),
        click.argument("url", envvar="GUARDHOUSE_USERS", metavar="URL"),
    ):
        command = option(command)
    return command


def _one(command: F) -> F:
    """Add what those take that are about one user."""
    command = click.option(
        "--email", "--login", "login", metavar="TEXT", help="The user, by what is typed at the login."
    )(command)
    return _common(click.option("--id", "user_id", metavar="ID", help="The user, by id.")(command))


@users.command(epilog=EXIT_CODES)
@_common
@click.option(
    "--email", "--login", "login", metavar="TEXT", required=True, help="What is typed at the login."
)
@click.option(
    "--field", "fields", multiple=True, metavar="NAME=TEXT", help="What else is filled in. May be repeated."
)
@click.option("--no-password", is_flag=True, help="Without a password: for those who come in another way.")
def create(*, login: str, fields: tuple[str, ...], no_password: bool, as_json: bool, **where: Any) -> None:  # noqa: ANN401 - those of Where
    """Take somebody in. The password is asked for; without a terminal it is the first line of stdin."""
    more = _pairs(fields, "--field")
    stored = None if no_password else _new_password()

    async def work(provider: Any) -> Any:  # noqa: ANN401 - an SQLUsers
        check_power(Registers, provider, wanted_by="guardhouse users create")
        try:
            return await provider.register(login, stored, more), provider
        except ValueError as error:
            raise UnusableError(str(error)) from None

    made, provider = _at(Where(**where), work, registers=tuple(more))
    if made is None:
        raise UnusableError(f"{plain(login)} is taken.")
    _say(provider, made, "taken in", as_json=as_json)


@users.command("list", epilog=EXIT_CODES)
@_common
@click.option("--after", metavar="ID", help="Begin behind the user with that id.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at most."
)
def listed(*, after: str | None, limit: int, as_json: bool, **where: Any) -> None:  # noqa: ANN401 - as above
    """List users in the order of their ids, without anything secret."""

    async def work(provider: Any) -> Any:  # noqa: ANN401 - as above
        return await provider.listed(after=after, limit=limit + 1), provider

    found, provider = _at(Where(**where), work)
    shown = [_document(provider, user) for user in found[:limit]]
    if as_json:
        write_json({"users": shown, "more": len(found) > limit})
        return
    if shown:
        show(_table(shown))
    else:
        note("there is nobody.")
    if len(found) > limit:
        note(f"there are more: --after {plain(str(shown[-1]['id']))}")


@users.command(epilog=EXIT_CODES)
@_one
def disable(*, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - those of Where, and who
    """Shut a user out. His sessions and tokens are refused from the next request on, and so is his password."""

    async def work(provider: Any, user: Any) -> str:  # noqa: ANN401 - the application's own user
        check_power(Disables, provider, wanted_by="guardhouse users disable")
        if provider.disabled(user):
            return "shut out already"
        return "shut out" if await provider.disable(user) else ""

    _change(whose, work, as_json=as_json)


@users.command(epilog=EXIT_CODES)
@_one
def enable(*, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - as above
    """Let a user in again. What sessions and tokens he has are good again."""

    async def work(provider: Any, user: Any) -> str:  # noqa: ANN401 - as above
        check_power(Disables, provider, wanted_by="guardhouse users enable")
        if not provider.disabled(user):
            return "not shut out"
        return "let in again" if await provider.enable(user) else ""

    _change(whose, work, as_json=as_json)


@users.command(epilog=EXIT_CODES)
@_one
def password(*, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - as above
    """Set another password, which ends all logins of that user. It is asked for; without a terminal it is the first line of stdin."""
    stored = _new_password()

    async def work(provider: Any, user: Any) -> str:  # noqa: ANN401 - as above
        done = await provider.set_password(user, stored, before=provider.password_of(user))
        return "given another password" if done else ""

    _change(whose, work, as_json=as_json)


@users.command(epilog=EXIT_CODES)
@_one
def verify(*, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - as above
    """Note that a user reads mail at the address that is stored for him."""

    async def work(provider: Any, user: Any) -> str:  # noqa: ANN401 - as above
        check_power(HasAddress, provider, wanted_by="guardhouse users verify")
        address = provider.address_of(user)
        if address is None:
            raise UnusableError("this user has no address.")
        if provider.verified(user):
            return "verified already"
        return "verified" if await provider.verify(user, address) else ""

    _change(whose, work, as_json=as_json)


# -- one user, and what became of him ---------------------------------------------------------------------------------


def _change(given: Mapping[str, Any], change: Callable[[Any, Any], Awaitable[str]], *, as_json: bool) -> None:
    """Find the user, change him, and say what he is now."""
    login, user_id = given["login"], given["user_id"]
    if (login is None) is (user_id is None):
        raise click.UsageError("Name the user, by --id or by --email.")

    async def work(provider: Any) -> Any:  # noqa: ANN401 - an SQLUsers
        user = await _found(provider, login, user_id)
        done = await change(provider, user)
        if not done:
            raise UnusableError(
                "somebody else changed this user at the same moment; nothing was done: try again."
            )
        return provider, user, done

    where = Where(given["url"], given["model"], given["columns"])
    provider, user, done = _at(where, work)
    _say(provider, user, done, as_json=as_json)


async def _found(provider: Any, login: str | None, user_id: str | None) -> Any:  # noqa: ANN401 - as above
    if user_id is not None:
        user = await provider.by_id(user_id)
    else:
        user = await provider.by_credentials({provider.login: login})
    if user is None:
        raise UnusableError(f"there is no user {plain(user_id or login or '')}.")
    return user


def _say(provider: Any, user: Any, done: str, *, as_json: bool) -> None:  # noqa: ANN401 - as above
    if as_json:
        write_json(_document(provider, user) | {"done": done})
    else:
        note(f"{plain(provider.login_of(user))} ({plain(provider.id_of(user))}): {done}.")


def _document(provider: Any, user: Any) -> dict[str, object]:  # noqa: ANN401 - as above
    """Say of a user what may be read by whoever looks over a shoulder."""
    return {
        "id": provider.id_of(user),
        "login": provider.login_of(user),
        "password": provider.password_of(user) is not None,
        "verified": provider.verified(user) if isinstance(provider, HasAddress) else None,
        "disabled": provider.disabled(user) if isinstance(provider, Disables) else None,
    }


def _table(documents: Sequence[Mapping[str, object]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name in documents[0]:
        table.add_column(name, overflow="fold", no_wrap=name == "id")  # an id is there to be copied
    for document in documents:
        identity, *words = document.values()
        table.add_row(styled(identity, "cyan"), *(styled(_word(word)) for word in words))
    return table


def _word(value: object) -> object:
    return {True: "yes", False: "no", None: "-"}[value] if isinstance(value, bool | None) else value


# -- which table ------------------------------------------------------------------------------------------------------


def _at(where: Where, work: Callable[[Any], Awaitable[T]], registers: tuple[str, ...] = ()) -> T:
    """Open the users, and let `work` do its work."""
    if where.model is None and where.columns:
        raise click.UsageError("--column goes with --model: our own table has its own names.")
    settings: dict[str, Any] = dict(_pairs(where.columns, "--column"))
    unknown = next((what for what in settings if what not in MEANINGS), None)
    if unknown is not None:
        raise click.UsageError(f"--column {plain(unknown)}: WHAT is one of {', '.join(MEANINGS)}.")

    async def run(sessions: Any) -> T:  # noqa: ANN401 - a sessionmaker of either kind
        from guardhouse.users.sqlalchemy import SQLUsers  # noqa: PLC0415 - an extra

        listed = registers if where.model else OUR_FIELDS
        return await work(SQLUsers(_model(where.model), sessions, registers=listed, **settings))

    return at_database(where.url, run)


def _model(name: str | None) -> Any:  # noqa: ANN401 - the application's own
    if name is None:
        from guardhouse.users.models import UserRow  # noqa: PLC0415 - an extra

        return UserRow
    module, colon, path = name.partition(":")
    if not (colon and path.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise UnusableError(f"--model is {plain(name)}; write module:Class, such as myapp.models:User.")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        with data_only():
            found = getattr(import_module(module), path, None)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an application does while it is imported
        raise UnusableError(f"importing {module} failed: {trouble(error)}") from None
    if found is None:
        raise UnusableError(f"there is no {plain(path)} in {module}.")
    return found


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in given:
        name, _, text = pair.partition("=")
        pairs[name] = text
    if len(pairs) != len(given) or "" in pairs or not all("=" in pair for pair in given):
        raise click.UsageError(f"{option} is written NAME=TEXT, each name once.")
    return pairs


def _new_password() -> str:
    """Ask for a password twice; from a pipe it is one line. It is never an argument, which others could read."""
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    if not typed:
        raise click.UsageError("There is no password: type one, or hand it in on stdin.")
    try:
        return PasswordHasher().hash(typed)
    except UnusablePasswordError as error:
        raise UnusableError(f"this password cannot be taken: {error.problem}.") from None
