"""`guardhouse explain`: sends one request in process, and says what each check made of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import anyio
import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import Loaded, failed, houses, load
from guardhouse.cli.output import data_only, grid, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.core.causes import Cause, hint_of
from guardhouse.core.facts import Header
from guardhouse.core.reasons import REASONS
from guardhouse.core.verdict import Abstain, Caller, Client, Deny, Pass, Verdict
from guardhouse.doctor.explanation import Explanation, Records, explain_answer
from guardhouse.doctor.sending import WEBSOCKET, Asked, LifespanError, cookie_header, header, send

FINDING = 1

_LABEL = len("undecided")

_STYLES = {"allow": "bold green", "deny": "bold red", "abstain": "yellow", "pass": "dim"}

_HEADLINES: Mapping[str, tuple[str, str]] = {
    "guest": ("yellow", "Nobody is proven to call, and the guard is optional: a guest may pass."),
    "public": ("yellow", "The route is public: no guard was asked."),
    "undecided": ("bold red", "No guard was asked. Guard the route, or say @house.public."),
    "no route": ("bold red", "The application has no route for this method and path; no guard was asked."),
    "failed": ("bold red", "The application failed before any guard was asked."),
}


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@click.argument("method")
@click.argument("path")
@click.option(
    "--header", "-H", "headers", multiple=True, metavar="'K: V'", help="Send a header; can be repeated."
)
@click.option(
    "--cookie", "-b", "cookies", multiple=True, metavar="K=V", help="Send a cookie; can be repeated."
)
@click.option(
    "--data", "-d", metavar="TEXT", help="Send a body; JSON where it reads as JSON, a form otherwise."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
def explain(  # noqa: PLR0913 - one parameter for each option
    *,
    target: str,
    method: str,
    path: str,
    headers: tuple[str, ...],
    cookies: tuple[str, ...],
    data: str | None,
    as_json: bool,
    whole_traceback: bool,
) -> None:
    """Send a request in process and say what each check made of it.

    APP is module:attribute, or module:factory() for a function that makes the application. METHOD is GET, POST, ...
    or WS for a WebSocket. PATH may be a whole address; otherwise the house's public_url, or https://localhost, goes
    before it.

    The application is started and stopped, and its endpoint really runs when the request may pass. Everything is
    said, whatever the house's own `explain` is; values of cookies and tokens never are.
    """
    loaded = load(target, whole_traceback=whole_traceback)
    asked = _asked(loaded, method, path, (*_headers(headers), *_cookies(cookies)), data)
    explanation = _explanation(loaded, asked, whole_traceback=whole_traceback)
    if as_json:
        write_json({"request": {"method": asked.method, "url": _address(asked)}, **explanation.document})
    else:
        _print(asked, explanation)
    if not explanation.passed:
        sys.exit(FINDING)


def _explanation(loaded: Loaded, asked: Asked, *, whole_traceback: bool) -> Explanation:
    records = Records()
    try:
        with data_only():
            answered = anyio.run(send, loaded.asgi, asked, records.kept())
    except LifespanError as error:
        raise failed(
            f"{error} the application", error.__cause__ or error, whole_traceback=whole_traceback
        ) from None
    if answered.failure is not None and whole_traceback:
        failed("the request", answered.failure, whole_traceback=True)
    return explain_answer(loaded.app, answered, records)


# -- the request ------------------------------------------------------------------------------------------------


def _asked(loaded: Loaded, method: str, path: str, headers: tuple[Header, ...], data: str | None) -> Asked:
    method = WEBSOCKET if method.upper() in (WEBSOCKET, "WEBSOCKET") else method.upper()
    if not method.isalpha() or not method.isascii():
        raise click.BadParameter("write GET, POST, ... or WS.", param_hint="METHOD")
    if data is not None and not any(name == b"content-type" for name, _ in headers):
        headers = (*headers, (b"content-type", _type_of(data)))
    return Asked(method, _url(loaded, path), headers, (data or "").encode())


def _url(loaded: Loaded, path: str) -> str:
    house = houses(loaded.app)[0]
    if path.startswith("/"):
        own = sorted(origin.decode() for origin in house.parts.origins.own)
        return f"{own[0] if own else 'https://localhost'}{path}"
    parts = urlsplit(path)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{path!r} begins with neither '/' nor https://.", param_hint="PATH")
    return path


def _type_of(data: str) -> bytes:
    try:
        json.loads(data)
    except ValueError:
        return b"application/x-www-form-urlencoded"
    return b"application/json"


def _headers(texts: tuple[str, ...]) -> Iterator[Header]:
    for text in texts:
        try:
            yield header(text)
        except ValueError:
            raise click.BadParameter("write 'Name: value'.", param_hint="--header") from None


def _cookies(texts: tuple[str, ...]) -> tuple[Header, ...]:
    for text in texts:
        if "=" not in text or not text.isprintable() or not text.isascii():
            raise click.BadParameter("write name=value.", param_hint="--cookie")
    return cookie_header(texts)


def _address(asked: Asked) -> str:
    """Write the address without its query and without who logs in by it."""
    parts = urlsplit(asked.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


# -- on the terminal --------------------------------------------------------------------------------------------


def _print(asked: Asked, explanation: Explanation) -> None:
    table = grid(2, first=_LABEL)
    table.add_row(styled(asked.method, "bold"), styled(_address(asked), "bold"))
    for label, content in _rows(explanation):
        table.add_row()
        table.add_row(label, content)
    show(table)


def _rows(explanation: Explanation) -> Iterator[tuple[Text, RenderableType]]:
    yield _headline(explanation)
    if explanation.trace:
        yield Text("trace", style="dim"), _trace(explanation.trace)
    refusal = explanation.refusal
    if refusal and refusal.evidence:
        yield Text("evidence", style="dim"), _pairs(refusal.evidence)
    if refusal and len(refusal.causes) > 1:
        yield Text("mend", style="dim"), _causes(refusal.causes)
    elif refusal and (hint := hint_of(refusal.causes[0] if refusal.causes else refusal)):
        yield Text("hint", style="dim"), styled(hint, "cyan")
    if explanation.failure is not None:
        fault = f"The application raised {type(explanation.failure).__name__} (--traceback shows the whole)."
        yield Text("failure", style="dim"), styled(fault, "bold red")
    yield Text("response", style="dim"), _response(explanation)


def _called(caller: Caller) -> str:
    if isinstance(caller, Client):
        return f"program {plain(caller.client_id)} of {caller.issuer}"
    return f"user {plain(caller.user_id)} of {caller.provider}"


def _headline(explanation: Explanation) -> tuple[Text, Text]:
    refusal, identity, outcome = explanation.refusal, explanation.identity, explanation.outcome
    if refusal is not None:
        text = Text.assemble(
            (f"{refusal.status} {refusal.reason}", "bold red"), f" by {refusal.by}\n", refusal.entry.title
        )
        return Text(outcome, style="bold red"), text
    if identity is not None:
        return Text(outcome, style="bold green"), Text(
            f"{_called(identity)}, believed by guard {identity.guard}"
        )
    style, said = _HEADLINES[outcome]
    return Text(outcome, style=style), Text(said)


def _trace(trace: Any) -> Table:  # noqa: ANN401 - Sequence[Verdict]; a Decision's own
    table = grid(3)
    for verdict in trace:
        word = type(verdict).__name__.lower()
        said = Text.assemble((str(verdict.reason), _STYLES[word]), "\n", REASONS[verdict.reason].title)
        for name, value in _evidence(verdict).items():
            said.append(f"\n{name}: {plain(value)}", style="dim")
        table.add_row(styled(verdict.by), Text(word, style=_STYLES[word]), said)
    return table


def _evidence(verdict: Verdict) -> Mapping[str, object]:
    return verdict.evidence if isinstance(verdict, Deny | Abstain | Pass) else {}


def _causes(causes: Sequence[Cause]) -> Table:
    """Write what must be mended, numbered: each of them is enough to be refused."""
    table = grid(2)
    for place, cause in enumerate(causes, start=1):
        said = Text.assemble((str(cause.reason), "bold"), "\n", cause.says)
        said.append(f"\n{plain(cause.hint)}", style="cyan")
        table.add_row(f"{place}.", said)
    return table


def _pairs(evidence: Mapping[str, object]) -> Table:
    table = grid(2)
    for name, value in evidence.items():
        table.add_row(styled(name), styled(value))
    return table


def _response(explanation: Explanation) -> Table:
    table = grid(2)
    table.add_row("status", str(explanation.status or "none"))
    for name, value in explanation.headers:
        table.add_row(styled(name), styled(value))
    return table
