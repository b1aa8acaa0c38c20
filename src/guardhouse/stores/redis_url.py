"""What a Redis URL says, read whole before anything is connected: a word that is not understood is a `ConfigError`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from guardhouse.errors import ConfigError

Layout: TypeAlias = Literal["single", "sentinel", "cluster"]
Durability: TypeAlias = Literal["plain", "replicated"]
Cache: TypeAlias = Literal["off", "tracking"]

SCHEMES: dict[str, tuple[Layout, bool]] = {
    "redis": ("single", False),
    "rediss": ("single", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
EXAMPLES: dict[Layout, str] = {
    "single": "redis://127.0.0.1:6379/0",
    "sentinel": "redis+sentinel://10.0.0.1,10.0.0.2,10.0.0.3/mymaster",
    "cluster": "redis+cluster://10.0.0.1,10.0.0.2",
}
PORTS: dict[Layout, int] = {"single": 6379, "sentinel": 26379, "cluster": 6379}
CHOICES = {"durability": ("plain", "replicated"), "cache": ("off", "tracking")}
NUMBERS = {"replicas": (1, 100), "pool": (8, 1000)}
SENTINELS = ("sentinel_username", "sentinel_password")
"""Who we are to Sentinels that want to know; what stands before the hosts is for the master."""
OPTIONS = (*CHOICES, *NUMBERS, *SENTINELS, "timeout", "prefix", "ca")

_SECONDS = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?").fullmatch
_PREFIX = re.compile(r"[A-Za-z0-9_.:-]{1,40}").fullmatch
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?").fullmatch
_PATH = re.compile(r"/?(?P<service>[A-Za-z0-9_.-]+)?(?:/(?P<db>[0-9]{1,4}))?").fullmatch


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is, and how it is to be used. The password is in no repr."""

    layout: Layout
    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    ca: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    service: str = ""
    """The name by which Sentinels know the master."""
    db: int = 0
    prefix: str = "gh"
    durability: Durability = "plain"
    replicas: int = 1
    """How many replicas must have a write before it is acknowledged, where `durability` is `replicated`."""
    cache: Cache = "off"
    timeout: float = 0.5
    """How many seconds an answer may take. Connecting may take half of it, and a call with all it needs twice as long."""
    pool: int = 32
    """How many connections one event loop opens at most, in a cluster to each node."""

    def __str__(self) -> str:
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{hosts}/{self.service}" if self.service else hosts


def read_url(url: str) -> RedisAddress:
    """Read a URL of one of the `SCHEMES`. Raise `ConfigError`, which never shows the password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigError("store", "a URL that cannot be read", "Write it as redis://host:6379/0.") from None
    layout, tls = SCHEMES[parts.scheme]
    if (
        "@" in f"{parts.path}{parts.query}{parts.fragment}"
    ):  # what is shown below would be the rest of a password
        fix = "In a password write %40 for @, %2F for /, %3F for ? and %23 for #."
        raise ConfigError("store", f"{parts.scheme}://...", fix)
    who, at, hosts = parts.netloc.rpartition("@")
    service, db = _read_path(layout, parts.path)
    if parts.fragment or not hosts:
        raise ConfigError("store", f"{parts.scheme}://...", f"Write it as {EXAMPLES[layout]}.")
    username, _, password = who.partition(":")
    read: Any = _read_options(parts.query, layout, tls=tls)
    return RedisAddress(
        layout,
        tuple(_read_host(layout, host) for host in _hosts(layout, hosts)),
        tls,
        username=unquote(username) or None,
        password=(unquote(password) or None) if at else None,
        service=service,
        db=db,
        **read,
    )


def _hosts(layout: Layout, hosts: str) -> list[str]:
    listed = hosts.split(",")
    if layout == "single" and len(listed) > 1:
        fix = "One server has one address; several are redis+sentinel://host1,host2/service or redis+cluster://host1,host2."
        raise ConfigError("store", hosts, fix)
    return listed


def _read_host(layout: Layout, host: str) -> tuple[str, int]:
    found = _HOST(host)
    port = int(found["port"] or PORTS[layout]) if found else 0
    if found is None or not 0 < port < 2**16:
        raise ConfigError("store host", host, f"Write hosts as in {EXAMPLES[layout]}.")
    return found["host"].strip("[]"), port


def _read_path(layout: Layout, path: str) -> tuple[str, int]:
    """Read `/db`, or `/service/db` of Sentinels; a cluster has neither."""
    found = _PATH(path if layout == "sentinel" else path and f"/{path}")
    service, db = (found["service"] or "", int(found["db"] or 0)) if found else ("", 0)
    if (
        found is None
        or bool(service) != (layout == "sentinel")
        or (layout == "cluster" and path not in ("", "/", "/0"))
    ):
        raise ConfigError("store path", path, f"Write it as {EXAMPLES[layout]}.")
    return service, db


def _read_options(query: str, layout: Layout, *, tls: bool) -> dict[str, object]:
    options: dict[str, object] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            nearest = get_close_matches(name, OPTIONS, n=1)
            fix = f"Redis takes {', '.join(OPTIONS)}."
            # Its value may be a password: redis-py takes one there.
            raise ConfigError("store option", name, fix, nearest=nearest[0] if nearest else None)
        if name in SENTINELS and layout != "sentinel":
            fix = "Only redis+sentinel:// and rediss+sentinel:// have Sentinels."
            raise ConfigError("store option", name, fix)
        if name in options:
            raise ConfigError("store option", name, "Say it once.")
        options[name] = _read_option(name, value, tls=tls)
    return options


def _read_option(name: str, value: str, *, tls: bool) -> object:
    if name in CHOICES:
        choices = cast("dict[str, tuple[str, ...]]", CHOICES)[name]
        nearest = get_close_matches(value, choices, n=1)
        refused, fix = value not in choices, f"It is {' or '.join(choices)}."
        if refused:
            raise ConfigError(f"store option {name}", value, fix, nearest=nearest[0] if nearest else None)
        return value
    if name in NUMBERS:
        least, most = NUMBERS[name]
        if not (value.isascii() and value.isdecimal() and least <= int(value[:6]) <= most):
            raise ConfigError(f"store option {name}", value, f"It is a number from {least} to {most}.")
        return int(value)
    if name == "timeout":
        if not _SECONDS(value) or not 0 < float(value) <= 60:  # noqa: PLR2004 - nobody waits longer for a page
            raise ConfigError(
                "store option timeout", value, "It is a number of seconds, such as 0.5, and at most 60."
            )
        return float(value)
    if name == "prefix" and not _PREFIX(value):
        fix = "A prefix is up to forty letters, digits, dots, colons, dashes or underscores."
        raise ConfigError("store option prefix", value, fix)
    if name == "ca" and not tls:
        raise ConfigError(
            "store option ca", value, "Certificates are for rediss://, rediss+sentinel:// and so on."
        )
    return value
