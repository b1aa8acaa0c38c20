"""`guardhouse matrix`: every route against every visitor, and what a change opens."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import UnusableError, failed, houses, load, short_place
from guardhouse.cli.output import fits, grid, note, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.doctor.matrix import Matrix, Outcome, matrix_of
from guardhouse.doctor.matrix_change import Change, changes, document, opened, remembered, written
from guardhouse.doctor.visitors import VISITORS
from guardhouse.errors import ConfigError

OPENED = 1

_STYLES = {"opens": "bold red", "closes": "green", "differs": "yellow", "new": "cyan", "gone": "dim"}
_WHO = len(f"  {', '.join(VISITORS)}")
_VERBS = {
    "opens": "OPENS",
    "closes": "closes",
    "differs": "differs",
    "new": "new",
    "gone": "gone",
}


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@click.option(
    "--check", "checked", metavar="FILE", help="Compare with FILE; exit with 1 when a route is opened."
)
@click.option("--write", "into", metavar="FILE", help="Write FILE, to be compared with later.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
def matrix(
    *, target: str, checked: str | None, into: str | None, as_json: bool, whole_traceback: bool
) -> None:
    """Show for every route who is let in.

    APP is module:attribute, or module:factory() for a function that makes the application.

    The stacks of the routes decide; no endpoint, no rule and no step runs, and no credential of anybody's is used. Keep
    FILE in the repository: with --check a change that opens a route fails, and says which.
    """
    app = load(target, whole_traceback=whole_traceback).app
    house = houses(app)[0]
    try:
        rows = anyio.run(matrix_of, app, house)
    except Exception as error:  # noqa: BLE001 - a guard of the application's own may raise anything
        raise failed(f"asking the guards of {target}", error, whole_traceback=whole_traceback) from None
    found = None if checked is None else changes(_remembered(checked), rows)
    if into is not None:
        _keep(into, rows)
    if as_json:
        write_json(document(target, rows, found))
    elif found is not None:
        _print_changes(target, found, checked or "")
    else:
        _print(target, rows)
    if found is not None and opened(found) and into is None:
        sys.exit(OPENED)


def _remembered(name: str) -> Any:  # noqa: ANN401 - what `remembered` returns
    try:
        return remembered(Path(name).read_bytes(), name)
    except ConfigError as error:
        raise UnusableError(str(error)) from None
    except OSError as error:
        hint = (
            f" Write it first: guardhouse matrix APP --write {name}."
            if isinstance(error, FileNotFoundError)
            else ""
        )
        raise UnusableError(f"{name} cannot be read: {error.strerror}.{hint}") from None


def _keep(name: str, rows: Matrix) -> None:
    try:
        Path(name).write_text(written(rows), encoding="utf-8")
    except OSError as error:
        raise UnusableError(f"{name} cannot be written: {error.strerror}.") from None
    note(f"wrote {len(rows)} routes to {name}")


def _print(target: str, rows: Matrix) -> None:
    table = _table(rows)
    show(styled(target, "bold"), "", *([table] if fits(table) else _list(rows)), "")
    legend = Table.grid(padding=(0, 2, 0, 0))
    for visitor, means in VISITORS.items():
        legend.add_row(styled(visitor, "dim"), plain(means.replace("`", "")))
    show(legend)


def _table(rows: Matrix) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name in ("route", *VISITORS):
        table.add_column(name, overflow="fold", no_wrap=name == "route")
    for row in rows:
        table.add_row(plain(row.name), *(_cell(row.outcomes[visitor]) for visitor in VISITORS))
    return table


def _list(rows: Matrix) -> Iterator[RenderableType]:
    """Say the same below each other, for a terminal in which a table would break words: who shares an outcome, once."""
    for row in rows:
        together: dict[str, tuple[Text, list[str]]] = {}
        for visitor in VISITORS:
            cell = _cell(row.outcomes[visitor])
            together.setdefault(cell.plain, (cell, []))[1].append(visitor)
        table = grid(2, first=_WHO)
        for cell, visitors in together.values():
            table.add_row(Text(f"  {', '.join(visitors)}"), cell)
        yield Text(plain(row.name), style="bold")
        yield table


def _cell(outcome: Outcome) -> Text:
    if not outcome.allowed:
        return styled(outcome.says.replace("_", " "), "dim")
    return styled(str(outcome), {"open": "bold red", "public": "yellow"}.get(outcome.says, "green"))


def _print_changes(target: str, found: Sequence[Change], name: str) -> None:
    show(styled(f"{target} against {name}", "bold"), "")
    for change in found:
        show(
            Text.assemble((f"{_VERBS[change.kind]:<8}", _STYLES[change.kind]), (plain(change.route), "bold")),
            *_lines(change),
            "",
        )
    worst = opened(list(found))
    if not found:
        show(Text("Nothing has changed.", style="green"))
    elif worst:
        show(
            Text(
                f"{len(worst)} opened. If that is meant, write the file again: --write {name}",
                style="bold red",
            )
        )
    else:
        show(Text(f"Nothing is opened. Keep the new state: --write {name}", style="green"))


def _lines(change: Change) -> Sequence[Text]:
    place = f"  ({short_place(change.where)})" if change.where else ""
    return (
        Text(f"  {change.visitor}{place}", style="dim"),
        styled(f"  - {change.before}", "red"),
        styled(f"  + {change.now}", "green"),
    )
