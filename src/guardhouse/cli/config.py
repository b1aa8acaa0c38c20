"""`guardhouse config`: every setting in effect, where it came from, and what it risks. Secrets are not shown."""

from __future__ import annotations

from collections.abc import Sequence

import click
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import failed, houses, load
from guardhouse.cli.output import grid, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.doctor.effective import DEFAULT, Setting, document, settings_of
from guardhouse.doctor.examination import findings_of
from guardhouse.doctor.subject import subject_of


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@click.option("--changed", is_flag=True, help="Leave out what is as it comes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
def config(*, target: str, changed: bool, as_json: bool, whole_traceback: bool) -> None:
    """Print every setting of the house, where it came from, and what it risks.

    APP is module:attribute, or module:factory() for a function that makes the application.
    """
    loaded = load(target, whole_traceback=whole_traceback)
    house = houses(loaded.app)[0]
    try:
        found = findings_of(subject_of(loaded.asgi, loaded.app, house))
    except Exception as error:  # noqa: BLE001 - what is looked at is the application's own, and may raise anything
        raise failed(f"examining {target}", error, whole_traceback=whole_traceback) from None
    settings = [one for one in settings_of(house, found) if not changed or one.source != DEFAULT]
    if as_json:
        write_json(document(target, settings))
    else:
        show(
            styled(target, "bold"),
            "",
            _table(settings),
            "",
            Text("What follows", style="bold"),
            _risks(settings),
        )


def _table(settings: Sequence[Setting]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", overflow="fold", style="dim")
    for one in settings:
        style = "dim" if one.source == DEFAULT else "green"
        source = one.source.removesuffix(f": {one.key}")
        table.add_row(styled(one.key), styled(_shown(one.value), style), plain(source))
    return table


def _risks(settings: Sequence[Setting]) -> Table:
    table = grid(2)
    for one in settings:
        if one.risk:
            table.add_row(styled(one.key, "yellow"), plain(one.risk))
    return table


def _shown(value: object) -> str:
    if value is None or value == ():
        return "-"
    return {True: "yes", False: "no"}.get(value, plain(value)) if isinstance(value, bool) else plain(value)
