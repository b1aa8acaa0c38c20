"""Users in the application's own SQLAlchemy model; the only file here that knows a database.

Users come back detached: what a handler reads of them later, beyond their columns, is loaded by `options`
(`options=[selectinload(User.roles)]`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Generic, Protocol, TypeVar, cast

from anyio import to_thread
from sqlalchemy import Column, Select, Update, Uuid, bindparam, exc, select, update
from sqlalchemy import inspect as inspected
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Mapper, Session, sessionmaker
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import ExecutableOption

from guardhouse.errors import ConfigError, UsersUnavailableError
from guardhouse.users.credentials import fold_login, wanted
from guardhouse.users.values import READERS, Reader, read_uuid_text

__all__ = ["SQLUsers"]

U = TypeVar("U")

log = logging.getLogger("guardhouse.users")

# OSError is what asyncpg lets through when nobody listens; other SQLAlchemyErrors are mistakes in a program.
OUTAGES = (exc.DBAPIError, exc.TimeoutError, exc.DisconnectionError, OSError)
NO_SYNCHRONISATION = {"synchronize_session": False}


class SQLUsers(Generic[U]):
    """Find the rows of `model` by primary key and by the column `login`.

    The login column must hold what `fold` makes of an address: store `users.fold(address)`, under a unique
    index. The lookup is exact, so that the index serves it and no two addresses are one to the database and
    two to you. Where the column compares without letter case by itself (citext, NOCASE), or your logins are
    told apart by it, give `fold=str.strip`. `narrow_by` names the columns that credentials may ask for too.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing that models differ in
        self,
        model: type[U],
        sessions: async_sessionmaker[Any] | sessionmaker[Any],
        *,
        login: str = "email",
        password: str = "password_hash",  # noqa: S107 - the name of a column
        narrow_by: Collection[str] = (),
        fold: Callable[[str], str] = fold_login,
        read_id: Reader | None = None,
        options: Sequence[ExecutableOption] = (),
    ) -> None:
        columns = _columns(model)
        self.fold = fold
        self._model = model
        self._login, self._password = (_known(columns, "login", login), _known(columns, "password", password))
        self._key_name, key = _primary_key(model, columns)
        self._key = getattr(model, self._key_name)
        self._read_id = read_id or _reader("id", key)
        known = [_known(columns, "narrow_by", name) for name in narrow_by]
        self._narrow_by = {name: _reader(name, columns[name]) for name in known}
        self._rows = _rows(sessions)
        self._all = select(model).options(*options)
        self._one = self._all.where(self._key == bindparam("user_id"))

    async def by_id(self, user_id: str) -> U | None:
        """Find the user of a login; an id that the column cannot hold is nobody's, and asks nothing."""
        key = self._read_id(user_id)
        if key is None:
            return None
        with self._outages():
            found = await self._rows.read(self._one, {"user_id": key})
        return found[0] if found else None

    async def by_credentials(self, credentials: Mapping[str, str]) -> U | None:
        """Find the user whom these credentials name; a name that two users share is nobody's."""
        statement = self._question(credentials)
        if statement is None:
            return None
        with self._outages():
            found = await self._rows.read(statement, {})
        if len(found) > 1:
            log.warning("two rows of %s share one %s: nobody is logged in", self._model.__name__, self._login)
        return found[0] if len(found) == 1 else None

    async def by_token(self, field: str, value: str) -> U | None:
        """Find the only user with that value in that column. Raise `ConfigError` where the model has none of that name."""
        column = getattr(self._model, field, None)
        if column is None:
            raise ConfigError("guard field", field, f"{self._model.__name__} has no such column.")
        if not value:
            return None
        with self._outages():
            found = await self._rows.read(self._all.where(column == value).limit(2), {})
        return found[0] if len(found) == 1 else None

    def id_of(self, user: U) -> str:
        """Return the primary key as text."""
        return str(getattr(user, self._key_name))

    def password_of(self, user: U) -> str | None:
        """Return the stored password hash."""
        return getattr(user, self._password) or None

    async def rehash(self, user: U, password_hash: str) -> None:
        """Keep a fresher hash, unless the password was changed meanwhile; the user at hand follows."""
        former = self.password_of(user)
        row = (self._key == getattr(user, self._key_name), getattr(self._model, self._password) == former)
        change = update(self._model).where(*row).values({self._password: password_hash})
        with self._outages():
            changed = former is not None and await self._rows.change(change)
        if changed:
            set_committed_value(user, self._password, password_hash)

    def _question(self, credentials: Mapping[str, str]) -> Select[U] | None:
        asked = wanted(credentials, self._login, self._narrow_by)
        if asked is None:
            return None
        values: dict[str, object] = {self._login: self.fold(asked.pop(self._login))}
        values |= {name: self._narrow_by[name](text) for name, text in asked.items()}
        if None in values.values():  # no `IS NULL` is ever asked
            return None
        same = [getattr(self._model, name) == value for name, value in values.items()]
        return self._all.where(*same).limit(2)

    @contextmanager
    def _outages(self) -> Generator[None]:
        """Report a database that is away, without the statement: its parameters are addresses and hashes."""
        try:
            yield
        except OUTAGES as trouble:
            cause = getattr(trouble, "orig", None) or trouble
            raise UsersUnavailableError(self._model.__name__, type(cause).__name__) from cause


class _Rows(Protocol):
    """Run one statement in a session of its own."""

    async def read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]: ...

    async def change(self, statement: Update) -> bool: ...


class _AsyncRows:
    def __init__(self, sessions: Callable[[], AsyncSession]) -> None:
        self._sessions = sessions

    async def read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]:
        async with self._sessions() as session:
            return (await session.scalars(statement, values)).unique().all()

    async def change(self, statement: Update) -> bool:
        async with self._sessions() as session:
            result = await session.execute(statement, execution_options=NO_SYNCHRONISATION)
            await session.commit()
            return _touched(result)


class _ThreadRows:
    def __init__(self, sessions: Callable[[], Session]) -> None:
        self._sessions = sessions

    async def read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]:
        return await to_thread.run_sync(self._read, statement, values)

    async def change(self, statement: Update) -> bool:
        return await to_thread.run_sync(self._change, statement)

    def _read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]:
        with self._sessions() as session:
            return session.scalars(statement, values).unique().all()

    def _change(self, statement: Update) -> bool:
        with self._sessions() as session:
            result = session.execute(statement, execution_options=NO_SYNCHRONISATION)
            session.commit()
            return _touched(result)


def _touched(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount > 0


def _rows(sessions: object) -> _Rows:
    if isinstance(sessions, async_sessionmaker):
        return _AsyncRows(cast("Callable[[], AsyncSession]", sessions))
    if isinstance(sessions, sessionmaker):
        # sessionmaker(engine, class_=AsyncSession) is how one was made before there was async_sessionmaker.
        if issubclass(cast("sessionmaker[Session]", sessions).class_, AsyncSession):
            return _AsyncRows(cast("Callable[[], AsyncSession]", sessions))
        return _ThreadRows(cast("Callable[[], Session]", sessions))
    raise ConfigError("sessions", type(sessions).__name__, "Give an async_sessionmaker or a sessionmaker.")


def _columns(model: type[object]) -> Mapping[str, Column[Any]]:
    mapper = inspected(model, raiseerr=False)
    if not isinstance(mapper, Mapper):
        raise ConfigError("model", repr(model), "Give a class that SQLAlchemy maps to a table.")
    return dict(mapper.columns.items())


def _known(columns: Mapping[str, Column[Any]], setting: str, name: str) -> str:
    if name in columns:
        return name
    nearest = next(iter(get_close_matches(name, columns, 1, 0.5)), None)
    raise ConfigError(setting, name, f"The model has the columns {', '.join(columns)}.", nearest=nearest)


def _primary_key(model: type[object], columns: Mapping[str, Column[Any]]) -> tuple[str, Column[Any]]:
    keys = [(name, column) for name, column in columns.items() if column.primary_key]
    if len(keys) != 1:
        found = ", ".join(name for name, _ in keys)
        fix = "A login keeps one id: give the model one column for it."
        raise ConfigError(f"the primary key of {model.__name__}", found, fix)
    return keys[0]


def _reader(name: str, column: Column[Any]) -> Reader:
    """Choose how text becomes a value of this column."""
    if isinstance(column.type, Uuid) and not column.type.as_uuid:
        return read_uuid_text
    try:
        return READERS[column.type.python_type]
    except (KeyError, NotImplementedError):
        fix = "Its values cannot be read from text; for the primary key, say how by `read_id`."
        raise ConfigError(name, str(column.type), fix) from None
