"""How a column says yes: by a moment, or by a flag; and how the same is written into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Numeric,
    TypeDecorator,
    false,
    null,
    or_,
)

from guardhouse.errors import ConfigError

__all__ = ["Mark", "mark_of", "marks"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One column that says yes or no of a user; `when` is the value by which it says yes.

    A moment says yes by being there, a flag by being true. `inverse` turns that around: `is_active` says no of a
    user who is disabled, and a NULL there lets nobody in.
    """

    name: str
    column: Column[Any]
    inverse: bool = False

    def says(self, user: object) -> bool:
        """Read the answer from a user at hand."""
        return bool(getattr(user, self.name)) is not self.inverse

    def value(self, now: float, *, yes: bool) -> object:
        """Return what to write for yes, at this moment, or for no."""
        there = yes is not self.inverse
        if isinstance(_kind(self.column), Boolean):
            return there
        if self.inverse and isinstance(_kind(self.column), Integer | Numeric):
            return int(there)  # `is_active` as 1 and 0
        return _moment(self.column, now) if there else None

    def unsaid(self, column: Any) -> ColumnElement[bool]:  # noqa: ANN401 - an attribute of the application's model
        """Return the condition under which a row does not say yes."""
        if self.inverse:
            unsaid = column.is_not(null())
        elif isinstance(_kind(self.column), Boolean):
            unsaid = or_(column.is_(false()), column.is_(null()))
        elif isinstance(_kind(self.column), Integer | Numeric):
            unsaid = or_(column == 0, column.is_(null()))
        else:
            unsaid = column.is_(null())
        return cast("ColumnElement[bool]", unsaid)


def marks(column: Column[Any]) -> bool:
    """Whether a column of this type can say yes or no."""
    return isinstance(_kind(column), Boolean | DateTime | Integer | Numeric)


def mark_of(setting: str, name: str, column: Column[Any], *, inverse: bool = False) -> Mark:
    """Read a column as a mark. Raise `ConfigError` for one of another type."""
    if not marks(column):
        fix = "Name a column of true and false, of moments (DateTime), or of epoch seconds."
        raise ConfigError(setting, f"{name}, which is {column.type}", fix)
    return Mark(name, column, inverse)


def _kind(column: Column[Any]) -> object:
    return column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type


def _moment(column: Column[Any], now: float) -> object:
    """Write the moment as the column holds it: PostgreSQL's drivers refuse a zone where none is kept, and its lack where one is."""
    kind = _kind(column)
    if isinstance(kind, DateTime):
        moment = datetime.fromtimestamp(now, UTC)
        # What decorates a DateTime does so for the zone's sake, and takes moments that have one.
        aware = kind.timezone or isinstance(column.type, TypeDecorator)
        return moment if aware else moment.replace(tzinfo=None)
    return int(now) if isinstance(kind, Integer) else now
