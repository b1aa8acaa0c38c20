"""Connections to PostgreSQL: a bounded pool for each event loop, a time-out for every wait, and trouble is a StoreError."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import asyncpg
from asyncpg import exceptions

from guardhouse.errors import ConfigError, StoreError
from guardhouse.stores import postgres_schema
from guardhouse.stores.server_schema import VERSIONS, Versions
from guardhouse.stores.server_url import ServerOptions, shown

TRIES = 3
"""How often work is begun again that the server gave up for the sake of others (40001, 40P01): it did nothing then."""

OUTAGES = (exceptions.PostgresError, exceptions.InterfaceError, OSError)
_GIVEN_UP = (exceptions.SerializationError, exceptions.DeadlockDetectedError)
_LOST = (
    exceptions.PostgresConnectionError,
    exceptions.AdminShutdownError,
    exceptions.CrashShutdownError,
    exceptions.InterfaceError,
    ConnectionError,
)

T = TypeVar("T")

Connection: TypeAlias = Any
"""A connection as the pool lends it: it has the methods of asyncpg's own."""

Work: TypeAlias = Callable[[Connection], Awaitable[T]]


class _Connection(asyncpg.Connection):
    """A connection on which nothing is left behind, so that handing it back costs no round trip (`RESET ALL`)."""

    def get_reset_query(self) -> str:
        """Return nothing to do."""
        return ""


class _Held:
    """The pool of one event loop."""

    def __init__(self, pool: Any, watch: AsyncGenerator[None, None]) -> None:  # noqa: ANN401 - asyncpg's Pool
        self.pool = pool
        self.watch = watch
        self.lock = asyncio.Lock()
        self.ready = False


class PostgresPool:
    """What one process holds open of one database."""

    def __init__(self, url: str, options: ServerOptions) -> None:
        self._url = url
        self.options = options
        self.where = shown(url)
        self._pools: dict[AbstractEventLoop, _Held] = {}

    # -- asking -------------------------------------------------------------------------------------------------------

    async def read(self, statement: str, *values: object) -> list[Any]:
        """Ask in one round trip; once more where the connection turns out to be lost, for reading twice harms nobody."""

        async def work(connection: Connection) -> list[Any]:
            rows: list[Any] = await connection.fetch(statement, *values, timeout=self.options.timeout)
            return rows

        try:
            return await self._lend(work)
        except _LOST:
            return await self._said(work)
        except (*OUTAGES, ConfigError) as error:
            raise self._broken(error) from error

    async def write(self, statement: str, *values: object) -> list[Any]:
        """Do one statement, which is all or nothing, in one round trip; return its rows."""

        async def work(connection: Connection) -> list[Any]:
            rows: list[Any] = await connection.fetch(statement, *values, timeout=self.options.timeout)
            return rows

        return await self._said(work)

    async def transaction(self, work: Work[T]) -> T:
        """Do several statements in one transaction, within one time-out."""

        async def whole(connection: Connection) -> T:
            async with asyncio.timeout(self.options.timeout):
                await connection.execute("BEGIN")
                try:
                    done = await work(connection)
                except (
                    exceptions.PostgresError
                ):  # after anything else the connection is closed, which ends it too
                    await connection.execute("ROLLBACK")
                    raise
                await connection.execute("COMMIT")
            return done

        return await self._said(whole)

    # -- opening and closing ------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Reach the server, and hold its tables against what this guardhouse needs."""

        async def nothing(_: Connection) -> None:
            return None

        try:
            await self._lend(nothing)
        except OUTAGES as error:
            raise self._broken(error) from error

    async def close(self) -> None:
        """Close the connections of this event loop; the next use opens them again."""
        held = self._pools.pop(asyncio.get_running_loop(), None)
        if held is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self.options.timeout):
                await held.pool.close()
        await held.watch.aclose()

    async def migrate(self, versions: Versions = VERSIONS) -> int:
        """Make or upgrade the tables; return from which version on."""
        try:
            connection = await asyncpg.connect(self._url, timeout=self.options.connect_timeout)
            try:
                return await postgres_schema.migrate(connection, self.where, versions)
            finally:
                connection.terminate()
        except OUTAGES as error:
            raise self._broken(error) from error

    # -- the pool -----------------------------------------------------------------------------------------------------

    async def _said(self, work: Work[T]) -> T:
        """Lend a connection; say in our words what went wrong."""
        for left in reversed(range(TRIES)):
            try:
                return await self._lend(work)
            except _GIVEN_UP as error:
                if not left:
                    raise self._broken(error) from error
            except (*OUTAGES, ConfigError) as error:
                raise self._broken(error) from error
        raise StoreError("nothing was tried")  # pragma: no cover - the last try returns or raises

    async def _lend(self, work: Work[T]) -> T:
        """Let the work have a connection. One that did not come to an end on it is in doubt, and closed."""
        held = self._pools.get(asyncio.get_running_loop())
        if held is None or not held.ready:
            held = await self._begin()
        connection = await self._acquire(held)
        try:
            return await work(connection)
        except exceptions.PostgresError:
            raise
        except BaseException:
            connection.terminate()
            raise
        finally:
            await held.pool.release(connection)

    async def _acquire(self, held: _Held) -> Connection:
        try:
            async with asyncio.timeout(self.options.connect_timeout):
                return await held.pool.acquire()
        except TimeoutError as error:
            busy = held.pool.get_size() - held.pool.get_idle_size()
            said = f"no connection within {self.options.connect_timeout:g} s; {busy} of {self.options.pool} are in use"
            raise StoreError(f"PostgreSQL at {self.where}: {said}") from error

    async def _begin(self) -> _Held:
        loop = asyncio.get_running_loop()
        held = self._pools.get(loop)
        if held is None:
            pool = self._new_pool()
            held = self._pools[loop] = _Held(pool, self._watched(loop, pool))
        async with held.lock:
            if not held.ready:
                if self.options.create:
                    await self.migrate()
                await held.pool  # fills it with places for connections, and connects nowhere yet
                await anext(held.watch)
                held.ready = True
        return held

    def _new_pool(self) -> Any:  # noqa: ANN401 - asyncpg's Pool
        milliseconds = str(int(self.options.timeout * 1000))
        return asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=self.options.pool,
            connection_class=_Connection,
            init=self._checked,
            timeout=self.options.connect_timeout,
            server_settings={
                "application_name": "guardhouse",
                # Each statement here is right when it sees what was committed before it, and waits for rows.
                "default_transaction_isolation": "read committed",
                # What we have given up waiting for, the server gives up too.
                "statement_timeout": milliseconds,
                "lock_timeout": milliseconds,
                "idle_in_transaction_session_timeout": milliseconds,
            },
        )

    async def _checked(self, connection: Connection) -> None:
        """Hold the tables against what is needed at every new connection: servers are replaced and upgraded."""
        await postgres_schema.check(connection, self.where)

    async def _watched(self, loop: AbstractEventLoop, pool: Any) -> AsyncGenerator[None, None]:  # noqa: ANN401 - as above
        """End with the event loop: before it stops it ends its generators, which is the only word that it gives."""
        try:
            yield
        finally:
            self._pools.pop(loop, None)
            pool.terminate()
            await asyncio.sleep(0)

    def _broken(self, error: Exception) -> StoreError:
        """Word an error without its details, in which the server quotes values."""
        if isinstance(error, ConfigError | StoreError):
            return StoreError(str(error))
        if isinstance(error, TimeoutError):
            return StoreError(f"PostgreSQL at {self.where} did not answer within {self.options.timeout:g} s")
        hint = " (guardhouse migrate makes the tables)" if isinstance(error, _NO_TABLES) else ""
        said = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
        return StoreError(f"PostgreSQL at {self.where}: {type(error).__name__}: {said}{hint}")


_NO_TABLES = (exceptions.UndefinedTableError, exceptions.UndefinedColumnError)
