"""From a store's URL to the store: drivers are imported only when a URL asks for them."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.util import find_spec
from urllib.parse import parse_qs, urlsplit

from guardhouse.errors import ConfigError
from guardhouse.state.store import SessionStore
from guardhouse.stores.memory import MemoryStore

REDIS = ("redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
SCHEMES = ("memory", "sqlite", *REDIS)


def open_store(url: str) -> SessionStore:
    """Make the store that the URL names: `memory:`, `sqlite:///relative.db`, `sqlite:////absolute.db`, `redis://host`."""
    if url.partition(":")[0].lower() in REDIS:
        return _open_redis(url)
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return MemoryStore()
    if parts.scheme == "sqlite":
        return _open_sqlite(url, parts.path, parts.query)
    nearest = get_close_matches(parts.scheme, SCHEMES, n=1)
    raise ConfigError(
        "store",
        f"{parts.scheme or url}:...",
        "Use memory:, sqlite:///file or redis://host.",
        nearest=nearest[0] if nearest else None,
    )


def _open_sqlite(url: str, path: str, query: str) -> SessionStore:
    from guardhouse.stores.sqlite import SQLiteStore  # noqa: PLC0415 - the driver of this URL only

    if not url.startswith("sqlite:///") or len(path) < len("/x") or "#" in url:
        fix = "Write sqlite:///sessions.db (relative) or sqlite:////var/lib/sessions.db."
        raise ConfigError("store", url, fix)
    options = parse_qs(query, keep_blank_values=True)
    synchronous = options.pop("synchronous", ["normal"])
    for name, values in options.items():
        raise ConfigError(f"store option {name}", values[0], "SQLite takes ?synchronous=full.")
    if synchronous not in (["normal"], ["full"]):
        raise ConfigError("store option synchronous", synchronous, "It is normal or full, once.")
    return SQLiteStore(path[1:], full_sync=synchronous == ["full"])


def _open_redis(url: str) -> SessionStore:
    if find_spec("redis") is None:
        scheme = url.partition(":")[0]
        raise ConfigError(
            "store", f"{scheme}://...", "Its driver is missing: pip install 'guardhouse[redis]'."
        )
    from guardhouse.stores.redis import RedisStore  # noqa: PLC0415 - the driver of this URL only
    from guardhouse.stores.redis_url import read_url  # noqa: PLC0415 - the same

    return RedisStore(read_url(url))
