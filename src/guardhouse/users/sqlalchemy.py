"""Users in the application's own SQLAlchemy model: found, and written as far as its columns allow.

Users come back detached: what a handler reads of them later, beyond their columns, is loaded by `options`
(`options=[selectinload(User.roles)]`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Self, TypeVar, cast

from sqlalchemy import BigInteger, ColumnElement, bindparam, literal, select
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import sessionmaker
from sqlalchemy.sql.base import ExecutableOption

from guardhouse.errors import ConfigError
from guardhouse.users.credentials import fold_login, wanted
from guardhouse.users.sql_powers import Written, powers
from guardhouse.users.sql_rows import rows_of
from guardhouse.users.sql_table import counted, describe, known, reader_of
from guardhouse.users.values import Reader, one_text

__all__ = ["SQLUsers"]

U = TypeVar("U")

log = logging.getLogger("guardhouse.users")

COLUMNS = {"login": "email", "password": "password_hash"}  # names of columns
MEANT = ("login", "password", "address", "verified", "disabled", "active", "registers")
"""The settings that say which column is meant by what."""


class SQLUsers(Written[U]):
    """Find the rows of `model` by primary key and by the column `login`.

    The login column must hold what `fold` makes of an address: store `users.fold(address)`, under a unique
    index. The lookup is exact, so that the index serves it and no two addresses are one to the database and
    two to you: where the database takes `é` for `e`, as MariaDB does by itself, the row it finds is nobody's
    here. Where the column compares without letter case by itself (citext, NOCASE), or your logins are told
    apart by it, give `fold=str.strip`. `narrow_by` names the columns that credentials may ask for too.

    What can be written depends on the columns: `Registers` takes a unique login and a value for every column that must
    have one, `HasAddress` an `address` and a column that says since when it is `verified`, `Disables` one that says since
    when a user is `disabled`, or whether he is `active`. Only users that have a power have its methods; `lacks` says what
    is missing for the others. `registers` lists the columns that somebody new may fill in.
    """

    def __new__(cls, model: type[U], *_: object, **settings: Any) -> Self:  # noqa: ANN401 - those of __init__
        """Make users of a class that has the methods which these columns are enough for: `isinstance` tells the truth."""
        meant: dict[str, Any] = COLUMNS | {name: settings[name] for name in MEANT if name in settings}
        bases = (cls, *powers(describe(model, **meant)))
        able = type(cls.__name__, bases, {"__module__": cls.__module__, "__doc__": cls.__doc__})
        return cast("Self", object.__new__(able))

    def __init__(  # noqa: PLR0913 - one keyword for each thing that models differ in  # pyright: ignore[reportInconsistentConstructor] - `__new__` reads a few of them
        self,
        model: type[U],
        sessions: async_sessionmaker[Any] | sessionmaker[Any],
        *,
        login: str = COLUMNS["login"],
        password: str = COLUMNS["password"],
        narrow_by: Collection[str] = (),
        fold: Callable[[str], str] = fold_login,
        read_id: Reader | None = None,
        options: Sequence[ExecutableOption] = (),
        address: str | None = None,
        verified: str | None = None,
        disabled: str | None = None,
        active: str | None = None,
        registers: Collection[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table = describe(
            model,
            login=login,
            password=password,
            address=address,
            verified=verified,
            disabled=disabled,
            active=active,
            registers=registers,
        )
        self.fold = fold
        self._clock = clock
        self._read_id = read_id or reader_of("id", table.columns[table.key])
        self._narrow_by = {
            name: reader_of(name, table.columns[name])
            for name in [known(table.columns, "narrow_by", name) for name in narrow_by]
        }
        self._rows = rows_of(sessions)
        self._all = select(model).options(*options)
        wide = BigInteger() if counted(table.columns[table.key]) else None  # as in `_asked`
        self._one = self._all.where(self._column(table.key) == bindparam("user_id", type_=wide))

    @property
    def login(self) -> str:
        """The name of the field that names a user in credentials."""
        return self._table.login

    @property
    def lacks(self) -> Mapping[str, str]:
        """The powers that these users do not have, by name, each with what is missing."""
        return self._table.lacks

    async def by_id(self, user_id: str) -> U | None:
        """Find the user of a login; an id that the key column cannot hold is nobody's."""
        key = self._read_id(user_id)
        if key is None:
            return None
        found = await self._read(self._one, {"user_id": key})
        return found[0] if found and one_text(getattr(found[0], self._table.key), key) else None

    async def by_credentials(self, credentials: Mapping[str, str]) -> U | None:
        """Find the user whom these credentials name; a name that two users share is nobody's."""
        values = self._values(credentials)
        if values is None:
            return None
        same = [self._column(name) == self._asked(name, value) for name, value in values.items()]
        found = await self._read(self._all.where(*same).limit(2), {})
        if len(found) > 1:
            name, login = self._table.model.__name__, self._table.login
            log.warning("two rows of %s share one %s: nobody is logged in", name, login)
        return found[0] if len(found) == 1 and self._is_meant(found[0], values) else None

    async def by_token(self, field: str, value: str) -> U | None:
        """Find the only user with that value in that column. Raise `ConfigError` where the model has none of that name."""
        column = getattr(self._table.model, field, None)
        if column is None:
            raise ConfigError("guard field", field, f"{self._table.model.__name__} has no such column.")
        if not value:
            return None
        found = await self._read(self._all.where(column == value).limit(2), {})
        return found[0] if len(found) == 1 and one_text(getattr(found[0], field), value) else None

    async def listed(self, *, after: str | None = None, limit: int = 100) -> Sequence[U]:
        """Return users in the order of their keys, from behind the one with the id `after`: for pages of administrators."""
        key = self._column(self._table.key)
        begins = None if after is None else self._read_id(after)
        if after is not None and begins is None:
            return []
        question = self._all.order_by(key).limit(limit)
        if begins is not None:
            question = question.where(key > self._asked(self._table.key, begins))
        return await self._read(question, {})

    def id_of(self, user: U) -> str:
        """Return the primary key as text."""
        return str(getattr(user, self._table.key))

    def login_of(self, user: U) -> str:
        """Return what the user types at the login."""
        return str(getattr(user, self._table.login))

    def password_of(self, user: U) -> str | None:
        """Return the stored password hash."""
        return getattr(user, self._table.password) or None

    async def rehash(self, user: U, password_hash: str) -> None:
        """Keep a fresher hash, unless the password was changed meanwhile; the user at hand follows."""
        former = self.password_of(user)
        if former is not None:
            await self.set_password(user, password_hash, before=former)

    async def set_password(self, user: U, password_hash: str, *, before: str | None) -> bool:
        """Keep the hash in the place of `before`, the empty text being none; False where another stands there by now."""
        return await self._write(user, {self._table.password: password_hash}, self._password_is(before))

    def _password_is(self, stored: str | None) -> ColumnElement[bool]:
        column = self._column(self._table.password)
        same: ColumnElement[bool] = column == stored if stored else column.is_(None) | (column == "")
        return same

    def _values(self, credentials: Mapping[str, str]) -> Mapping[str, object] | None:
        login = self._table.login
        asked = wanted(credentials, login, self._narrow_by)
        if asked is None:
            return None
        values: dict[str, object] = {login: self.fold(asked.pop(login))}
        values |= {name: self._narrow_by[name](text) for name, text in asked.items()}
        return None if None in values.values() else values  # no `IS NULL` is ever asked

    def _asked(self, name: str, value: object) -> object:
        """Ask in the widest type: drivers of PostgreSQL raise for a number that the column's own is too small for."""
        return literal(value, BigInteger()) if counted(self._table.columns[name]) else value

    def _is_meant(self, user: U, values: Mapping[str, object]) -> bool:
        """Whether the row has these values to the letter: to a database `adá` may be `ada`, who is somebody else.

        Only in its letter case a login may be kept otherwise, where the column does not tell it.
        """
        login = self._table.login
        return all(
            one_text(getattr(user, name), value, cased=name != login) for name, value in values.items()
        )
