"""The journey of `guardhouse doctor APP --at ... --from ...`: its options read, played, and drawn hop by hop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import anyio
import click
from click.core import ParameterSource
from rich.console import Group
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import Loaded, UnusableError, failed, houses
from guardhouse.cli.output import data_only, grid, plain, show, styled
from guardhouse.doctor.browser.attaching import Withheld
from guardhouse.doctor.browser.browsers import BROWSERS, Browser
from guardhouse.doctor.browser.clients import CLIENTS, Client, client_with
from guardhouse.doctor.browser.fetching import Exchange
from guardhouse.doctor.browser.journey import Hop, Journey, Plan, journey
from guardhouse.doctor.browser.login import LoginError
from guardhouse.doctor.browser.roles import Role, RoleError, read_role
from guardhouse.doctor.browser.sites import Origin, bare_origin
from guardhouse.doctor.browser.storing import Dropped
from guardhouse.doctor.sending import LifespanError

CREDENTIALS_VARIABLE = "GUARDHOUSE_CREDENTIALS"
ROLES = ("login", "read", "write", "logout")

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_OPTIONS = (
    click.option(
        "--at", metavar="URL", help="Play a browser: where the application is, as browsers write it."
    ),
    click.option(
        "--from", "frm", metavar="URL", help="The origin of the page that asks; the same as --at if left out."
    ),
    click.option(
        "--client", default="axios", metavar="NAME", help=f"Who asks: {', '.join(CLIENTS)}. [axios]"
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="K=V",
        help="A setting of the client: withCredentials=true.",
    ),
    click.option(
        "--browser", default="chrome", metavar="NAME", help=f"Which browser: {', '.join(BROWSERS)}. [chrome]"
    ),
    click.option(
        "--block-third-party", is_flag=True, help="Block third-party cookies, as incognito windows do."
    ),
    click.option(
        "--credentials", multiple=True, metavar="K=V", help="Log in with these fields; can be repeated."
    ),
    click.option("--user", "user_id", metavar="ID", help="Without credentials: log this user in."),
    click.option("--login", metavar="ROUTE", help="The login, such as 'POST /login', where it is not found."),
    click.option("--read", metavar="ROUTE", help="A guarded route to read, such as 'GET /api/me'."),
    click.option("--write", metavar="ROUTE", help="A guarded route to write to; it really runs."),
    click.option("--logout", metavar="ROUTE", help="The logout, such as 'POST /logout'."),
)


def journey_options(command: F) -> F:
    """Add the options of a journey to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def typed(context: click.Context) -> list[str]:
    """Name the options of a journey that stand on the command line."""
    names = {one.name for one in fields(Asked)} | set(ROLES)
    return [
        option.opts[0]
        for option in context.command.params
        if option.name in names and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    ]


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a journey as they were typed."""

    at: str | None
    frm: str | None
    client: str
    settings: tuple[str, ...]
    browser: str
    block_third_party: bool
    credentials: tuple[str, ...]
    user_id: str | None
    roles: Mapping[str, str | None]


def played(loaded: Loaded, asked: Asked, *, whole_traceback: bool) -> Journey:
    """Play the journey; what cannot be played is one line and exit status 2."""
    plan = _plan(asked)
    house = houses(loaded.app)[0]
    try:
        with data_only():
            return anyio.run(journey, loaded.asgi, loaded.app, house, plan, time.time())
    except (RoleError, LoginError) as error:
        raise UnusableError(f"{error}.") from None
    except LifespanError as error:
        doing = f"{error} the application"
        raise failed(doing, error.__cause__ or error, whole_traceback=whole_traceback) from None


# -- what was asked for -----------------------------------------------------------------------------------------


def _plan(asked: Asked) -> Plan:
    if find_spec("publicsuffixlist") is None:
        raise UnusableError("the journey needs publicsuffixlist: pip install 'guardhouse[doctor]'.")
    if asked.at is None:
        raise UnusableError(
            "--at is missing: the address of the application, such as https://api.example.com. "
            "Only with it a browser is played, which the other options are about."
        )
    at = _origin("--at", asked.at)
    browser = _chosen("--browser", asked.browser, BROWSERS)
    _chosen("--client", asked.client, CLIENTS)
    return Plan(
        at=at,
        page=at if asked.frm is None else _origin("--from", asked.frm),
        client=_client(asked),
        browser=_blocking(browser) if asked.block_third_party else browser,
        told={name: _role(name, text) for name, text in asked.roles.items() if text is not None},
        credentials=_credentials(asked.credentials),
        user_id=asked.user_id,
    )


def _blocking(browser: Browser) -> Browser:
    return replace(browser, third_party="blocked")


def _origin(option: str, text: str) -> Origin:
    try:
        return bare_origin(text)
    except ValueError as error:
        raise UnusableError(f"{option} is {plain(text)!r}: {error}.") from None


def _chosen(option: str, name: str, table: Mapping[str, T]) -> T:
    if name not in table:
        nearest = get_close_matches(name, table, n=1)
        guess = f" Did you mean {nearest[0]}?" if nearest else ""
        raise UnusableError(f"{option} is {plain(name)!r}; it is one of {', '.join(table)}.{guess}")
    return table[name]


def _client(asked: Asked) -> Client:
    try:
        return client_with(asked.client, asked.settings)
    except ValueError as error:
        raise UnusableError(f"--set: {error}.") from None


def _role(name: str, text: str) -> Role:
    try:
        return read_role(text)
    except RoleError as error:
        raise UnusableError(f"--{name}: {error}.") from None


def _credentials(texts: Sequence[str]) -> Mapping[str, str]:
    """Read the fields of the login; from the environment they stand in no list of processes."""
    if not texts:
        return dict(parse_qsl(os.environ.get(CREDENTIALS_VARIABLE, ""), keep_blank_values=True))
    pairs = [text.partition("=") for text in texts]
    if not all(name and equals for name, equals, _ in pairs):
        raise UnusableError("--credentials: write name=value, once for each field of the login.")
    return {name: value for name, _, value in pairs}


# -- on the terminal --------------------------------------------------------------------------------------------

_LABEL = len("application")
_PART = len("csrf cookie")
_PASSED, _FAILED, _NONE = ("ok", "green"), ("FAILS", "bold red"), ("none", "dim")


def print_journey(found: Journey) -> None:
    """Draw the journey: who asks, every hop, and what broke it."""
    show(_head(found), "")
    for number, hop in enumerate(found.hops, start=1):
        show(_hop(number, hop), "")
    show(_end(found))


def _head(found: Journey) -> Table:
    plan = found.plan
    table = grid(2, first=_LABEL)
    way = Text.assemble((str(plan.page), "bold"), " asks ", (str(plan.at), "bold"))
    own = plan.relation == "same-origin"
    table.add_row(styled("journey", "bold"), styled(plan.at, "bold") if own else way)
    third = f", third-party cookies {plan.browser.third_party}"
    who = (
        "curl, which is no browser"
        if plan.client.mode == "bare"
        else f"{plan.client.name} in {plan.browser.name}{third}"
    )
    table.add_row("", styled(f"{plan.relation}; {who}", "dim"))
    table.add_row("", styled(f"login {found.login}", "dim"))
    return table


def _hop(number: int, hop: Hop) -> Group:
    """Draw one hop: what became of it, and below it everything that led there."""
    word, style = _NONE if hop.fetched is None else _PASSED if hop.passed else _FAILED
    bold = "bold" if hop.passed else "bold red"
    title = _columns()
    title.add_column(justify="right")
    title.add_column(justify="right", min_width=len(_FAILED[0]))
    request, status = styled(hop.role or "", bold), _status(hop)
    title.add_row(str(number), styled(hop.part, bold), request, status, Text(word, style=style))
    details = _columns()
    before = ""
    for label, content in _rows(hop):
        details.add_row("", styled("" if label == before else label, "dim"), content)
        before = label
    return Group(title, details) if details.row_count else Group(title)


def _columns() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(min_width=1)
    table.add_column(min_width=_PART)
    table.add_column(ratio=1, overflow="fold")
    return table


def _status(hop: Hop) -> Text:
    if hop.fetched is None:
        return Text("")
    status = hop.fetched.status
    return (
        Text("network error", style="red")
        if status is None and not hop.passed
        else Text(str(status or "left"))
    )


def _rows(hop: Hop) -> Iterator[tuple[str, Text]]:
    for exchange in hop.fetched.exchanges if hop.fetched else ():
        yield from _preflight(exchange) if exchange.preflight else _exchange(exchange, hop)
    for note in hop.notes:
        yield "note", styled(note, "yellow")
    if hop.causes:
        yield "because", styled(", ".join(cause.code for cause in hop.causes), "red")


def _preflight(exchange: Exchange) -> Iterator[tuple[str, Text]]:
    headers = dict(exchange.headers)
    asked = headers.get("access-control-request-headers", "")
    wanted = f"{headers['access-control-request-method']}{f' with {asked}' if asked else ''}"
    yield "preflight", styled(f"OPTIONS, may I {wanted.replace(',', ', ')}? {exchange.reply.status}")


def _exchange(exchange: Exchange, hop: Hop) -> Iterator[tuple[str, Text]]:
    if hop.fetched is not None and len([one for one in hop.fetched.exchanges if not one.preflight]) > 1:
        yield "request", styled(f"{exchange.method} {_path(exchange.url)}: {exchange.reply.status}")
    told = _told(exchange)
    if told:
        yield "told", styled(told)
    if exchange.cookies:
        yield "sent", styled(", ".join(exchange.cookies))
    for names, says in _by_ruling(exchange.withheld):
        yield "kept back", _about(names, says, "yellow")
    for kept in exchange.kept:
        label = "erased" if kept.erased else "stored"
        attributes = "" if kept.erased else " ".join(kept.cookie.attributes)
        yield label, Text.assemble((plain(kept.cookie.name), "green"), "  ", (plain(attributes), "dim"))
    for names, says in _by_ruling(exchange.dropped):
        yield "dropped", _about(names, says, "red")


def _by_ruling(lost: Sequence[Withheld | Dropped]) -> Iterator[tuple[str, str]]:
    """Say once what happened to several cookies for one reason."""
    together: dict[str, list[str]] = {}
    for one in lost:
        together.setdefault(one.ruling.says, []).append(one.name)
    for says, names in together.items():
        yield ", ".join(dict.fromkeys(names)), says


def _about(name: str, says: str, style: str) -> Text:
    return Text.assemble((plain(name), style), ": ", plain(says))


def _told(exchange: Exchange) -> str:
    """Name what the origin check reads; of a token only that it is there."""
    said: list[str] = []
    for name, value in exchange.headers:
        if name in ("origin", "sec-fetch-site"):
            said.append(f"{name.title()} {value}")
        elif name in ("x-xsrf-token", "x-csrf-token"):
            said.append(f"{name.upper()} ({len(value)} characters)")
    return ", ".join(said)


def _path(url: str) -> str:
    return url.partition("?")[0]


def _end(found: Journey) -> Table:
    table = grid(2, first=_LABEL)
    broken = found.broken
    if broken is None:
        skipped = [hop.part for hop in found.hops if hop.fetched is None]
        rest = f" No route was found for: {', '.join(skipped)}." if skipped else ""
        table.add_row(Text("passed", style="bold green"), styled(f"Every hop passes.{rest}"))
        return table
    later = [hop.part for hop in found.hops[found.hops.index(broken) + 1 :] if not hop.passed]
    table.add_row(
        Text("broken", style="bold red"), styled(f"The first hop that fails is: {broken.part}.", "bold")
    )
    for cause in broken.causes:
        table.add_row()
        table.add_row(styled(cause.by), Text.assemble((cause.code, "bold red"), "\n", plain(cause.says)))
        table.add_row(styled("fix", "dim"), styled(cause.fix, "cyan"))
    if later:
        table.add_row()
        table.add_row(styled("then", "dim"), styled(f"These fail too: {', '.join(later)}.", "dim"))
    return table
