"""From a store's URL to the store: drivers are imported only when a URL asks for them."""

from __future__ import annotations

from difflib import get_close_matches
from urllib.parse import parse_qs, urlsplit

from guardhouse.errors import ConfigError
from guardhouse.state.store import SessionStore
from guardhouse.stores.memory import MemoryStore

SCHEMES = ("memory", "sqlite")


def open_store(url: str) -> SessionStore:
    """Make the store that the URL names: `memory:`, `sqlite:///relative.db`, `sqlite:////absolute.db`."""
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return MemoryStore()
    if parts.scheme == "sqlite":
        return _open_sqlite(url, parts.path, parts.query)
    nearest = get_close_matches(parts.scheme, SCHEMES, n=1)
    raise ConfigError(
        "store",
        f"{parts.scheme or url}:...",
        "Use memory: or sqlite:///file.",
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
