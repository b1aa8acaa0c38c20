"""Which addresses are of one site to a browser: by scheme and registrable domain, as the public suffix list has it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from guardhouse.core.facts import DEFAULT_PORTS
from guardhouse.core.nearest import is_loopback
from guardhouse.doctor.hosts import comparable, registrable


@dataclass(frozen=True, slots=True)
class Address:
    """One origin, taken apart."""

    origin: str
    scheme: str
    host: str

    @property
    def local(self) -> bool:
        """Whether it is on the machine of whoever looks."""
        return is_loopback(self.host)


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
    shown = "" if port is None or port == DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{shown}"


def same_site(one: Address, other: Address) -> bool:
    """Whether a cookie of one goes along with requests from pages of the other (HTML, schemefully same site)."""
    return one.scheme == other.scheme and domain_of(one.host) == domain_of(other.host)


def domain_of(host: str) -> str:
    """Name the domain around a host; the host itself where there is none, or where nobody can tell."""
    return (registrable(host) if comparable() else None) or host
