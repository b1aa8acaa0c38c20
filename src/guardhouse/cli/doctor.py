"""`guardhouse doctor`: plays a visitor's journey through an application, with a browser's rules."""

from __future__ import annotations

import sys
from typing import Any

import click

from guardhouse.cli.journey import ROLES, Asked, journey_options, played, print_journey
from guardhouse.cli.loading import load
from guardhouse.cli.output import write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.doctor.browser.document import document_of

FINDING = 1


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@journey_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
def doctor(*, target: str, as_json: bool, whole_traceback: bool, **options: Any) -> None:  # noqa: ANN401 - those of a journey
    """Play a visitor with a browser's rules, in process: csrf cookie, login, read, write, reload, logout.

    APP is module:attribute, or module:factory() for a function that makes the application. Its endpoints really run.
    """
    roles = {name: options.pop(name) for name in ROLES}
    asked = Asked(**options, roles=roles)
    found = played(load(target, whole_traceback=whole_traceback), asked, whole_traceback=whole_traceback)
    if as_json:
        write_json({"app": target, "journey": document_of(found)})
    else:
        print_journey(found)
    if found.broken is not None:
        sys.exit(FINDING)
