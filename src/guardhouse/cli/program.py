"""The commands by name; each one's file is imported when it is called, so that none pays for another."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

EXIT_CODES = """\b
Exit codes:
  0  all is well: the request may pass, nothing was found
  1  a finding: the request is refused, a route is undecided
  2  wrong usage, or an application that cannot be loaded
"""

_COMMANDS: Mapping[str, str] = {
    "compare": "Measure session, token and JWT on a running demo.",
    "config": "Print every setting in effect, where it came from, and what it risks.",
    "demo": "Serve the application of the forum thread.",
    "doctor": "Look for mistakes before the first request does, or play a browser.",
    "explain": "Send a request in process and say why it is refused.",
    "matrix": "Show for every route who is let in.",
    "migrate": "Make and upgrade the tables of a store.",
    "reason": "Say what the code of a refusal means, and how to mend it.",
    "routes": "List every route with what guards it.",
    "secret": "Make a key for the house.",
    "sessions": "See where a user is logged in, and end it; over a store.",
    "tokens": "Issue, list and take back personal access tokens.",
    "users": "Take in, list, shut out and let in again the users in a database.",
}


class Program(click.Group):
    """A group that knows its commands by name and imports each when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """List the commands in the order of the alphabet."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Import one command: `guardhouse.cli.<name>.<name>`."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"guardhouse.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=Program, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="guardhouse", message="guardhouse %(version)s")
def program() -> None:
    """Guards for Starlette and FastAPI that say why they refused."""
