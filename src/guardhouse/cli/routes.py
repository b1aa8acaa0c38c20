"""`guardhouse routes`: every route with its guards, and those that nobody has decided about."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from guardhouse.cli.loading import houses, load, short_place
from guardhouse.cli.output import console, fits, grid, note, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.core.stack import Stack
from guardhouse.doctor.listing import Line, line_document, lines_of, means_of, stack_document
from guardhouse.edge.checks import check, is_documentation
from guardhouse.errors import ConfigError

FINDING = 1
_HALF = 0.55
"""How much of a line paths and places may take before they are broken, for what guards them stands beside them."""


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@click.option("--stack", "-v", "with_stacks", is_flag=True, help="Print each stack with its reasons too.")
@click.option("--check", "strict", is_flag=True, help="Exit with 1 when a route is undecided.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
def routes(*, target: str, with_stacks: bool, strict: bool, as_json: bool, whole_traceback: bool) -> None:
    """List every route with what guards it.

    APP is module:attribute, or module:factory() for a function that makes the application.

    A route is guarded, public (somebody said so with @house.public), or undecided: nobody said anything. Exits with
    1 when the application would not start, and with --check when a route is undecided.
    """
    app = load(target, whole_traceback=whole_traceback).app
    house = houses(app)[0]
    lines = list(lines_of(app))
    stacks = list({stack.name: stack for line in lines for stack in line.stacks}.values())
    fault = _fault(app, house)
    if as_json:
        write_json(_document(target, lines, stacks, fault))
    else:
        _print(target, lines, stacks if with_stacks else [])
    if fault:
        note(f"this application does not start: {fault}")
    if fault or (strict and any(line.undecided for line in lines)):
        sys.exit(FINDING)


def _fault(app: Any, house: Any) -> str | None:  # noqa: ANN401 - any application, any house
    """Run the checks that would run at start."""
    try:
        check(app, house)
    except ConfigError as error:
        return str(error)
    return None


def _document(
    target: str, lines: Sequence[Line], stacks: Sequence[Stack], fault: str | None
) -> dict[str, object]:
    return {
        "app": target,
        "routes": [line_document(line, short_place(line.info.where)) for line in lines],
        "stacks": [stack_document(stack) for stack in stacks],
        "undecided": sum(line.undecided for line in lines),
        "fault": fault,
    }


def _print(target: str, lines: Sequence[Line], stacks: Sequence[Stack]) -> None:
    show(styled(target, "bold"), "", _table(lines), "")
    for stack in stacks:
        show(Text(f"stack {stack.name}", style="bold"), _stack(stack), "")
    show(_summary(lines))


def _table(lines: Sequence[Line]) -> Table:
    """Draw a line for each route; where that is too wide, what says where it was written stands below its path."""
    wide = _wide(lines)
    return wide if fits(wide) else _narrow(lines)


def _wide(lines: Sequence[Line]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name in ("method", "path", "guarded by", "csrf", "where"):
        table.add_column(name, overflow="fold")
    for line in lines:
        place = short_place(line.info.where)
        table.add_row(
            " ".join(line.methods),
            styled(line.info.path),
            _guarded_by(line),
            _csrf(line),
            styled(place, "dim"),
        )
    return table


def _narrow(lines: Sequence[Line]) -> Table:
    paths = [
        Text.assemble(plain(line.info.path), ("\n  " + plain(short_place(line.info.where)), "dim"))
        for line in lines
    ]
    whole = (
        max((max(map(len, path.plain.split("\n"))) for path in paths), default=0) <= console().width * _HALF
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name, unbroken in (
        ("method", True),
        ("path, and where", whole),
        ("guarded by", False),
        ("csrf", True),
    ):
        table.add_column(name, overflow="fold", no_wrap=unbroken)
    for line, path in zip(lines, paths, strict=True):
        table.add_row(" ".join(line.methods), path, _guarded_by(line), _csrf(line))
    return table


def _csrf(line: Line) -> Text:
    return Text("yes", style="green") if line.csrf else Text("no", style="dim")


def _guarded_by(line: Line) -> Text:
    if line.undecided:
        return Text("UNDECIDED", style="bold red")
    if line.public:
        return Text("public", style="yellow")
    return Text(" + ".join(dict.fromkeys(map(_asked, line.info.guards))), style="green")


def _asked(guarding: Any) -> str:  # noqa: ANN401 - a routes.Guarding
    """Name a stack; of an area whose name tells nothing of its guards, those too."""
    stack: Stack = guarding.stack
    asked = " | ".join(stack.names)
    named = (
        asked
        if ",".join(stack.names) == stack.name or set(stack.names) == set(stack.name.split(","))
        else None
    )
    shown = named or f"{stack.name} ({asked})"
    return f"{shown}, optional" if means_of(guarding) == "optional" else shown


def _stack(stack: Stack) -> Table:
    table = grid(3)
    for one in stack.checks:
        table.add_row(
            "", styled(one.name, "cyan" if one.phase != "note" else "dim"), plain(f"because {one.because}")
        )
    return table


def _summary(lines: Sequence[Line]) -> Text:
    undecided = sum(line.undecided for line in lines)
    public = sum(line.public for line in lines)
    summary = Text(
        f"{len(lines)} route{'' if len(lines) == 1 else 's'}: {len(lines) - undecided - public} guarded, {public} public, "
    )
    summary.append(f"{undecided} undecided", style="bold red" if undecided else "green")
    documentation = [line.info.path for line in lines if line.undecided and is_documentation(line.info)]
    if undecided > len(documentation):
        summary.append(". Guard them, or say @house.public.")
    if documentation:
        said = f"house.install(app, public={documentation})"
        summary.append(
            f"\nThe pages that FastAPI adds are open: say so, {said}, or switch them off, docs_url=None."
        )
    return summary
