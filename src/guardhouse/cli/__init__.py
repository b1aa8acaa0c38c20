"""The command line: `guardhouse`, also `python -m guardhouse`. What draws it is an extra, and is said where it is missing."""

from __future__ import annotations

import sys

__all__ = ["main"]

_USAGE = 2
_DRAWN_BY = ("click", "rich")


def main() -> None:
    """Run the command line."""
    try:
        from guardhouse.cli.program import program  # noqa: PLC0415 - only here click is needed

        program(prog_name="guardhouse")  # imports rich with the command that is called
    except ModuleNotFoundError as missing:
        name = str(missing.name).partition(".")[0]
        if name not in _DRAWN_BY:
            raise
        print(f"guardhouse: the command line needs {name}: pip install 'guardhouse[cli]'", file=sys.stderr)
        sys.exit(_USAGE)
