"""What somebody new fills in becomes values of the columns that the application listed; what cannot is told to people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from guardhouse.users.credentials import askable
from guardhouse.users.values import Reader

__all__ = ["filled_in", "login_of"]

LONGEST_NAME = 40
"""So much of a stranger's word is repeated to him."""


def login_of(typed: str, fold: Callable[[str], str], longest: int | None = None) -> str:
    """Fold the login of somebody new. Raise `ValueError` for what no column holds."""
    if not askable(typed):
        raise ValueError("This cannot be a login: leave out line breaks and other control characters.")
    login = fold(typed)
    if longest is not None and len(login) > longest:
        raise ValueError(f"The login may have {longest} characters at most.")
    return login


def filled_in(
    more: Mapping[str, str],
    readers: Mapping[str, Reader],
    required: Collection[str] = (),
    longest: Mapping[str, int | None] | None = None,
) -> dict[str, object]:
    """Read each field by the type of its column. Raise `ValueError` with a text for people where one cannot be taken."""
    undeclared = [name for name in more if name not in readers]
    if undeclared:
        raise ValueError(f"There is no field {undeclared[0][:LONGEST_NAME]!r} to fill in here.")
    missing = [name for name in required if not str(more.get(name, "")).strip()]
    if missing:
        raise ValueError(f"Please fill in {missing[0]}.")
    return {name: _read(name, text, readers[name], (longest or {}).get(name)) for name, text in more.items()}


def _read(name: str, text: str, reader: Reader, longest: int | None) -> object:
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a form is a stranger's
        raise ValueError(f"This cannot be taken as {name}.")  # noqa: TRY004 - told to people, as all the others
    text = text.strip()
    if not text:
        return None
    value = reader(text)
    if value is None:
        raise ValueError(f"This cannot be taken as {name}.")
    if longest is not None and len(text) > longest:
        raise ValueError(f"{name} may have {longest} characters at most.")
    return value
