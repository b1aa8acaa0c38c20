"""Which columns of the application's model mean what, and which powers its users lack for want of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Column, Integer, SmallInteger, Table, UniqueConstraint, Uuid
from sqlalchemy import inspect as inspected
from sqlalchemy.orm import Mapper

from guardhouse.errors import ConfigError
from guardhouse.users.marks import Mark, mark_of, marks
from guardhouse.users.values import READERS, Reader, read_uuid_text

__all__ = ["Described", "counted", "describe", "known", "reader_of"]

U = TypeVar("U")

VERIFIED = ("email_verified_at", "is_verified")
DISABLED = ("disabled_at",)
ACTIVE = ("is_active",)
"""What these columns are called where nobody says it; the second of a pair is what fastapi-users and Django call it."""
ADDRESS = "email"


@dataclass(frozen=True, slots=True)
class Described(Generic[U]):
    """A model, and the names of its attributes by what they are for."""

    model: type[U]
    columns: Mapping[str, Column[Any]]
    key: str
    login: str
    password: str
    address: str | None
    verified: Mark | None
    disabled: Mark | None
    registers: Mapping[str, Reader]
    lacks: Mapping[str, str]
    """The powers that these users do not have, by name, each with what is missing."""

    def unique(self, name: str) -> bool:
        """Whether the database keeps two rows from sharing a value of that column."""
        return _unique(self.columns[name])

    def required(self, name: str) -> bool:
        """Whether a new row must say something in that column."""
        return _required(self.columns[name])


def describe(  # noqa: PLR0913 - one argument for each column that models name otherwise
    model: type[U],
    *,
    login: str,
    password: str,
    address: str | None = None,
    verified: str | None = None,
    disabled: str | None = None,
    active: str | None = None,
    registers: Collection[str] = (),
) -> Described[U]:
    """Read a model. Raise `ConfigError` for a column that is named and not there, or cannot be what it is named for."""
    columns = _columns(model)
    login, password = known(columns, "login", login), known(columns, "password", password)
    listed = [known(columns, "registers", name) for name in registers]
    found = Described(
        model,
        columns,
        _primary_key(model, columns),
        login,
        password,
        _address(columns, address),
        _mark(columns, "verified", verified, VERIFIED),
        _disabled(columns, disabled, active),
        {name: _filler_of(name, columns[name]) for name in listed},
        {},
    )
    _refuse_own(found)
    return replace(found, lacks=_lacks(found))


def _lacks(found: Described[Any]) -> dict[str, str]:
    missing = {
        "Registers": _no_register(found),
        "HasAddress": _no_address(found),
        "Disables": _no_disabling(found),
    }
    return {power: text for power, text in missing.items() if text}


def _no_register(found: Described[Any]) -> str:
    if not found.unique(found.login):
        return _not_unique(found)
    required = [
        name
        for name, column in found.columns.items()
        if name not in {found.login, found.password, *found.registers} and _required(column)
    ]
    if required:
        names = ", ".join(required)
        return f"the column {names} must have a value, and nobody says which: a default, or registers=({required[0]!r},)"
    return ""


def _no_address(found: Described[Any]) -> str:
    if found.address is None:
        return f"a column {ADDRESS!r}, or the name of another: address='...'"
    if found.verified is None:
        return f"a column {' or '.join(map(repr, VERIFIED))}, or the name of another: verified='...'"
    if found.address == found.login and not found.unique(found.login):
        return _not_unique(found)
    return ""


def _no_disabling(found: Described[Any]) -> str:
    if found.disabled is None:
        return f"a column {DISABLED[0]!r} or {ACTIVE[0]!r}, or the name of another: disabled='...' or active='...'"
    return ""


def _not_unique(found: Described[Any]) -> str:
    return f"a unique index on {found.login!r} in the model (unique=True), or two could take one login at the same time"


def _required(column: Column[Any]) -> bool:
    """Whether an INSERT that does not name the column fails."""
    if column.nullable or column.default is not None or column.server_default is not None:
        return False
    counted = column is column.table.autoincrement_column
    return not counted and column.computed is None and column.identity is None


def _unique(column: Column[Any]) -> bool:
    return bool(column.unique) or any(names == {column.name} for names in _kept_apart(column.table))


def _kept_apart(table: Table) -> Iterator[set[str]]:
    """Read of which columns no two rows have the same; an index on lower(email) is one on email, for what we store is folded."""
    yield {column.name for column in table.primary_key}
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield {column.name for column in constraint.columns}
    for index in table.indexes:
        if index.unique:
            yield {column.name for column in index.columns}


def _refuse_own(found: Described[Any]) -> None:
    """Let nobody's form write what the house keeps."""
    marks = [mark.name for mark in (found.verified, found.disabled) if mark is not None]
    for name in found.registers:
        if name in {found.key, found.login, found.password, *marks}:
            fix = "Key, login, password and what is verified or disabled are written by the house, not by a form."
            raise ConfigError("registers", name, fix)


def _address(columns: Mapping[str, Column[Any]], given: str | None) -> str | None:
    if given is not None:
        return known(columns, "address", given)
    return ADDRESS if ADDRESS in columns else None


def _mark(
    columns: Mapping[str, Column[Any]],
    setting: str,
    given: str | None,
    usual: Collection[str],
    *,
    inverse: bool = False,
) -> Mark | None:
    if given is not None:
        return mark_of(setting, known(columns, setting, given), columns[given], inverse=inverse)
    name = next((name for name in usual if name in columns and marks(columns[name])), None)
    return None if name is None else mark_of(setting, name, columns[name], inverse=inverse)


def _disabled(columns: Mapping[str, Column[Any]], disabled: str | None, active: str | None) -> Mark | None:
    if disabled is not None and active is not None:
        raise ConfigError("active", active, f"disabled={disabled!r} says it already; name one of the two.")
    if active is not None:
        return _mark(columns, "active", active, (), inverse=True)
    found = _mark(columns, "disabled", disabled, DISABLED)
    return found or _mark(columns, "active", None, ACTIVE, inverse=True)


def _columns(model: type[object]) -> Mapping[str, Column[Any]]:
    mapper = inspected(model, raiseerr=False)
    if not isinstance(mapper, Mapper):
        raise ConfigError("model", repr(model), "Give a class that SQLAlchemy maps to a table.")
    return dict(mapper.columns.items())


def known(columns: Mapping[str, Column[Any]], setting: str, name: str) -> str:
    """Return the name of a column. Raise `ConfigError` where the model has none of that name."""
    if name in columns:
        return name
    nearest = next(iter(get_close_matches(name, columns, 1, 0.5)), None)
    raise ConfigError(setting, name, f"The model has the columns {', '.join(columns)}.", nearest=nearest)


def _primary_key(model: type[object], columns: Mapping[str, Column[Any]]) -> str:
    keys = [name for name, column in columns.items() if column.primary_key]
    if len(keys) != 1:
        fix = "A login keeps one id: give the model one column for it."
        raise ConfigError(f"the primary key of {model.__name__}", ", ".join(keys), fix)
    return keys[0]


def reader_of(name: str, column: Column[Any]) -> Reader:
    """Choose how text becomes a value of this column."""
    if isinstance(column.type, Uuid) and not column.type.as_uuid:
        return read_uuid_text
    try:
        return READERS[column.type.python_type]
    except (KeyError, NotImplementedError):
        fix = "Its values cannot be read from text; for the primary key, say how by `read_id`."
        raise ConfigError(name, str(column.type), fix) from None


def counted(column: Column[Any]) -> bool:
    """Whether the column holds integers, of whatever size."""
    return isinstance(column.type, Integer)


def _filler_of(name: str, column: Column[Any]) -> Reader:
    """Choose how text becomes a value to write: an integer no larger than the column has bits for, or the database raises."""
    read = reader_of(name, column)
    if not counted(column) or isinstance(column.type, BigInteger):
        return read
    bits = 15 if isinstance(column.type, SmallInteger) else 31

    def fits(text: str) -> object | None:
        value = read(text)
        return value if isinstance(value, int) and -(2**bits) <= value < 2**bits else None

    return fits
