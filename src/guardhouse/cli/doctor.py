"""`guardhouse doctor`: what is wrong with an application, found before the first request; or a browser, played against it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from guardhouse.cli.findings import found_in, write_report
from guardhouse.cli.journey import ROLES, Asked, journey_options, played, print_journey, typed
from guardhouse.cli.loading import load
from guardhouse.cli.output import write_json
from guardhouse.cli.program import EXIT_CODES
from guardhouse.doctor.browser.document import document_of
from guardhouse.doctor.finding import SEVERITIES, Severity

FINDING = 1

_FOR_FINDINGS = ("github", "sarif")


@click.command(epilog=EXIT_CODES)
@click.argument("target", metavar="APP")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "github", "sarif")),
    default="text",
    help="For people, for programs, for a GitHub workflow, or SARIF 2.1.0.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="The least that makes the command exit with 1.",
)
@click.option("--ignore", metavar="CODE=REASON", multiple=True, help="Leave a code out, and say why.")
@journey_options
@click.option("--traceback", "whole_traceback", is_flag=True, help="Show the whole error of an application.")
@click.pass_context
def doctor(  # noqa: PLR0913 - the options of the command
    context: click.Context,
    /,
    *,
    target: str,
    as_json: bool,
    form: str,
    fail_on: Severity,
    ignore: Sequence[str],
    whole_traceback: bool,
    **options: Any,  # noqa: ANN401 - those of a journey
) -> None:
    """Look for mistakes before the first request does; with --at, play a browser against the application.

    APP is module:attribute, or module:factory() for a function that makes the application.

    Without --at nothing is sent and no endpoint runs: what is found stands in the built application, in its source, and
    in what its store says about itself.

    With --at a visitor is played in process, with a browser's rules: csrf cookie, login, read, write, reload, logout. The
    endpoints really run.
    """
    form = "json" if as_json else form
    roles = {name: options.pop(name) for name in ROLES}
    journey = Asked(**options, roles=roles)
    if typed(context):
        if form in _FOR_FINDINGS or ignore:
            raise click.UsageError(
                "--format github or sarif, and --ignore, are about findings; leave --at out."
            )
        fails = _play(target, journey, form, whole_traceback=whole_traceback)
    else:
        told = found_in(target, ignore, whole_traceback=whole_traceback)
        write_report(target, told, form)
        fails = told.fails(fail_on)
    if fails:
        sys.exit(FINDING)


def _play(target: str, asked: Asked, form: str, *, whole_traceback: bool) -> bool:
    """Play the journey; return whether it broke."""
    found = played(load(target, whole_traceback=whole_traceback), asked, whole_traceback=whole_traceback)
    if form == "json":
        write_json({"app": target, "journey": document_of(found)})
    else:
        print_journey(found)
    return found.broken is not None
