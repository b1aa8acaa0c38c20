"""Read the date of a cookie as browsers do: RFC 6265bis 5.1.1, which takes nearly every way of writing one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from re import compile as pattern

_TOKENS = pattern(r"[0-9A-Za-z:\x7f-\U0010ffff]+").findall
_TIME = pattern(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])").match
_DAY = pattern(r"([0-9]{1,2})(?![0-9])").match
_YEAR = pattern(r"([0-9]{2,4})(?![0-9])").match
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = ("time", "day", "month", "year")
_EARLIEST = 1601


def cookie_date(text: str) -> float | None:
    """Return the moment in epoch seconds; None for what is no date."""
    found = dict(_parts(_TOKENS(text)))
    if len(found) < len(_PARTS):
        return None
    year = _full(found["year"][0])
    (day,), (month,), (hour, minute, second) = found["day"], found["month"], found["time"]
    if year < _EARLIEST:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:  # the 31st of February, the 25th hour
        return None


def _parts(tokens: list[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Take each token for the first part that is still missing and that it can be (5.1.1 step 2)."""
    missing = list(_PARTS)
    for token in tokens:
        for part in missing:
            numbers = _read(part, token)
            if numbers is not None:
                missing.remove(part)
                yield part, numbers
                break


def _read(part: str, token: str) -> tuple[int, ...] | None:
    if part == "month":
        word = token[:3].lower()
        return (_MONTHS.index(word) + 1,) if word in _MONTHS else None
    match = {"time": _TIME, "day": _DAY, "year": _YEAR}[part](token)
    return tuple(int(number) for number in match.groups()) if match else None


def _full(year: int) -> int:
    """Write out two digits: 70 to 99 are of the last century (5.1.1 steps 3 and 4)."""
    if 70 <= year <= 99:  # noqa: PLR2004 - the RFC's own numbers
        return year + 1900
    return year + 2000 if 0 <= year <= 69 else year  # noqa: PLR2004 - as above
