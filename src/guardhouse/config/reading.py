"""Reading a configuration by type: a wrong key or a wrong value is an error that names it in full, never its secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, TypeGuard, cast

from guardhouse.errors import ConfigError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_PIECE = re.compile(r"([0-9]+)([smhdw])")

LONGEST = timedelta(days=3650)
"""Ten years: more is a slip of the unit, and far enough below where arithmetic with moments would overflow."""

_CALLED_ELSEWHERE = {
    "app_key": "secret",
    "key": "secret",
    "lifetime": "idle",
    "middlewareGroups": "middleware",
}
"""What the system of the thread calls a thing that has another name here."""


def nearest_of(name: str, known: Iterable[str]) -> str | None:
    """Find the valid name that was probably meant."""
    names = list(known)
    if _CALLED_ELSEWHERE.get(name) in names:
        return _CALLED_ELSEWHERE[name]
    by_letters = {candidate.casefold(): candidate for candidate in names}
    found = get_close_matches(name.casefold(), by_letters, n=1)
    return by_letters[found[0]] if found else None


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the configuration, and the dotted key under which it stands."""

    key: str
    values: Mapping[str, object]

    def at(self, name: str) -> str:
        """Write the full key of an entry."""
        return f"{self.key}.{name}" if self.key else name

    def only(self, *known: str) -> Section:
        """Refuse every key but these."""
        for name in self.values:
            if name not in known:
                fix = f"The keys {f'of {self.key} ' if self.key else ''}are: {', '.join(known)}."
                raise ConfigError(self.at(name), name, fix, nearest=nearest_of(name, known))
        return self

    def section(self, name: str) -> Section:
        """Read a table; one that is not there is an empty one."""
        found = self.values.get(name, {})
        if not is_table(found):
            raise self.wrong_type(name, "Write a table of keys and values.")
        return Section(self.at(name), found)

    def sections(self) -> dict[str, Section]:
        """Read a table of tables."""
        return {name: self.section(name) for name in self.values}

    def text(self, name: str) -> str | None:
        """Read a text that is not empty."""
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise self.wrong_type(name, "Write a text, in quotes, that is not empty.")
        return found

    def texts(self, name: str, fix: str = "Write a list of texts.") -> tuple[str, ...] | None:
        """Read a list of texts."""
        found = self.values.get(name)
        if found is None:
            return None
        if not are_texts(found):
            raise self.wrong_type(name, fix)
        return tuple(found)

    def choice(self, name: str, options: Sequence[str]) -> str | None:
        """Read one of several words, whatever their letter case."""
        found = self.text(name)
        if found is None:
            return None
        by_letters = {option.casefold(): option for option in options}
        if found.casefold() not in by_letters:
            fix = f"It is one of: {', '.join(options)}."
            raise ConfigError(self.at(name), found, fix, nearest=nearest_of(found, options))
        return by_letters[found.casefold()]

    def flag(self, name: str) -> bool | None:
        """Read true or false."""
        found = self.values.get(name)
        if found is not None and not isinstance(found, bool):
            raise self.wrong_type(name, "Write true or false, without quotes.")
        return found

    def count(self, name: str) -> int | None:
        """Read a whole number above nought."""
        found = self.values.get(name)
        if found is None:
            return None
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            raise self.wrong_type(name, "Write a whole number above 0, without quotes.")
        return found

    def duration(self, name: str) -> timedelta | None:
        """Read a length of time: seconds, or a text such as 30m, 2h, 1h30m, 14d."""
        found = self.values.get(name)
        if found is None or isinstance(found, timedelta):
            return found
        seconds = _seconds(found)
        if seconds is None or not 0 < seconds <= LONGEST.total_seconds():
            fix = "Write seconds as a number, or '45s', '30m', '2h', '1h30m', '14d', '2w'; ten years at most."
            raise ConfigError(self.at(name), shown(found), fix)
        return timedelta(seconds=seconds)

    def wrong_type(self, name: str, fix: str) -> ConfigError:
        """Word the error for a value of a wrong type; the value itself may be a secret and is not shown."""
        found = self.values[name]
        return ConfigError(self.at(name), "an empty text" if found == "" else type(found).__name__, fix)


def is_table(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is a table with names as keys."""
    return isinstance(value, Mapping) and all(
        isinstance(name, str) for name in cast("Mapping[object, object]", value)
    )


def are_texts(value: object) -> TypeGuard[Sequence[str]]:
    """Whether a value is a list of texts, none of them empty."""
    if not isinstance(value, list | tuple):
        return False
    return all(isinstance(item, str) and item.strip() for item in cast("Sequence[object]", value))


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the configuration does not say, so that the defaults hold."""
    return {name: value for name, value in values.items() if value is not None}


def shown(value: object) -> object:
    """Show a short text or number as it stands, anything else by its type."""
    return value if isinstance(value, str | int | float) else type(value).__name__


def _seconds(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return sum(int(number) * _SECONDS[unit] for number, unit in _PIECE.findall(value))
    return None
