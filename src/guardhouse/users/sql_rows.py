"""One statement in a session of its own, on asynchronous sessions and on plain ones in a thread; an outage is told as one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar, cast

from anyio import to_thread
from sqlalchemy import Executable, Select, Update, exc
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from guardhouse.errors import ConfigError, UsersUnavailableError

__all__ = ["Rows", "outages", "rows_of", "unspellable"]

U = TypeVar("U")

# OSError is what asyncpg lets through when nobody listens; other SQLAlchemyErrors are mistakes in a program.
OUTAGES = (exc.DBAPIError, exc.TimeoutError, exc.DisconnectionError, OSError)
NO_SYNCHRONISATION = {"synchronize_session": False}


@contextmanager
def outages(model: type[object]) -> Generator[None]:
    """Report a database that is away, without the statement: its parameters are addresses and hashes."""
    try:
        yield
    except OUTAGES as trouble:
        cause = getattr(trouble, "orig", None) or trouble
        raise UsersUnavailableError(model.__name__, type(cause).__name__) from cause


def unspellable(trouble: exc.DBAPIError) -> bool:
    """Whether the column has no such letters, as one in latin1 has no emoji: then no row has them, and no outage is it."""
    arguments: tuple[object, ...] = getattr(trouble.orig, "args", ())
    known = any(number in NO_SUCH_LETTERS for number in arguments[:1])
    return known or getattr(trouble.orig, "sqlstate", None) == UNTRANSLATABLE_CHARACTER


NO_SUCH_LETTERS = (1267, 1366, 3854, 3988)
"""MariaDB and MySQL: illegal mix of collations, incorrect string value; MySQL alone: no conversion to that character set."""
UNTRANSLATABLE_CHARACTER = "22P05"
"""PostgreSQL, in a database that is not in UTF-8."""


class Rows(Protocol):
    """Run one statement in a session of its own."""

    async def read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]:
        """Return the rows of a question."""
        ...

    async def change(self, statement: Update) -> bool:
        """Run a change; whether there was a row for it."""
        ...

    async def add(self, row: object, key: str) -> object:
        """Insert a row; return its key."""
        ...


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

    async def add(self, row: object, key: str) -> object:
        async with self._sessions() as session:
            session.add(row)
            await session.flush()
            value = getattr(row, key)  # which the commit would make unknown again
            await session.commit()
            return value


class _ThreadRows:
    def __init__(self, sessions: Callable[[], Session]) -> None:
        self._sessions = sessions

    async def read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]:
        return await to_thread.run_sync(self._read, statement, values)

    async def change(self, statement: Update) -> bool:
        return await to_thread.run_sync(self._change, statement)

    async def add(self, row: object, key: str) -> object:
        return await to_thread.run_sync(self._add, row, key)

    def _read(self, statement: Select[U], values: Mapping[str, object]) -> Sequence[U]:
        with self._sessions() as session:
            return session.scalars(statement, values).unique().all()

    def _change(self, statement: Executable) -> bool:
        with self._sessions() as session:
            result = session.execute(statement, execution_options=NO_SYNCHRONISATION)
            session.commit()
            return _touched(result)

    def _add(self, row: object, key: str) -> object:
        with self._sessions() as session:
            session.add(row)
            session.flush()
            value = getattr(row, key)  # as above
            session.commit()
            return value


def _touched(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount > 0


def rows_of(sessions: object) -> Rows:
    """Choose how to run statements on what these sessions are."""
    if isinstance(sessions, async_sessionmaker):
        return _AsyncRows(cast("Callable[[], AsyncSession]", sessions))
    if isinstance(sessions, sessionmaker):
        # sessionmaker(engine, class_=AsyncSession) is how one was made before there was async_sessionmaker.
        if issubclass(cast("sessionmaker[Session]", sessions).class_, AsyncSession):
            return _AsyncRows(cast("Callable[[], AsyncSession]", sessions))
        return _ThreadRows(cast("Callable[[], Session]", sessions))
    raise ConfigError("sessions", type(sessions).__name__, "Give an async_sessionmaker or a sessionmaker.")
