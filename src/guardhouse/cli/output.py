"""How the command line writes: data on stdout, everything else on stderr, colours only where a terminal wants them."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Generator, Sequence
from typing import Any, cast

import click
import msgspec
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_ENDLESS = 10_000
_TRAILING_BLANKS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)


def console() -> Console:
    """Open stdout for people. Rich keeps NO_COLOR and TERM=dumb, and 80 columns where there is no terminal."""
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def show(*parts: RenderableType) -> None:
    """Print for people, without the blanks that tables leave at the ends of lines."""
    out = console()
    with out.capture() as captured:
        for part in parts:
            out.print(part)
    # Rich has decided about colours; click would take them out again wherever there is no terminal.
    click.echo(_TRAILING_BLANKS.sub(r"\1", captured.get()), color=True, nl=False)


def fits(part: RenderableType) -> bool:
    """Whether it can be drawn as wide as it is, without breaking a line or a word."""
    out = console()
    return out.measure(part, options=out.options.update(max_width=_ENDLESS)).maximum <= out.width


def write_json(document: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """Write one JSON document."""
    encoded = msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2)
    click.echo(encoded.decode())


def note(text: str) -> None:
    """Say something beside the data."""
    click.echo(f"guardhouse: {text}", err=True)


@contextlib.contextmanager
def data_only() -> Generator[None]:
    """Send what an application prints to stderr, so that stdout stays what was asked for."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def grid(columns: int, *, first: int | None = None) -> Table:
    """Make a table without borders; the last column takes what the others leave, `first` is the least of the first."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(min_width=first)
    for _ in range(columns - 2):
        table.add_column()
    table.add_column(ratio=1, overflow="fold")
    return table


def plain(value: object) -> str:
    """Write a value so that it stays on its line: control characters would write elsewhere on the terminal."""
    text = value if isinstance(value, str) else _listed(value)
    return text if text.isprintable() else ascii(text)[1:-1]


def styled(value: object, style: str = "") -> Text:
    """Write a value in a style."""
    return Text(plain(value), style=style)


def _listed(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in cast("Sequence[object]", value)) or "none"
    return str(value)
