"""`guardhouse explain`: one request, typed or pasted, with what each check made of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import click

from guardhouse.cli.drawing import explanation_rows
from guardhouse.cli.loading import Loaded, UnusableError, failed, houses, load
from guardhouse.cli.output import data_only, grid, note, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.core.facts import WEBSOCKET, Header
from guardhouse.core.stack import Stack
from guardhouse.doctor.curl import read_curl
from guardhouse.doctor.explanation import Explanation, Records, explain_answer
from guardhouse.doctor.har import read_har
from guardhouse.doctor.listing import lines_of
from guardhouse.doctor.pasted import PastedError, writable
from guardhouse.doctor.rehearsal import rehearse
from guardhouse.doctor.sending import Asked, LifespanError, cookie_header, header, send
from guardhouse.doctor.visitors import own_origin

FINDING = 1

_LABEL = len("undecided")

_HAR = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@click.argument("method", required=False)
@click.argument("path", required=False)
@click.option(
    "--header", "-H", "headers", multiple=True, metavar="'K: V'", help="Send a header; can be repeated."
)
@click.option(
    "--cookie", "-b", "cookies", multiple=True, metavar="K=V", help="Send a cookie; can be repeated."
)
@click.option(
    "--data", "-d", metavar="TEXT", help="Send a body; JSON where it reads as JSON, a form otherwise."
)
@click.option(
    "--curl", metavar="TEXT", help="Take a pasted curl command, of bash or cmd; - reads it from stdin."
)
@click.option(
    "--har", type=_HAR, help="Take a request of a HAR file, or of one entry; - reads it from stdin."
)
@click.option(
    "--entry", type=click.IntRange(min=1), metavar="N", help="Which entry of it; else the first refused."
)
@click.option(
    "--run/--read-only",
    "run",
    default=None,
    help="Whether the endpoint runs. Typed requests run, pasted ones are only weighed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
def explain(
    *,
    target: str,
    run: bool | None,
    as_json: bool,
    whole_traceback: bool,
    **said: Any,  # noqa: ANN401 - what the request is made of
) -> None:
    """Say what each check made of a request.

    APP is module:attribute, or module:factory() for a function that makes the application. METHOD is GET, POST, ...
    or WS for a WebSocket. PATH may be a whole address; otherwise the house's public_url, or https://localhost, goes
    before it. Or paste the request: --curl "curl 'https://...'" as a browser copies it, or --har FILE.

    The application is started and stopped. With --run its endpoint really runs when the request may pass; with
    --read-only only the guards of the route are asked, its real store is read and never written, and nobody is told.
    Everything is said, whatever the house's own `explain` is; values of cookies and tokens never are.
    """
    pasted = _pasted(said)
    loaded = load(target, whole_traceback=whole_traceback)
    asked = pasted or _typed(loaded, said)
    runs = pasted is None if run is None else run
    explanation = _explanation(loaded, asked, runs=runs, whole_traceback=whole_traceback)
    if as_json:
        request = {"method": asked.method, "url": _address(asked), "ran": runs}
        write_json({"request": request, **explanation.document})
    else:
        _print(loaded, asked, explanation, runs=runs)
    if not explanation.passed:
        sys.exit(FINDING)


def _explanation(loaded: Loaded, asked: Asked, *, runs: bool, whole_traceback: bool) -> Explanation:
    records = Records()
    try:
        with data_only():
            if not runs:
                return anyio.run(rehearse, loaded.asgi, loaded.app, asked)
            answered = anyio.run(send, loaded.asgi, asked, records.kept())
    except LifespanError as error:
        raise failed(
            f"{error} the application", error.__cause__ or error, whole_traceback=whole_traceback
        ) from None
    if answered.failure is not None and whole_traceback:
        failed("the request", answered.failure, whole_traceback=True)
    return explain_answer(loaded.app, answered, records)


# -- a request that was pasted ----------------------------------------------------------------------------------


def _pasted(said: dict[str, Any]) -> Asked | None:
    """Read --curl or --har; what comes besides would be another request."""
    curl, har = said["curl"], said["har"]
    if curl is None and har is None:
        if said["entry"] is not None:
            raise click.UsageError("--entry names an entry of a HAR file: give it with --har.")
        return None
    typed = [name for name in ("method", "path", "headers", "cookies", "data") if said[name]]
    if typed or (curl is not None and har is not None):
        raise click.UsageError(
            "Paste one request and type nothing besides: METHOD, PATH and the headers are in it."
        )
    try:
        return _read_curl(str(curl)) if har is None else read_har(_bytes(har), said["entry"])
    except PastedError as error:
        what = "the curl command" if har is None else "the HAR file"
        raise UnusableError(f"{what} cannot be read: {error}") from None


def _read_curl(text: str) -> Asked:
    return read_curl(sys.stdin.read() if text == "-" else text)


def _bytes(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise PastedError(f"{error.strerror}.") from None


# -- a request that was typed -----------------------------------------------------------------------------------


def _typed(loaded: Loaded, said: dict[str, Any]) -> Asked:
    if not said["method"] or not said["path"]:
        raise click.UsageError("Write METHOD and PATH, or paste a request: --curl TEXT, --har FILE.")
    headers = (*_headers(said["headers"]), *_cookies(said["cookies"]))
    return _asked(loaded, said["method"], said["path"], headers, said["data"])


def _asked(loaded: Loaded, method: str, path: str, headers: tuple[Header, ...], data: str | None) -> Asked:
    method = WEBSOCKET if method.upper() in (WEBSOCKET, "WEBSOCKET") else method.upper()
    if not method.isalpha() or not method.isascii():
        raise click.BadParameter("write GET, POST, ... or WS.", param_hint="METHOD")
    if data is not None and not writable(data):
        raise click.BadParameter("write text, in the encoding of your terminal.", param_hint="--data")
    if data is not None and not any(name == b"content-type" for name, _ in headers):
        headers = (*headers, (b"content-type", _type_of(data)))
    return Asked(method, _url(loaded, path), headers, (data or "").encode())


def _url(loaded: Loaded, path: str) -> str:
    house = houses(loaded.app)[0]
    if path.startswith("/"):
        return f"{own_origin(house).decode()}{path}"
    try:
        parts = urlsplit(path)
        parts.port  # noqa: B018 - reading it is what finds a wrong one
    except ValueError:
        raise click.BadParameter("its host or its port cannot be read.", param_hint="PATH") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{path!r} begins with neither '/' nor https://.", param_hint="PATH")
    return path


def _type_of(data: str) -> bytes:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
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


def _print(loaded: Loaded, asked: Asked, explanation: Explanation, *, runs: bool) -> None:
    table = grid(2, first=_LABEL)
    table.add_row(styled(asked.method, "bold"), styled(_address(asked), "bold"))
    for label, content in explanation_rows(explanation, _stacks(loaded), sent=runs):
        table.add_row()
        table.add_row(label, content)
    show(table)
    if not runs:
        note("only the guards were asked: no endpoint ran, nothing was written, limits were not counted.")


def _stacks(loaded: Loaded) -> Iterator[Stack]:
    return (stack for line in lines_of(loaded.app) for stack in line.stacks)
