"""Connections to PostgreSQL: a bounded pool for each event loop, a time-out for every wait, and trouble is a StoreError."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

import asyncpg
from asyncpg import exceptions

from guardhouse.errors import ConfigError, StoreError
from guardhouse.state.store import Migrated
from guardhouse.stores import postgres_schema
from guardhouse.stores.server_schema import VERSIONS, Versions
from guardhouse.stores.server_url import ServerOptions, shown

TRIES = 3
"""How often work is begun again that the server gave up for the sake of others (40001, 40P01): it did nothing then."""

PATIENCE = 10.0
"""How many seconds a migration waits for a connection at least."""

SERVER_SHARE = 0.9
"""Of the time that we wait, the part after which the server gives up by itself: its word leaves the connection good."""

OUTAGES = (exceptions.PostgresError, exceptions.InterfaceError, exceptions.InternalClientError, OSError)
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
        self._at_work: set[asyncio.Future[Any]] = set()

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
                except exceptions.PostgresError:  # whatever else it is, handing the connection back ends this
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

    async def migrate(self, versions: Versions = VERSIONS) -> Migrated:
        """Make or upgrade the tables, with more patience than a visitor has."""
        try:
            connection = await asyncpg.connect(self._url, timeout=max(PATIENCE, self.options.connect_timeout))
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
        """Let the work have a connection."""
        held = self._pools.get(asyncio.get_running_loop())
        if held is None or not held.ready:
            held = await self._begin()
        connection = await self._acquire(held)
        try:
            done = await work(connection)
        except exceptions.PostgresError:  # the server said so, and is ready for the next
            await held.pool.release(connection)
            raise
        except BaseException:
            self._hand_back(held, connection)
            raise
        await held.pool.release(connection)
        return done

    async def _acquire(self, held: _Held) -> Connection:
        """Get a connection; one that has to be made comes in a task of its own, which a cancelled request leaves alone."""
        seconds = self.options.connect_timeout
        try:
            if held.pool.get_size() == self.options.pool or held.pool.get_idle_size():
                async with asyncio.timeout(seconds):
                    return await held.pool.acquire()
            making = asyncio.ensure_future(held.pool.acquire(timeout=seconds))
            self._at_work.add(making)
            making.add_done_callback(self._at_work.discard)
            try:
                return await asyncio.shield(making)
            except asyncio.CancelledError:
                making.add_done_callback(partial(self._made_in_vain, held))
                raise
        except TimeoutError as error:
            busy = held.pool.get_size() - held.pool.get_idle_size()
            said = f"no connection within {seconds:g} s; {busy} of {self.options.pool} are in use"
            raise StoreError(f"PostgreSQL at {self.where}: {said}") from error

    def _made_in_vain(self, held: _Held, making: asyncio.Future[Connection]) -> None:
        if not making.cancelled() and making.exception() is None:
            self._hand_back(held, making.result())

    def _hand_back(self, held: _Held, connection: Connection) -> None:
        """Hand back a connection that owes an answer, of a request that was cancelled or had no more time.

        The driver has asked the server to cancel the statement, and waits for its word before anybody gets the connection;
        without a word it is closed. Nobody waits for that.
        """
        task = asyncio.ensure_future(held.pool.release(connection, timeout=self.options.timeout))
        self._at_work.add(task)
        task.add_done_callback(self._handed_back)

    def _handed_back(self, task: asyncio.Future[None]) -> None:
        self._at_work.discard(task)
        if not task.cancelled():
            task.exception()  # it was told to the one whose answer this was

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
        milliseconds = str(int(self.options.timeout * 1000 * SERVER_SHARE))
        # A replica lags behind: somebody would be let in there who was logged out here.
        primary: dict[str, Any] = (
            {} if "target_session_attrs" in self._url else {"target_session_attrs": "primary"}
        )
        return asyncpg.create_pool(
            self._url,
            **primary,
            min_size=0,
            max_size=self.options.pool,
            connection_class=_Connection,
            init=self._checked,
            timeout=self.options.connect_timeout,
            command_timeout=self.options.timeout,
            server_settings={
                "application_name": "guardhouse",
                # Each statement here is right when it sees what was committed before it, and waits for rows.
                "default_transaction_isolation": "read committed",
                # What nobody waits for any more is not done later on.
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
