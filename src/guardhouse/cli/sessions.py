"""`guardhouse sessions`: where a user is logged in, end one or all of it, and sweep out what has expired; over a store's URL."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import anyio
import click
from rich.table import Table

from guardhouse.cli.loading import UnusableError
from guardhouse.cli.output import grid, note, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.devices import forget_behind
from guardhouse.errors import GuardhouseError
from guardhouse.state.enrolment import DEVICES
from guardhouse.state.keeper import Storeless
from guardhouse.state.record import Login, Record, passed
from guardhouse.state.store import (
    Closable,
    EndsOne,
    KeepsEnrolments,
    KeepsTokens,
    Openable,
    OwnedSessions,
    Prunable,
)
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.opening import open_store

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ENDED_KEPT = 24 * 3600.0
"""For so long an expired token or enrolment stays in the list of its user, as in a house."""


class Owned(OwnedSessions, EndsOne, Protocol):
    """A store that finds and ends the sessions of a user."""


@click.group(epilog=EXIT_CODES)
def sessions() -> None:
    """See where a user is logged in, and end it.

    URL is the store, as the house has it: sqlite:///sessions.db, redis://host. OWNER is provider:id, as in users:1;
    the provider of a house that names none is called users. No session id is shown, and none is asked for.
    """


def _common(command: F) -> F:
    """Add what all of them take."""
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)
    return click.argument("url", metavar="URL")(command)


@sessions.command("list", epilog=EXIT_CODES)
@_common
@click.argument("owner", metavar="OWNER")
def listed(*, url: str, owner: str, as_json: bool) -> None:
    """List the sessions of a user, who was there last first."""
    found = _at_store(url, lambda store: _records(store, _owner(owner)))
    if as_json:
        write_json({"sessions": [_document(record, owner) for record in found]})
    elif found:
        show(_table(found, owner))
    else:
        note(f"{plain(owner)} is not logged in anywhere.")


@sessions.command("show", epilog=EXIT_CODES)
@_common
@click.argument("owner", metavar="OWNER")
@click.argument("public_id", metavar="ID")
def one(*, url: str, owner: str, public_id: str, as_json: bool) -> None:
    """Show one session: its moments, its logins, and what its data is called; never what it holds."""
    found = _at_store(url, lambda store: _records(store, _owner(owner)))
    record = next((record for record in found if record.public_id == public_id), None)
    if record is None:
        raise _no_session(owner, public_id)
    if as_json:
        write_json(_whole(record))
    else:
        show(_lines(record))


@sessions.command(epilog=EXIT_CODES)
@_common
@click.argument("owner", metavar="OWNER")
@click.argument("public_id", metavar="[ID]", required=False)
@click.option(
    "--all", "everything", is_flag=True, help="End all sessions of the user, and forget his devices."
)
def revoke(*, url: str, owner: str, public_id: str | None, everything: bool, as_json: bool) -> None:
    """End one session by its ID in the list, or all of a user with --all. It is refused from the next request on.

    With --all no device stays logged in, or is trusted without the second factor: each begins anew.
    """
    if (public_id is None) is not everything:
        raise click.UsageError("Name one ID, or say --all.")

    if public_id is None:
        said = _at_store(url, lambda store: _end_all(store, _owner(owner)))
    else:
        said = _at_store(url, lambda store: _end(store, _owner(owner), public_id))
    if public_id is not None and said["ended"] == 0:
        raise _no_session(owner, public_id)
    if as_json:
        write_json(said)
        return
    if said["ended"] is None:
        note(f"all sessions of {plain(owner)} ended; they lie in cookies, so nobody can count them.")
    else:
        note(f"{_counted(said['ended'], 'session')} of {plain(owner)} ended.")
    if said.get("forgotten"):
        note(f"{_counted(said['forgotten'], 'remembered or trusted device')} forgotten.")


async def _end(store: Any, owner: str, public_id: str) -> dict[str, Any]:  # noqa: ANN401 - a store, asked for its powers
    """Forget first what would bring a device that stays logged in back."""
    asleep = await forget_behind(_able(store), owner, public_id)
    return {"ended": int(await _able(store).end(owner, public_id) or asleep)}


async def _end_all(store: Any, owner: str) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Forget devices first: one that stays logged in would begin a session behind the back of what ends them."""
    epochs = store.epochs if isinstance(store, Storeless) else None
    able = None if epochs is not None else _able(store)
    beside, forgotten = _beside(store), 0
    if isinstance(beside, KeepsEnrolments):
        forgotten = await beside.enrolments.withdraw_all(owner, *DEVICES)
    if epochs is not None:
        await epochs.advance(owner)
    return {"ended": None if able is None else await able.revoke(owner), "forgotten": forgotten}


def _beside(store: object) -> object:
    """Return where all lies that is no session."""
    return store.beside if isinstance(store, Storeless) else store


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


@sessions.command(epilog=EXIT_CODES)
@_common
def prune(*, url: str, as_json: bool) -> None:
    """Sweep out what has expired, sessions, tokens and enrolments, slice by slice. Deadlines hold without it."""
    swept = _at_store(url, _swept)
    if as_json:
        write_json(swept)
    else:
        note("swept out: " + ", ".join(f"{count} expired {name}" for name, count in swept.items()) + ".")


async def _swept(store: Any) -> dict[str, int]:  # noqa: ANN401 - as above
    if not isinstance(store, Prunable):
        raise UnusableError("this store sweeps nothing: what has expired leaves it by itself.")
    now, beside = time.time(), _beside(store)
    swept = {"sessions": await _slices(lambda: store.prune(now))}
    if isinstance(beside, KeepsTokens):
        tokens = beside.tokens
        swept["tokens"] = await _slices(lambda: tokens.prune_tokens(now - ENDED_KEPT))
    if isinstance(beside, KeepsEnrolments):
        enrolments = beside.enrolments
        swept["enrolments"] = await _slices(lambda: enrolments.prune_enrolments(now - ENDED_KEPT))
    return swept


async def _slices(sweep: Callable[[], Awaitable[int]]) -> int:
    count = 0
    while slice_ := await sweep():
        count += slice_
    return count


def _at_store(url: str, work: Callable[[Any], Awaitable[T]]) -> T:
    """Open the store, let `work` do its work, and close it again."""
    try:
        store = open_store(url)
        if isinstance(store, MemoryStore):
            raise UnusableError("memory: lies in the process that serves: no command sees what is there.")
        _refuse_new_file(store)
        return anyio.run(_run, store, work)
    except GuardhouseError as error:
        raise UnusableError(str(error)) from error


async def _run(store: Any, work: Callable[[Any], Awaitable[T]]) -> T:  # noqa: ANN401 - as above
    try:
        if isinstance(store, Openable):
            await store.open()
        return await work(store)
    finally:
        if isinstance(store, Closable):
            await store.close()


def _refuse_new_file(store: object) -> None:
    """Look before opening, which would make the file: whoever wrote a wrong path would be told of an empty store."""
    path = getattr(store.beside if isinstance(store, Storeless) else store, "path", None)
    if isinstance(path, Path) and not path.exists():
        raise UnusableError(f"there is no file {plain(str(path))}.")


async def _records(store: Any, owner: str) -> Sequence[Record]:  # noqa: ANN401 - as above
    now = time.time()
    found = [record for record in await _able(store).owned(owner) if passed(record, now) is None]
    return sorted(found, key=lambda record: (-record.seen, record.public_id))


def _able(store: object) -> Owned:
    if isinstance(store, OwnedSessions) and isinstance(store, EndsOne):
        return store
    if isinstance(store, Storeless):
        raise UnusableError(
            "sealed: sessions lie in the cookies of the visitors, so nobody can list them or end one of them."
        )
    raise UnusableError(f"{type(store).__name__} cannot find the sessions of one user and end one of them.")


def _owner(text: str) -> str:
    provider, colon, user_id = text.partition(":")
    if not (provider and colon and user_id):
        raise click.UsageError(f"{plain(text)!r} is nobody: write OWNER as provider:id, as in users:1.")
    return text


def _no_session(owner: str, public_id: str) -> UnusableError:
    return UnusableError(f"{plain(owner)} has no session {plain(public_id)}.")


def _login(record: Record, owner: str) -> Login:
    """Return the owner's latest login, which there is: the store found the record by it."""
    logins = [login for login in record.logins.values() if f"{login.provider}:{login.user_id}" == owner]
    return max(logins, key=lambda login: login.at)


def _document(record: Record, owner: str) -> dict[str, object]:
    login = _login(record, owner)
    return {
        "id": record.public_id,
        "created": record.created,
        "logged_in": login.at,
        "seen": record.seen,
        "until": min(record.idle_until, record.ends),
        "device": login.device,
        "address": login.address,
    }


def _whole(record: Record) -> dict[str, object]:
    """Say all of a session that opens nothing and tells nothing of what it holds."""
    return {
        "id": record.public_id,
        "created": record.created,
        "seen": record.seen,
        "idle_until": record.idle_until,
        "ends": record.ends,
        "logins": {
            realm: {
                "user": f"{login.provider}:{login.user_id}",
                "guard": login.guard,
                "at": login.at,
                "device": login.device,
                "address": login.address,
            }
            for realm, login in record.logins.items()
        },
        "data": {key: len(bytes(value)) for key, value in record.data.items()},
    }


def _table(records: Sequence[Record], owner: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name in ("id", "device", "address", "logged in", "last seen"):
        table.add_column(name, overflow="fold", no_wrap=name in {"id", "address"})
    for record in records:
        login = _login(record, owner)
        told = (login.device or "unknown", login.address or "unknown")
        moments = (_moment(login.at), _moment(record.seen))
        table.add_row(styled(record.public_id, "cyan"), *map(styled, (*told, *moments)))
    return table


def _lines(record: Record) -> Table:
    lines = grid(2, first=10)
    lines.add_row(styled("id", "dim"), styled(record.public_id, "cyan"))
    for name, moment in (("created", record.created), ("last seen", record.seen)):
        lines.add_row(styled(name, "dim"), styled(_moment(moment)))
    lines.add_row(styled("ends", "dim"), styled(f"{_moment(record.idle_until)} if nobody comes"))
    lines.add_row("", styled(f"{_moment(record.ends)} in any case"))
    for realm, login in record.logins.items():
        who = (
            f"{login.provider}:{login.user_id} in realm {realm}, by guard {login.guard}, {_moment(login.at)}"
        )
        place = f"{login.device or 'unknown program'} from {login.address or 'unknown network'}"
        lines.add_row(styled("login", "dim"), styled(who))
        lines.add_row("", styled(place))
    for key, value in record.data.items():
        lines.add_row(styled("data", "dim"), styled(f"{key}: {len(bytes(value))} bytes"))
    return lines


def _moment(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
