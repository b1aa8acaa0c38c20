"""From a store's URL to the store: drivers are imported only when a URL asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from urllib.parse import parse_qs, urlsplit

from guardhouse.errors import ConfigError
from guardhouse.state.keeper import Storeless
from guardhouse.state.store import KeepsEpochs, SessionStore
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.server_url import shown

FORMS = (
    "Use memory:, sqlite:///file, postgresql://user@host/database, redis://host, or a URL of SQLAlchemy such as "
    "mariadb://user@host/database. Or sealed: for sessions in the cookie, and sealed:sqlite:///file to call them back."
)


def open_store(url: str) -> SessionStore | Storeless:
    """Make what the URL names, a store or what stands in its place: `memory:`, `sqlite:///relative.db`, `sealed:`, ..."""
    return _open_sealed(url) if url.partition(":")[0].lower() == "sealed" else open_shelves(url)


def open_shelves(url: str) -> SessionStore:
    """Make the store that the URL names."""
    scheme = url.partition(":")[0].lower() if ":" in url else ""
    opener = _OPENERS.get(scheme)
    if opener is not None:
        return opener(url)
    if "+" in scheme and not scheme.startswith("redis"):
        return _open_sqlalchemy(url)
    nearest = get_close_matches(scheme, (*_OPENERS, "sealed"), n=1)
    found = f"{scheme}:..." if scheme else url
    raise ConfigError("store", found, FORMS, nearest=nearest[0] if nearest else None)


def open_sealed(*, epochs: KeepsEpochs | None = None, beside: object | None = None) -> Storeless:
    """Make sessions that lie in cookies; `SealedSessions` says what these are."""
    if find_spec("cryptography") is None:
        fix = "What seals is missing: pip install 'guardhouse[sealed]'."
        raise ConfigError("store", "sealed:", fix)
    from guardhouse.stores.sealed import SealedSessions  # noqa: PLC0415 - an extra, loaded where it is used

    return SealedSessions(epochs=epochs, beside=beside)


def _open_sealed(url: str) -> Storeless:
    epochs = url.partition(":")[2]
    if not epochs:
        return open_sealed()
    store = open_shelves(epochs)
    if not isinstance(store, KeepsEpochs):
        fix = "It counts no epochs; behind sealed: use sqlite:///epochs.db, or write sealed: alone."
        raise ConfigError("store", f"sealed:{type(store).__name__}", fix)
    return open_sealed(epochs=store)


def _open_memory(_: str) -> SessionStore:
    return MemoryStore()


def _open_sqlite(url: str) -> SessionStore:
    from guardhouse.stores.sqlite import SQLiteStore  # noqa: PLC0415 - the driver of this URL only

    parts = urlsplit(url)
    if not url.startswith("sqlite:///") or len(parts.path) < len("/x") or "#" in url:
        fix = "Write sqlite:///sessions.db (relative) or sqlite:////var/lib/sessions.db."
        raise ConfigError("store", url, fix)
    options = parse_qs(parts.query, keep_blank_values=True)
    synchronous = options.pop("synchronous", ["normal"])
    for name in options:
        raise ConfigError("store option", name, "SQLite takes ?synchronous=full.")
    if synchronous not in (["normal"], ["full"]):
        raise ConfigError("store option synchronous", synchronous, "It is normal or full, once.")
    return SQLiteStore(parts.path[1:], full_sync=synchronous == ["full"])


def _open_postgres(url: str) -> SessionStore:
    require("asyncpg", "postgres", url)
    from guardhouse.stores.postgres import PostgresStore  # noqa: PLC0415 - the driver of this URL only

    return PostgresStore(url)


def _open_mysql(url: str) -> SessionStore:
    require("sqlalchemy", "mysql", url)
    require("asyncmy", "mysql", url)
    scheme, _, rest = url.partition("://")
    return _open_sqlalchemy(f"{scheme}+asyncmy://{rest}")


def _open_sqlalchemy(url: str) -> SessionStore:
    require("sqlalchemy", "sql", url)
    from guardhouse.stores.sqlalchemy import SQLAlchemyStore  # noqa: PLC0415 - the driver of this URL only

    return SQLAlchemyStore(url.removeprefix("sqlalchemy+"))


def _open_redis(url: str) -> SessionStore:
    if find_spec("redis") is None:  # `shown` reads URLs of one server, and these may name several
        fix = "Its driver is missing: pip install 'guardhouse[redis]'."
        raise ConfigError("store", f"{url.partition(':')[0]}://...", fix)
    from guardhouse.stores.redis import RedisStore  # noqa: PLC0415 - the driver of this URL only
    from guardhouse.stores.redis_url import read_url  # noqa: PLC0415 - the same

    return RedisStore(read_url(url))


def require(module: str, extra: str, url: str) -> None:
    """Raise `ConfigError` where a driver is missing, and say how it is installed."""
    if find_spec(module) is None:
        fix = f"Its driver is missing: pip install 'guardhouse[{extra}]'."
        raise ConfigError("store", shown(url), fix)


_OPENERS: Mapping[str, Callable[[str], SessionStore]] = {
    "memory": _open_memory,
    "sqlite": _open_sqlite,
    "postgresql": _open_postgres,
    "postgres": _open_postgres,
    "mysql": _open_mysql,
    "mariadb": _open_mysql,
    "redis": _open_redis,
    "rediss": _open_redis,
    "redis+sentinel": _open_redis,
    "rediss+sentinel": _open_redis,
    "redis+cluster": _open_redis,
    "rediss+cluster": _open_redis,
}
