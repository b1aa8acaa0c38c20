"""`guardhouse secret`: prints one new key, and nothing else."""

from __future__ import annotations

import click

from guardhouse.cli.output import write_json
from guardhouse.vault.secret import generate_secret


@click.command()
@click.option("--json", "as_json", is_flag=True, help='Print {"secret": "..."}.')
def secret(*, as_json: bool) -> None:
    """Make a key for the house: 256 random bits.

    Keep it where secrets are kept and hand it to the house as `secret`. To rotate, put the new key before the old
    one, Guardhouse(secret=[new, old]): the first signs, all verify.
    """
    key = generate_secret()
    if as_json:
        write_json({"secret": key})
    else:
        click.echo(key)
