"""`guardhouse reason`: what a code means, how to see it, how to mend it, and what it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from guardhouse.cli.output import grid, plain, show, styled, write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.core.reason import Reason
from guardhouse.core.reasons import REASONS
from guardhouse.doctor.meanings import MEANINGS, found_by, kind_of, meaning_document, nearest_code

_LABEL = len("how to mend it")
_OK = 200


@click.command(epilog=EXIT_CODES)
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def reason(*, code: str | None, as_json: bool) -> None:
    """Say what a code means: its cause, how to see it, how to mend it, what it is not.

    CODE is the code of a refusal, or the type of its problem document (urn:guardhouse:reason:...). Without it, every
    code is listed.
    """
    if code is None:
        _list(as_json=as_json)
        return
    found = found_by(code)
    if found is None:
        nearest = nearest_code(code)
        guess = f" Did you mean {nearest}?" if nearest else ""
        raise click.BadParameter(
            f"there is no reason {plain(code)[:80]!r}.{guess} `guardhouse reason` lists all.",
            param_hint="CODE",
        )
    if as_json:
        write_json(meaning_document(found))
    else:
        _print(found)


def _list(*, as_json: bool) -> None:
    if as_json:
        write_json([meaning_document(one) for one in Reason])
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=False)
    for name in ("status", "code", "says"):
        table.add_column(name, overflow="fold")
    for one in Reason:
        entry = REASONS[one]
        style = "green" if entry.status == _OK else "bold"
        table.add_row(str(entry.status), styled(one, style), entry.title)
    show(table)


def _print(found: Reason) -> None:
    entry = REASONS[found]
    table = grid(2, first=_LABEL)
    colour = "bold green" if entry.status == _OK else "bold red"
    table.add_row(styled(entry.status, colour), styled(found, "bold"))
    table.add_row("", entry.title)
    for label, content in _rows(found):
        table.add_row()
        table.add_row(Text(label, style="dim"), content)
    show(table)


def _rows(found: Reason) -> Iterator[tuple[str, RenderableType]]:
    meaning = MEANINGS.get(found)
    yield "where it is met", Text(kind_of(found))
    if meaning is not None:
        yield "cause", Text(meaning.cause)
        yield "how to see it", Text(meaning.see)
    if REASONS[found].hint:
        yield "how to mend it", Text(_spoken(REASONS[found].hint), style="cyan")
    if meaning is not None and meaning.is_not:
        yield "what it is not", _others(meaning.is_not)


def _others(is_not: Mapping[Reason, str]) -> Text:
    text = Text()
    for other, difference in is_not.items():
        text.append("\n" if text else "")
        text.append(str(other), style="bold")
        text.append(f": {difference}")
    return text


def _spoken(hint: str) -> str:
    """Write the names of the evidence where a refusal has the evidence itself."""
    return re.sub(r"\{(\w+)(?:!r)?\}", r"<\1>", hint)
