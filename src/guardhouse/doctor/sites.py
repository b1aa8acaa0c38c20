"""Which addresses are of one site to a browser: by scheme and registrable domain, as the public suffix list has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """One origin, taken apart."""

    origin: str
    scheme: str
    host: str

    @property
    def local(self) -> bool:
        """Whether it is on the machine of whoever looks."""
        return self.host == "localhost" or self.host.endswith(".localhost") or _loopback(self.host)


def address_of(origin: bytes | str) -> Address:
    """Take an origin apart."""
    text = origin.decode("ascii") if isinstance(origin, bytes) else origin
    parts = urlsplit(text)
    return Address(text, parts.scheme, parts.hostname or "")


def as_browsers_write(origin: str) -> str | None:
    """Write an origin as browsers send it; None for what is none."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not parts.hostname:
        return None
    shown = "" if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{shown}"


def comparable() -> bool:
    """Whether the list of public suffixes is installed."""
    return _suffixes() is not None


def same_site(one: Address, other: Address) -> bool:
    """Whether a cookie of one goes along with requests from pages of the other (HTML, schemefully same site)."""
    return one.scheme == other.scheme and (
        one.host == other.host or _same_domain(registrable(one.host), registrable(other.host))
    )


def registrable(host: str) -> str | None:
    """Name the domain that somebody registered, such as example.co.uk; None for an address, and for a suffix itself."""
    suffixes = _suffixes()
    if suffixes is None or _number(host):
        return None
    found: str | None = suffixes.privatesuffix(host)
    return found


def is_public_suffix(domain: str) -> bool:
    """Whether strangers register names below this one; no name of one label counts, such as those of a local network."""
    suffixes = _suffixes()
    return suffixes is not None and bool(suffixes.publicsuffix(domain) == domain)


def _same_domain(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


@cache
def _suffixes() -> Any:  # noqa: ANN401 - the list of an extra
    try:
        from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - an extra, loaded where it is used
    except ModuleNotFoundError:
        return None
    return PublicSuffixList()


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
