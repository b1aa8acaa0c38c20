"""`guardhouse compare`: session, personal token and JWT at one endpoint of a running demo, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click
from msgspec import to_builtins
from rich.table import Table

from guardhouse.cli.comparing import ENDPOINT, OPEN, ROUNDS, Found, compare_at
from guardhouse.cli.line import Line
from guardhouse.cli.output import note, plain, show, write_json
from guardhouse.cli.program import EXIT_CODES

_MANY = click.IntRange(ROUNDS, 100_000)


@click.command(epilog=EXIT_CODES)
@click.argument("url", metavar="[URL]", default="http://127.0.0.1:8000")
@click.option("--requests", default=400, show_default=True, type=_MANY, help="So many through each way.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def compare(*, url: str, requests: int, as_json: bool) -> None:
    """Compare session, personal access token and JWT on a running demo.

    Start `guardhouse demo` first. Asks GET /api/me through each way, in turns; tries each as a thief and as a page of
    another site would; takes each back and asks again. What it makes there it takes away, also when it fails midway.
    """
    with Line(url) as line:
        found = compare_at(line, requests)
    if as_json:
        write_json({"url": url, "requests": requests, "ways": to_builtins(found)})
        return
    show(_table(found))
    note(f"GET {ENDPOINT}, {requests} times each in turns over one connection; medians, beside GET {OPEN}.")


_ROWS: Mapping[str, Callable[[Found], str]] = {
    "time of a request": lambda found: f"{found.milliseconds:.2f} ms",
    "beside an open route": lambda found: f"x {found.beside_open:.2f}",
    "bytes of credential": lambda found: str(found.credential_bytes),
    "bytes sent, received": lambda found: f"{found.sent_bytes}, {found.received_bytes}",
    "requests to get it": lambda found: f"{found.requests_before}, {found.milliseconds_before:.0f} ms",
    "lives": lambda found: found.lives,
    "is good for": lambda found: found.gives,
    "stolen, is answered": lambda found: found.used_elsewhere,
    "makes a lasting one": lambda found: f"{_yes(found.makes_a_lasting_one)}, {found.makes_a_lasting_one}",
    "scripts can read it": lambda found: "where it is kept" if found.seen_by_scripts else "no, HttpOnly",
    "from another site": lambda found: found.from_another_site,
}


def _table(found: Mapping[str, Found]) -> Table:
    """Set it in four columns that fit a terminal of eighty."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold", expand=False)
    for name in ("", *found):
        table.add_column(name, overflow="fold")
    for label, cell in _ROWS.items():
        table.add_row(label, *(plain(cell(one)) for one in found.values()))
    for ended in next(iter(found.values())).after:
        table.add_row(f"after {ended}", *(one.after[ended] for one in found.values()))
    table.add_row("refused after", *(_refused(one) for one in found.values()))
    return table


def _yes(verdict: str) -> str:
    return "yes" if verdict.startswith("2") else "no"


def _refused(found: Found) -> str:
    after = found.refused_after_milliseconds
    return "not at all" if after is None else f"{after:.1f} ms"
