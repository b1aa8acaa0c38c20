"""`guardhouse tokens`: issue a token for a user, list what there is, take one or all back; over the application's own store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio
import click
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import UnusableError, houses, load
from guardhouse.cli.output import data_only, note, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.errors import GuardhouseError
from guardhouse.state.token import TokenRecord
from guardhouse.stores.memory import MemoryStore
from guardhouse.tokens import token_document

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Whose:
    """Which application, which of its token guards, and which of its users."""

    target: str
    guard: str | None
    user_id: str | None
    email: str | None


@click.group(epilog=EXIT_CODES)
def tokens() -> None:
    """Issue, list and take back personal access tokens.

    APP is module:attribute, as for `guardhouse routes`. The user is named by --id or by --email. The application must
    keep its tokens in a store that outlives this command: sqlite:///file, not memory:.
    """


def _common(command: F) -> F:
    """Add what all of them take."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
        click.option("--guard", metavar="NAME", help="Which token guard, where the house has several."),
        click.option("--email", metavar="ADDRESS", help="The user, by what is typed at the login."),
        click.option("--id", "user_id", metavar="ID", help="The user, by id."),
        click.argument("target", metavar="APP"),
    ):
        command = option(command)
    return command


@tokens.command(epilog=EXIT_CODES)
@_common
@click.option("--name", required=True, help="What the token is called in the list of its user.")
@click.option(
    "--ability", "abilities", multiple=True, help="What it is good for; may be repeated. Everything without."
)
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="How long it lives. For ever without."
)
def issue(*, name: str, abilities: tuple[str, ...], days: float | None, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - the options of Whose
    """Issue a token. It is printed once, alone on stdout, and kept nowhere."""
    expires = _length(days) if days is not None else None

    async def work(desk: Any, user: Any) -> Any:  # noqa: ANN401 - a Tokens, the application's own user
        return await desk.issue(user, name, abilities=abilities or ("*",), expires=expires)

    issued = _at_desk(Whose(**whose), work)
    if as_json:
        write_json(token_document(issued.record) | {"token": issued.plain})
        return
    click.echo(issued.plain)
    note(f"{issued.record.name}: {_good_for(issued.record)}, {_until(issued.record)}; it is not shown again.")


@tokens.command("list", epilog=EXIT_CODES)
@_common
def listed(*, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - as above
    """List the tokens of a user, the oldest first."""

    async def work(desk: Any, user: Any) -> Sequence[TokenRecord]:  # noqa: ANN401 - as above
        found: Sequence[TokenRecord] = await desk.list(user)
        return found

    records = _at_desk(Whose(**whose), work)
    if as_json:
        write_json({"tokens": [token_document(record) for record in records]})
    elif records:
        show(_table(records))
    else:
        note("this user has no tokens.")


@tokens.command(epilog=EXIT_CODES)
@_common
@click.argument("token_id", metavar="[TOKEN_ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Take back all tokens of the user.")
def revoke(*, token_id: str | None, everything: bool, as_json: bool, **whose: Any) -> None:  # noqa: ANN401 - as above
    """Take back one token by its id, or all of a user with --all. It is refused from the next request on."""
    if (token_id is None) is not everything:
        raise click.UsageError("Name one TOKEN_ID, or say --all.")

    async def work(desk: Any, user: Any) -> int:  # noqa: ANN401 - as above
        return int(await (desk.revoke_all(user) if token_id is None else desk.revoke(user, token_id)))

    count = _at_desk(Whose(**whose), work)
    if as_json:
        write_json({"revoked": count})
    else:
        note(f"{count} token{'' if count == 1 else 's'} taken back.")
    if token_id is not None and count == 0:
        raise UnusableError(f"this user has no token {plain(token_id)}.")


def _at_desk(whose: Whose, work: Callable[[Any, Any], Awaitable[T]]) -> T:
    """Load the application, find the user, and let `work` do its work at the desk of the token guard."""
    app = load(whose.target, whole_traceback=False).app
    house = houses(app)[0]
    if isinstance(house.parts.store, MemoryStore):
        raise UnusableError(
            "this application keeps its tokens in memory: nobody else would see what is done here. "
            "Give the house a store that lasts: Guardhouse(store='sqlite:///file')."
        )

    async def run() -> T:
        await house.open()
        try:
            desk = house.tokens(whose.guard)
            return await work(desk, await _found(house, desk.guard.provider, whose))
        finally:
            await house.close()

    try:
        with data_only():
            return anyio.run(run)
    except GuardhouseError as error:
        raise UnusableError(str(error)) from error


async def _found(house: Any, provider: str | None, whose: Whose) -> Any:  # noqa: ANN401 - as above
    if (whose.user_id is None) is (whose.email is None):
        raise click.UsageError("Name the user, by --id or by --email.")
    users = house.parts.providers[provider or ""]
    user = (
        await users.by_id(whose.user_id)
        if whose.user_id is not None
        else await users.by_credentials({"email": whose.email})
    )
    if user is None:
        raise UnusableError(f"there is no user {plain(whose.user_id or whose.email or '')}.")
    return user


def _table(records: Sequence[TokenRecord]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name in ("id", "name", "good for", "created", "expires", "last used"):
        table.add_column(name, overflow="fold")
    for record in records:
        moments = (_day(record.created), _day(record.expires), _day(record.used))
        table.add_row(styled(record.id, "cyan"), plain(record.name), _good_for(record), *map(Text, moments))
    return table


def _good_for(record: TokenRecord) -> str:
    return "everything" if "*" in record.abilities else plain(", ".join(record.abilities))


def _length(days: float) -> timedelta:
    try:
        return timedelta(days=days)
    except (ValueError, OverflowError):
        raise click.BadParameter("write how many days.", param_hint="--days") from None


def _until(record: TokenRecord) -> str:
    return "for ever" if record.expires is None else f"until {_day(record.expires)}"


def _day(moment: float | None) -> str:
    return "never" if moment is None else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
