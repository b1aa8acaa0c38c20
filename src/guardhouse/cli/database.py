"""From the URL of a database to connections through SQLAlchemy; what goes wrong on the way is one clear line without a password."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio

from guardhouse.cli.loading import UnusableError
from guardhouse.cli.output import plain
from guardhouse.errors import ConfigError, GuardhouseError, UsersUnavailableError
from guardhouse.stores.opening import require
from guardhouse.stores.server_url import options_of, shown

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

_DRIVERS = {
    "postgresql": ("postgresql", "asyncpg", "postgres"),
    "postgres": ("postgresql", "asyncpg", "postgres"),
    "mysql": ("mysql", "asyncmy", "mysql"),
    "mariadb": ("mariadb", "asyncmy", "mysql"),
}
"""The dialect and the driver of a URL that names none, and the extra that brings it."""
_DIALECTS = frozenset({"mariadb", "mssql", "mysql", "oracle", "postgresql", "sqlite"})
_FORMS = "Use sqlite:///file, postgresql://user@host/database, mariadb://user@host/database, or a URL of SQLAlchemy."


def at_database(url: str, work: Callable[[Any], Awaitable[T]], *, create: bool = False) -> T:
    """Let `work` do its work with a sessionmaker, and close what was opened; `create` where a new file is meant."""
    try:
        engine = _engine(url, create=create)
        return anyio.run(_run, engine, work)
    except UsersUnavailableError as error:
        hint = f"is the table there, and the database? `guardhouse migrate --users {shown(url)}` makes ours"
        raise UnusableError(f"{error}; {hint}") from error
    except GuardhouseError as error:
        raise UnusableError(str(error)) from error


def in_connection(url: str, work: Callable[[Connection], T]) -> T:
    """Let `work` do its work on one connection."""

    async def run(sessions: Any) -> T:  # noqa: ANN401 - a sessionmaker of either kind
        from sqlalchemy import exc  # noqa: PLC0415 - only where there is a database

        engine = sessions.kw["bind"]
        try:
            if engine.dialect.is_async:
                async with engine.connect() as connection:
                    done: T = await connection.run_sync(work)
                    return done
            with engine.connect() as connection:
                return work(connection)
        except (exc.SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise UnusableError(
                f"{shown(url)} cannot be changed: {plain(' '.join(str(cause).split()))}"
            ) from error

    return at_database(url, run, create=True)


def dialect_of(url: str) -> str:
    """Name the dialect of a URL, and ask nobody."""
    scheme = url.partition("://")[0].partition("+")[0]
    dialect = _DRIVERS[scheme][0] if scheme in _DRIVERS else scheme
    if dialect not in _DIALECTS:
        raise UnusableError(str(ConfigError("URL", shown(url), _FORMS)))
    return dialect


async def _run(engine: Any, work: Callable[[Any], Awaitable[T]]) -> T:  # noqa: ANN401 - an engine of either kind
    from sqlalchemy.ext.asyncio import async_sessionmaker  # noqa: PLC0415 - only where there is a database
    from sqlalchemy.orm import sessionmaker  # noqa: PLC0415 - as above

    if not engine.dialect.is_async:
        try:
            return await work(sessionmaker(engine, expire_on_commit=False))
        finally:
            engine.dispose()
    try:
        return await work(async_sessionmaker(engine, expire_on_commit=False))
    finally:
        await engine.dispose()


def _engine(url: str, *, create: bool) -> Any:  # noqa: ANN401 - as above
    """Make the engine. A file that is not there is refused: whoever wrote a wrong path would be told of no users."""
    require("sqlalchemy", "sql", url)
    from sqlalchemy import create_engine, exc  # noqa: PLC0415 - an extra
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - as above
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - as above
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - as above

    try:
        read = make_url(_with_driver(url))
        asynchronous = read.get_dialect().is_async
    except (exc.ArgumentError, exc.NoSuchModuleError, ValueError):
        raise ConfigError("URL", shown(url), _FORMS) from None  # its text quotes what may be a password
    if read.get_backend_name() == "sqlite":
        _refuse_memory(read.database)
        if not create and not Path(read.database or "").exists():
            raise UnusableError(f"there is no file {plain(read.database or '')}.")
    try:
        return (create_async_engine if asynchronous else create_engine)(read, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise ConfigError("URL", shown(url), f"Its driver is missing: pip install {error.name}.") from None


def _refuse_memory(path: str | None) -> None:
    if not path or path == ":memory:":
        raise UnusableError("a database in memory ends with this command: write sqlite:///file.")


def _with_driver(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    if scheme.startswith("sqlite") or not colon:
        return url.partition("?")[0]  # what stands behind it is for the store of sessions
    bare = options_of(url, None)[0].partition("://")[2]
    if scheme not in _DRIVERS:
        return f"{scheme}://{bare}"
    dialect, driver, extra = _DRIVERS[scheme]
    require(driver, extra, url)
    return f"{dialect}+{driver}://{bare}"
