"""Connections through SQLAlchemy: a bounded pool for each event loop, a time-out for every wait, and trouble is a StoreError.

What is one statement goes over connections that commit by themselves, which saves a round trip; what is several, over others.
"""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, Task
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from math import ceil
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, event, exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.store import Migrated
from guardhouse.stores import sqlalchemy_schema
from guardhouse.stores.server_schema import VERSIONS, Versions
from guardhouse.stores.server_url import ServerOptions, shown

TRIES = 5
"""How often work is begun again that the server gave up for the sake of others: it did nothing then."""

SAFE_ASYNCMY = (0, 2, 13)
"""The first that closes a connection on which a read was cancelled."""

_OUTAGES = (exc.DBAPIError, exc.TimeoutError, exc.DisconnectionError, OSError)
_GIVEN_UP = frozenset({"40001", "40P01", 1213})  # SQLSTATE; the number of MariaDB and MySQL
_READ_COMMITTED = frozenset({"postgresql", "mysql", "mariadb", "oracle", "mssql"})
_TOLD = (exc.OperationalError, exc.InterfaceError, exc.ProgrammingError)
"""Errors whose text says what is wrong; that of others quotes values."""

# What nobody waits for any more is not done later on.
_PREPARE = {
    "sqlite": (
        "PRAGMA foreign_keys = ON",
        "PRAGMA busy_timeout = {whole}000",
        "PRAGMA journal_mode = WAL",
    ),
    "mariadb": ("SET SESSION innodb_lock_wait_timeout = {whole}, max_statement_time = {seconds}",),
    "mysql": ("SET SESSION innodb_lock_wait_timeout = {whole}",),
}

T = TypeVar("T")


class _Held:
    """The engines of one event loop."""

    def __init__(self, single: AsyncEngine, several: AsyncEngine, watch: AsyncGenerator[None, None]) -> None:
        self.single = single
        self.several = several
        self.watch = watch
        self.lock = asyncio.Lock()
        self.watched = False
        self.ready = False


class Database:
    """What one process holds open of one database."""

    def __init__(self, url: str, options: ServerOptions) -> None:
        self.options = options
        self.where = shown(url)
        self._url = _url(url)
        self._held: dict[AbstractEventLoop, _Held] = {}
        self._left: set[Task[Any]] = set()
        self.dialect = self._new_engine(1, "AUTOCOMMIT").dialect

    # -- asking -------------------------------------------------------------------------------------------------------

    async def read(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Any]:
        """Ask; once more where the connection turns out to be lost, for reading twice harms nobody."""

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(statement, values)).all()

        try:
            return await self._lend(work, single=True)
        except (*_OUTAGES, ConfigError) as error:
            if not _lost(error):
                raise self._broken(error) from error
            return await self._said(work, single=True)

    async def write(self, statement: Executable, values: Mapping[str, object]) -> int:
        """Do one statement, which is all or nothing; return how many rows it found."""

        async def work(connection: AsyncConnection) -> int:
            return cast("CursorResult[Any]", await connection.execute(statement, values)).rowcount

        return await self._said(work, single=True)

    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do several statements in one transaction."""
        committing = False

        async def whole(connection: AsyncConnection) -> T:
            nonlocal committing
            async with connection.begin():
                done = await work(connection)
                committing = True
            return done

        return await self._said(whole, single=False, undone=lambda: not committing)

    # -- opening and closing ------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Reach the server, and hold its tables against what this guardhouse needs."""
        try:
            await self._begin()
        except _OUTAGES as error:
            raise self._broken(error) from error

    async def close(self) -> None:
        """Close the connections of this event loop; the next use opens them again."""
        held = self._held.get(asyncio.get_running_loop())
        if held is not None:
            await held.watch.aclose()

    async def migrate(self, versions: Versions = VERSIONS) -> Migrated:
        """Make or upgrade the tables."""
        engine = self._new_engine(1, self._isolation)
        try:
            with self._options_known():
                return await self._migrated(engine, versions)
        except _OUTAGES as error:
            raise self._broken(error) from error
        finally:
            await engine.dispose()

    async def _migrated(self, engine: AsyncEngine, versions: Versions) -> Migrated:
        async with engine.connect() as connection:
            migrated = await connection.run_sync(sqlalchemy_schema.migrate, self.where, versions)
            await connection.commit()
            return migrated

    @contextmanager
    def _options_known(self) -> Generator[None, None, None]:
        """Say which option of the URL is wrong: a driver is handed them as keywords, and raises for one it does not know."""
        try:
            yield
        except TypeError as error:
            raise ConfigError("store", self.where, f"Its driver says: {error}.") from error

    # -- the engines --------------------------------------------------------------------------------------------------

    async def _said(
        self,
        work: Callable[[AsyncConnection], Awaitable[T]],
        *,
        single: bool,
        undone: Callable[[], bool] = lambda: False,
    ) -> T:
        """Lend a connection; say in our words what went wrong.

        Work that ended with its connection is begun again where it is `undone` for certain.
        """
        for left in reversed(range(TRIES)):
            try:
                return await self._lend(work, single=single)
            except (*_OUTAGES, ConfigError) as error:
                again = _given_up(error) or (_lost(error) and undone())
                if not (left and again):
                    raise self._broken(error) from error
        raise StoreError("nothing was tried")  # pragma: no cover - the last try returns or raises

    async def _lend(self, work: Callable[[AsyncConnection], Awaitable[T]], *, single: bool) -> T:
        held = self._held.get(asyncio.get_running_loop())
        if held is None or not held.ready:
            held = await self._begin()
        engine = held.single if single else held.several

        async def lent() -> T:
            async with engine.connect() as connection:
                return await work(connection)

        return await self._in_time(lent())

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait so long and no longer, whatever a driver does when it is to stop: it does that in a task of its own.

        A request that is cancelled leaves it alone until then: an answer that comes costs less than a new connection.
        """
        seconds = self.options.connect_timeout + self.options.timeout
        task = asyncio.create_task(work)
        ends = asyncio.get_running_loop().call_later(seconds, task.cancel)

        def ended(_: Task[T]) -> None:
            ends.cancel()
            self._left.discard(task)
            if not task.cancelled():
                task.exception()  # where nobody waits any more, nobody minds

        self._left.add(task)
        task.add_done_callback(ended)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done() or task.cancelled():
            task.cancel()
            raise TimeoutError
        return task.result()

    async def _begin(self) -> _Held:
        loop = asyncio.get_running_loop()
        held = self._held.get(loop)
        if held is None:
            several = max(1, self.options.pool // 3)
            single = max(1, self.options.pool - several)
            engines = self._new_engine(single, "AUTOCOMMIT"), self._new_engine(several, self._isolation)
            held = self._held[loop] = _Held(*engines, self._watched(loop, *engines))
        async with held.lock:
            if not held.watched:
                held.watched = True
                await anext(held.watch)
            if not held.ready:
                await self._make_ready(held)
        return held

    async def _make_ready(self, held: _Held) -> None:
        async def checked() -> None:
            async with held.single.connect() as connection:
                await connection.run_sync(sqlalchemy_schema.check, self.where)

        if self.options.create:
            await self.migrate()
        with self._options_known():
            await self._in_time(checked())
        held.ready = True

    @property
    def _isolation(self) -> str | None:
        """What every transaction asks for where there is a choice; SQLite lets one writer in at a time."""
        return "READ COMMITTED" if self.dialect.name in _READ_COMMITTED else None

    def _new_engine(self, size: int, isolation: str | None) -> AsyncEngine:
        chosen: dict[str, Any] = {} if isolation is None else {"isolation_level": isolation}
        if isolation == "AUTOCOMMIT":
            chosen["pool_reset_on_return"] = None  # nothing is ever left to be rolled back
        if self._url.drivername == "postgresql+asyncpg":
            milliseconds = str(int(self.options.timeout * 1000))
            limits = {"statement_timeout": milliseconds, "lock_timeout": milliseconds}
            chosen["connect_args"] = {"server_settings": limits}
        try:
            engine = create_async_engine(
                self._url,
                pool_size=size,
                max_overflow=0,
                pool_timeout=self.options.connect_timeout,
                hide_parameters=True,
                **chosen,
            )
        except (exc.ArgumentError, exc.InvalidRequestError, ImportError, TypeError) as error:
            said = str(error).partition("\n")[0].replace(self._url.render_as_string(hide_password=False), "")
            fix = f"SQLAlchemy cannot use it with asyncio: {said}."
            raise ConfigError("store", self.where, fix) from error
        if engine.dialect.driver == "asyncmy" and _numbers(version("asyncmy")) < SAFE_ASYNCMY:
            fix = "A cancelled request would leave its rows to the next one: pip install 'asyncmy>=0.2.13'."
            raise ConfigError("store", f"asyncmy {version('asyncmy')}", fix)
        if engine.dialect.name in _PREPARE:
            event.listen(engine.sync_engine, "connect", self._prepare)
        return engine

    def _prepare(self, connection: Any, _: object) -> None:  # noqa: ANN401 - a driver's connection
        cursor = connection.cursor()
        for statement in _PREPARE[self._url.get_backend_name()]:
            cursor.execute(statement.format(seconds=self.options.timeout, whole=ceil(self.options.timeout)))
        cursor.close()

    async def _watched(
        self, loop: AbstractEventLoop, single: AsyncEngine, several: AsyncEngine
    ) -> AsyncGenerator[None, None]:
        """End with the event loop: before it stops it ends its generators, which is the only word that it gives."""
        try:
            yield
        finally:
            self._held.pop(loop, None)
            await single.dispose()
            await several.dispose()

    def _broken(self, error: Exception) -> StoreError:
        if isinstance(error, ConfigError | StoreError):
            return StoreError(str(error))
        if isinstance(error, TimeoutError | exc.TimeoutError):
            seconds = self.options.connect_timeout + self.options.timeout
            return StoreError(f"{self.where} did not answer within {seconds:g} s")
        cause = getattr(error, "orig", None) or error
        said = f": {cause}" if isinstance(error, (*_TOLD, OSError)) else ""
        return StoreError(f"{self.where}: {type(cause).__name__}{said}")


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except (exc.ArgumentError, ValueError) as error:
        fix = "Write what SQLAlchemy reads: mariadb+asyncmy://user@host/database."
        raise ConfigError("store", shown(text), fix) from error


def _numbers(said: str) -> tuple[int, ...]:
    return tuple(int(part) for part in said.split(".") if part.isdigit())


def _lost(error: Exception) -> bool:
    """Whether the connection turned out to be dead."""
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def _given_up(error: Exception) -> bool:
    """Whether the server undid it so that others could go on: a deadlock, a serialization failure."""
    cause = getattr(error, "orig", None)
    said = (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None), *getattr(cause, "args", ())[:1])
    return any(one in _GIVEN_UP for one in said if isinstance(one, str | int))
