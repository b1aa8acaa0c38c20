"""The names under which steps are written as text, as in `can:update,post`, read into the steps they mean."""

from __future__ import annotations

from guardhouse.core.area import Stacked

ALIASES: tuple[str, ...] = ()
"""What is understood, without parameters."""


def read_alias(text: str) -> Stacked | None:  # noqa: ARG001 - the aliases come with their steps
    """Read one alias; None where it is none."""
    return None
