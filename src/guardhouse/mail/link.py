"""The links in letters: made from the configured address, because the Host header says what a stranger wants it to say."""

from __future__ import annotations

from collections.abc import Mapping
from re import compile as pattern
from urllib.parse import urlencode, urlsplit

from guardhouse.core.intended import local_path
from guardhouse.errors import ConfigError

__all__ = ["link_to", "usable_link"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_VISIBLE = pattern(r"[!-~]{1,4000}")


def link_to(public_url: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """Write the address of a page of this application; `public_url` is configured and may end in a path of its own."""
    parts = urlsplit(public_url) if usable_link(public_url) else None
    if parts is None or parts.query or parts.fragment or "@" in parts.netloc:
        fix = (
            "Letters need the https address that people know this application by; http only on this machine."
        )
        raise ConfigError("public_url", _shown(public_url), fix)
    if local_path(path) is None or "?" in path or "#" in path:
        raise ConfigError(
            "path of a link", path, "Write a path of this application, such as '/reset-password'."
        )
    return public_url.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")


def usable_link(link: object) -> bool:
    """Whether a letter may carry this: an https address, http only to this machine, in visible ASCII."""
    if not isinstance(link, str) or not _VISIBLE.fullmatch(link):
        return False
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)))


def _is_here(host: str | None) -> bool:
    return host in _LOOPBACK or (host or "").endswith(".localhost")


def _shown(public_url: str) -> str:
    """Leave out what could be a password."""
    return public_url.rpartition("@")[2]
