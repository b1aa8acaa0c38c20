"""The names under which steps are written as text, as in `can:update,post`, read into the steps they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guardhouse.core.area import Stacked
from guardhouse.steps.can import read_can
from guardhouse.steps.throttle import read_throttle

_READERS: Mapping[str, Callable[[str], Stacked]] = {"can": read_can, "throttle": read_throttle}
"""What reads the parameters of each."""

ALIASES: tuple[str, ...] = tuple(_READERS)
"""What is understood, without parameters."""


def read_alias(text: str) -> Stacked | None:
    """Read one alias; None where it is none."""
    name, _, parameters = text.partition(":")
    reader = _READERS.get(name)
    return None if reader is None else reader(parameters)
