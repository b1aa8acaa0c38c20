"""Which of the languages that are there a person reads best, by what his browser says (RFC 9110 12.5.4, RFC 4647 3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from re import compile as pattern

__all__ = ["best_language"]

LONGEST_READ = 512
"""How much of the header is looked at: what a stranger sends costs no more than that."""

_RANGE = pattern(
    r"\s*(\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def best_language(accepted: str, offered: Sequence[str]) -> str:
    """Choose one of `offered`, of which the first is the default; `accepted` is an Accept-Language header or a tag.

    What cannot be read is passed over. A longer tag falls back to a shorter one, and a shorter one takes a longer one.
    """
    refused: set[str] = set()
    wanted: list[tuple[float, str]] = []
    for part in accepted[:LONGEST_READ].split(","):
        read = _RANGE.fullmatch(part)
        if read is None:
            continue
        weight = float(read[2] or 1)
        if weight:
            wanted.append((weight, read[1].lower()))
        else:
            refused.add(read[1].lower())
    left = [tag for tag in offered if tag.lower() not in refused] or offered
    for _, tag in sorted(wanted, key=lambda one: -one[0]):  # of equal weight the first in the header
        found = left[0] if tag == "*" else _found(tag, left)
        if found is not None:
            return found
    return left[0]


def direction(language: str) -> str:
    """Say where lines of that language begin, for the attribute `dir`."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def _found(tag: str, offered: Sequence[str]) -> str | None:
    known = {one.lower(): one for one in offered}
    shorter = tag
    while shorter:
        if shorter in known:
            return known[shorter]
        shorter = shorter.rpartition("-")[0]
    return next((one for lowered, one in known.items() if lowered.startswith(f"{tag}-")), None)
