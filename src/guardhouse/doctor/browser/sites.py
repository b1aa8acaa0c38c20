"""Origins and sites: who is the same as whom, who is a machine's own, and whom browsers take for safe."""

from __future__ import annotations

from dataclasses import dataclass
from re import compile as pattern
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from guardhouse.core.facts import DEFAULT_PORTS
from guardhouse.core.nearest import is_loopback
from guardhouse.doctor.hosts import is_address, registrable

Relation: TypeAlias = Literal["same-origin", "same-site", "cross-site"]


_HOST = pattern(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]").fullmatch


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, as browsers compare them (HTML, 7.1.1)."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """Host and port as a Host header has them."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def address(self) -> bool:
        """Whether the host is an IP address, which has no domain around it."""
        return is_address(self.host)

    @property
    def loopback(self) -> bool:
        """Whether it is this machine, by name or by address (W3C Secure Contexts, 3.1)."""
        return is_loopback(self.host)

    @property
    def secure(self) -> bool:
        """Whether the way there is encrypted."""
        return self.scheme == "https"

    @property
    def trustworthy(self) -> bool:
        """Whether browsers take it for safe: https, or this machine (W3C Secure Contexts, 3.1)."""
        return self.secure or self.loopback

    @property
    def domain(self) -> str:
        """The registrable domain, or the host itself where there is none: an address, `localhost`, a public suffix."""
        return registrable(self.host) or self.host

    @property
    def site(self) -> str:
        """The site, with its scheme: what cookies are partitioned by (HTML, 7.1.1)."""
        return f"{self.scheme}://{self.domain}"


def origin_in(url: str) -> Origin:
    """Read the origin of a URL; a path is cut off. Raises `ValueError` in words for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # no address between the brackets, or no number behind the colon
        raise ValueError("host and port cannot be read") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("write a whole address that begins with https:// or http://")
    if "@" in parts.netloc or not _HOST(host := _host_of(parts.netloc)):
        raise ValueError("there is no host name that a browser would write")
    if port == 0:
        raise ValueError("no port has the number 0")
    return Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])


def bare_origin(text: str) -> Origin:
    """Read an origin that somebody typed: nothing may follow it but one slash."""
    origin = origin_in(text)
    if urlsplit(text).path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError(f"an origin has no path: write {origin}")
    return origin


def _host_of(netloc: str) -> str:
    return (netloc if netloc.endswith("]") else netloc.rpartition(":")[0] or netloc).lower()


def relation(page: Origin, target: Origin) -> Relation:
    """Say how the target looks from the page; scheme and registrable domain make the site (HTML, 7.1.1)."""
    if page == target:
        return "same-origin"
    return "same-site" if page.site == target.site else "cross-site"


def same_site(page: Origin, target: Origin, *, schemeful: bool) -> bool:
    """Whether cookies see one site; not every browser has the scheme decide (RFC 6265bis 5.2)."""
    return page.site == target.site if schemeful else page.domain == target.domain
