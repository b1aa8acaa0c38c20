"""The URL of a database server: our own options out of its query, checked; what is shown of it, without its password."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from guardhouse.errors import ConfigError

LEAST_SECONDS, MOST_SECONDS = 0.05, 60.0
MOST_CONNECTIONS = 1000

Query: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What a URL says beside where the server is. A request waits for `connect_timeout` and `timeout` together at most."""

    connect_timeout: float = 0.5
    """How long to wait for a connection, a free or a new one, in seconds."""
    timeout: float = 0.5
    """How long to wait for an answer, in seconds."""
    pool: int = 10
    """How many connections one process opens at most."""
    create: bool = False
    """Whether to make and upgrade the tables on opening, instead of asking for `guardhouse migrate`."""


def options_of(url: str, driver_options: Collection[str] | None) -> tuple[str, ServerOptions]:
    """Take our options out of a URL. `driver_options` are the others that may stand there; None is any."""
    parts = split(url)
    ours: dict[str, str] = {}
    others: Query = []
    known = set(ServerOptions.__slots__)
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in known and name in ours:
            raise ConfigError(f"store option {name}", value, "Say it once.")
        if name in known:
            ours[name] = value
        elif driver_options is None or name in driver_options:
            others.append((name, value))
        else:
            nearest = get_close_matches(name, [*known, *driver_options], n=1)
            fix = f"It takes {', '.join(sorted(known))}, and what its driver takes."
            raise ConfigError("store option", name, fix, nearest=nearest[0] if nearest else None)
    bare = url.partition("?")[0] + (f"?{urlencode(others)}" if others else "")
    return bare, _options(ours)


def split(url: str) -> SplitResult:
    """Read a URL. Raise `ConfigError` for one that cannot be meant."""
    fix = "Write scheme://user:password@host:port/database, with %40 for @, %2F for / and %23 for # in a password."
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ConfigError("store", shown(url), fix) from None  # its text quotes what may be a password
    if "#" in url or "://" not in url:
        raise ConfigError("store", shown(url), fix)
    return parts


def shown(url: str) -> str:
    """Write a URL for people: scheme, host and database, and nothing that may be secret."""
    scheme, _, rest = url.partition("://")
    if not rest:
        return f"{scheme.partition(':')[0]}:"
    *credentials, place = rest.partition("?")[0].split("@")
    authority, _, path = place.partition("/")
    host, _, port = authority.rpartition(":")
    if not credentials and host and not port.isdigit():
        authority = host  # what stands there may be a password whose @host was forgotten
    elif "#" in place:
        authority, path = "...", ""
    return f"{scheme}://{authority}/{path}"


def _options(said: dict[str, str]) -> ServerOptions:
    default = ServerOptions()
    return ServerOptions(
        connect_timeout=_seconds("connect_timeout", said, default.connect_timeout),
        timeout=_seconds("timeout", said, default.timeout),
        pool=_count("pool", said, default.pool),
        create=_flag("create", said, default=default.create),
    )


def _seconds(name: str, said: dict[str, str], default: float) -> float:
    try:
        seconds = float(said.get(name, default))
    except ValueError:
        seconds = 0.0
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        fix = f"Write seconds, from {LEAST_SECONDS:g} to {MOST_SECONDS:g}; 0.5 where nothing is said."
        raise ConfigError(f"store option {name}", said[name], fix)
    return seconds


def _count(name: str, said: dict[str, str], default: int) -> int:
    text = said.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_CONNECTIONS):
        fix = f"Write how many connections one process may open, from 1 to {MOST_CONNECTIONS}."
        raise ConfigError(f"store option {name}", text, fix)
    return int(text)


def _flag(name: str, said: dict[str, str], *, default: bool) -> bool:
    text = said.get(name, str(default).lower())
    if text not in {"true", "false"}:
        raise ConfigError(f"store option {name}", text, "It is true or false.")
    return text == "true"
