"""The optional powers of users in a table: one atomic statement each, so that of two who try the same one wins."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, exc, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value

from guardhouse.errors import ConfigError
from guardhouse.users.fields import filled_in, login_of
from guardhouse.users.marks import Mark
from guardhouse.users.sql_rows import Rows, outages, unspellable
from guardhouse.users.sql_table import Described

__all__ = ["DisablesSQL", "HasAddressSQL", "RegistersSQL", "Written", "powers"]

U = TypeVar("U")
T = TypeVar("T")


class Written(Generic[U]):
    """What reading and writing have in common: the model as it was read, and rows to ask."""

    _table: Described[U]
    _rows: Rows
    _all: Select[Any]
    _clock: Callable[[], float] = staticmethod(time.time)
    fold: Callable[[str], str]

    def _column(self, name: str) -> Any:  # noqa: ANN401 - an attribute of the application's model
        return getattr(self._table.model, name)

    async def _read(self, statement: Select[T], values: Mapping[str, object]) -> Sequence[T]:
        """Return the rows of a question; no row has letters that its column cannot have."""
        with outages(self._table.model):
            try:
                return await self._rows.read(statement, values)
            except exc.DBAPIError as trouble:
                if not unspellable(trouble):
                    raise
                return ()

    async def _write(
        self, user: U, values: Mapping[str, object], *where: ColumnElement[bool], may_clash: bool = False
    ) -> bool:
        """Change one row where the conditions still hold; the user at hand follows.

        `may_clash` where another row may have the value that one column keeps unique: then nothing is written either.
        """
        key = self._table.key
        row = self._column(key) == getattr(user, key)
        change = update(self._table.model).where(row, *where).values(dict(values))
        with outages(self._table.model):
            try:
                changed = await self._rows.change(change)
            except exc.IntegrityError:
                if not may_clash:
                    raise
                return False
            except exc.DBAPIError as trouble:
                if not unspellable(trouble):
                    raise
                return False
        if changed:
            for name, value in values.items():
                set_committed_value(user, name, value)
        return changed


class RegistersSQL(Written[U]):
    """Take in somebody new: for a login that the database keeps unique."""

    async def register(self, login: str, password_hash: str | None, more: Mapping[str, str]) -> U | None:
        """Insert a row; None, and nothing written, where the login is taken. Raise `ValueError` with a text for people."""
        table = self._table
        longest = {name: getattr(column.type, "length", None) for name, column in table.columns.items()}
        folded = login_of(login, self.fold, longest[table.login])
        required = [name for name in table.registers if table.required(name)]
        filled = filled_in(more, table.registers, required, longest)
        if password_hash is None and table.required(table.password):
            fix = "Make the column nullable, or let nobody register without a password."
            raise ConfigError("password", f"{table.password}, which must have a value", fix)
        row = self._made(filled | {table.login: folded, table.password: password_hash})
        with outages(table.model):
            try:
                key = await self._rows.add(row, table.key)
            except exc.IntegrityError:
                if await self._is_taken(table.login, folded):
                    return None
                await self._say_taken(filled)
                raise
            except exc.DBAPIError as trouble:
                if not unspellable(trouble):
                    raise
                raise ValueError("There are letters in this that cannot be kept here.") from trouble
            found = await self._rows.read(self._all.where(self._column(table.key) == key), {})
        return found[0] if found else None

    def _made(self, values: Mapping[str, object]) -> U:
        try:
            return self._table.model(**values)
        except TypeError as error:
            fix = f"A new user is made as {self._table.model.__name__}({', '.join(values)}): let it take these by name."
            raise ConfigError(f"the model {self._table.model.__name__}", str(error), fix) from error

    async def _say_taken(self, filled: Mapping[str, object]) -> None:
        for name, value in filled.items():
            if self._table.unique(name) and await self._is_taken(name, value):
                raise ValueError(f"This {name} is taken.")

    async def _is_taken(self, name: str, value: object) -> bool:
        asked = select(self._column(self._table.key)).where(self._column(name) == value).limit(1)
        return bool(await self._rows.read(asked, {}))


class HasAddressSQL(Written[U]):
    """Know where a user's mail goes, and whether he has shown that he reads it."""

    def address_of(self, user: U) -> str | None:
        """Return the stored address."""
        return getattr(user, self._address) or None

    def verified(self, user: U) -> bool:
        """Whether the user has shown that he reads mail at that address."""
        return self._verified.says(user)

    async def verify(self, user: U, address: str) -> bool:
        """Note that he has; True for the one caller who did."""
        same = self._column(self._address) == address
        return await self._write(
            user, self._now(), same, self._verified.unsaid(self._column(self._verified.name))
        )

    async def set_address(self, user: U, address: str, *, before: str | None) -> bool:
        """Put a verified address in the place of `before`; False where another stands there, or it is taken."""
        stored = self.fold(address) if self._address == self._table.login else address.strip()
        longest = getattr(self._table.columns[self._address].type, "length", None)
        if longest is not None and len(stored) > longest:
            return False
        values = {self._address: stored, **self._now()}
        column = self._column(self._address)
        same = or_(column.is_(None), column == "") if before is None else column == before
        return await self._write(user, values, same, may_clash=True)

    def _now(self) -> dict[str, object]:
        return {self._verified.name: self._verified.value(self._clock(), yes=True)}

    @property
    def _address(self) -> str:
        return _there(self._table.address)

    @property
    def _verified(self) -> Mark:
        return _there(self._table.verified)


class DisablesSQL(Written[U]):
    """Keep a user out who is still there."""

    def disabled(self, user: U) -> bool:
        """Whether this user may not log in now."""
        return self._disabled.says(user)

    async def disable(self, user: U) -> bool:
        """Keep him out from the next request on; False where he is gone."""
        return await self._write(user, self._marked(yes=True))

    async def enable(self, user: U) -> bool:
        """Let him in again; False where he is gone."""
        return await self._write(user, self._marked(yes=False))

    def _marked(self, *, yes: bool) -> dict[str, object]:
        return {self._disabled.name: self._disabled.value(self._clock(), yes=yes)}

    @property
    def _disabled(self) -> Mark:
        return _there(self._table.disabled)


def powers(described: Described[Any]) -> tuple[type, ...]:
    """Return the powers that the columns are enough for."""
    able = {"Registers": RegistersSQL, "HasAddress": HasAddressSQL, "Disables": DisablesSQL}
    return tuple(power for name, power in able.items() if name not in described.lacks)


def _there(found: T | None) -> T:
    """Return what a power stands on; it is only given where that is there, or taken by a subclass by hand."""
    if found is None:
        raise ConfigError("users", None, "The model has no column for this: `users.lacks` says which.")
    return found
