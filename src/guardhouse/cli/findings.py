"""The findings of `guardhouse doctor APP`: the application examined, and the report drawn or written for programs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Any

import anyio
import click
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import UnusableError, failed, houses, load, short_place
from guardhouse.cli.output import plain, show, styled, write_json
from guardhouse.doctor import reports
from guardhouse.doctor.examination import Report, examined, ignoring, report
from guardhouse.doctor.finding import SEVERITIES, Finding
from guardhouse.doctor.findings import CODES
from guardhouse.doctor.subject import Surroundings, subject_of
from guardhouse.errors import ConfigError

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_PLURALS = {"error": "errors", "warning": "warnings", "note": "notes"}
_ENVIRONMENT = ("WEB_CONCURRENCY", "UVICORN_WORKERS", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS")
"""What is read of the environment; nothing else of it is looked at."""


def found_in(target: str, ignore: Sequence[str], *, whole_traceback: bool) -> Report:
    """Load and examine an application; what cannot be looked at is one line and exit status 2."""
    ignored = _ignored(ignore)
    loaded = load(target, whole_traceback=whole_traceback)
    found: list[Finding] = []
    for house in houses(loaded.app):
        around = Surroundings(_environment(), _temporary())
        module = target.partition(":")[0]
        try:
            found += anyio.run(examined, subject_of(loaded.asgi, loaded.app, house, around, [module]))
        except Exception as error:  # noqa: BLE001 - what is looked at is the application's own, and may raise anything
            raise failed(f"examining {target}", error, whole_traceback=whole_traceback) from None
    return report(dict.fromkeys(found), ignored)


def _ignored(texts: Sequence[str]) -> dict[str, str]:
    try:
        return dict(map(ignoring, texts))
    except ConfigError as error:
        raise UnusableError(str(error)) from None


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def _temporary() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*Surroundings().temporary, os.path.realpath(tempfile.gettempdir()))))


def write_report(target: str, told: Report, form: str) -> None:
    """Write the report in one of its four forms."""
    if form == "json":
        write_json(reports.document(target, told, short_place))
    elif form == "sarif":
        write_json(reports.sarif(told, short_place, version("guardhouse")))
    elif form == "github":
        for line in reports.github(told, short_place):
            click.echo(line)
    else:
        _print(target, told)


# -- for people -----------------------------------------------------------------------------------------------------


def _print(target: str, told: Report) -> None:
    show(styled(target, "bold"), "")
    for _, same in groupby(told.findings, key=lambda finding: (finding.code, finding.severity)):
        show(*_group(list(same)), "")
    for one in told.ignored:
        show(Text.assemble((f"ignored  {one.finding.code}", "dim"), f"  {plain(one.reason)}"))
    show(_summary(told))


def _group(same: Sequence[Finding]) -> Iterator[Any]:
    """Draw the findings of one code: what is said of all of them once, and what differs for each."""
    first = same[0]
    yield Text.assemble((f"{first.severity:<9}", _STYLES[first.severity]), (first.code, "bold"))
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(min_width=7, style="dim")
    table.add_column(ratio=1, overflow="fold")
    one_fix = all(finding.fix == first.fix for finding in same)
    for finding in same:
        table.add_row("where", styled(short_place(finding.where)))
        table.add_row("", plain(finding.what))
        if not one_fix:
            table.add_row("fix", plain(finding.fix))
    table.add_row("so", plain(CODES[first.code].happens.replace("`", "")))
    if one_fix:
        table.add_row("fix", plain(first.fix))
    yield table


def _summary(told: Report) -> Text:
    if not told.findings:
        return Text("Nothing found.", style="green")
    parts = [
        Text(f"{number} {severity if number == 1 else _PLURALS[severity]}", style=_STYLES[severity])
        for severity in SEVERITIES
        if (number := told.counted(severity))
    ]
    return Text.assemble(Text(", ").join(parts), ". What each code means: docs/doctor.md")
