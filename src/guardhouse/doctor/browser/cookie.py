"""A kept cookie, and the request at which the rules look: what all of the jar's files speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from guardhouse.doctor.browser.browsers import Browser
from guardhouse.doctor.browser.set_cookie import SameSite
from guardhouse.doctor.browser.sites import Origin, origin_in, same_site


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie in the jar."""

    name: str
    value: str = field(repr=False)
    domain: str
    host_only: bool
    path: str
    secure: bool
    http_only: bool
    same_site: SameSite
    partition: str | None
    created: float
    expires: float | None

    @property
    def key(self) -> tuple[str | None, str, str, bool, str]:
        """What makes it this cookie and no other (RFC 6265bis 5.7 step 23, CHIPS 2.1)."""
        return self.partition, self.name, self.domain, self.host_only, self.path

    @property
    def attributes(self) -> tuple[str, ...]:
        """Write what it promises, for people; never the value."""
        told = (
            ("" if self.host_only else f"Domain={self.domain}"),
            ("" if self.path == "/" else f"Path={self.path}"),
            ("Secure" if self.secure else ""),
            ("HttpOnly" if self.http_only else ""),
            (f"SameSite={self.same_site}" if self.same_site else "no SameSite"),
            (f"Partitioned below {self.partition}" if self.partition else ""),
        )
        return tuple(filter(None, told))


@dataclass(frozen=True, slots=True)
class Retrieval:
    """One request, with what decides about its cookies. `page` is None where a person or a program asks by itself."""

    url: str
    method: str
    page: Origin | None
    navigation: bool
    browser: Browser
    now: float

    @property
    def origin(self) -> Origin:
        """Whom is asked."""
        return origin_in(self.url)

    @property
    def path(self) -> str:
        """The path that is asked for."""
        return urlsplit(self.url).path or "/"

    @property
    def top(self) -> Origin:
        """Who is in the address bar when the answer comes."""
        return self.origin if self.navigation or self.page is None else self.page

    @property
    def cross_site(self) -> bool:
        """Whether a page of another site makes the request (RFC 6265bis 5.2)."""
        schemeful = self.browser.schemeful
        return self.page is not None and not same_site(self.page, self.origin, schemeful=schemeful)

    @property
    def third_party(self) -> bool:
        """Whether the address bar shows another site."""
        return not same_site(self.top, self.origin, schemeful=self.browser.schemeful)

    @property
    def secure(self) -> bool:
        """Whether Secure cookies may travel there."""
        return self.origin.secure or (self.origin.loopback and self.browser.secure_on_loopback)

    @property
    def remedy(self) -> str:
        """Say what would make page and target one site."""
        page, target = self.page or self.origin, self.origin
        if page.loopback and target.loopback and page.host != target.host:
            return f"ask this machine by one name, {page.host} and {target.host} are two sites"
        if page.domain == target.domain and page.scheme != target.scheme:
            return f"serve both over https, {page.scheme} and {target.scheme} of {page.domain} are two sites"
        return "serve page and API on one site (app.example.com and api.example.com, both https)"

    @property
    def asked_by(self) -> str:
        """Name the page, for people."""
        return str(self.page) if self.page else "nobody"


def domain_match(host: str, domain: str, *, address: bool) -> bool:
    """Whether a host is that domain or lies below it (RFC 6265bis 5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not address)


def path_match(path: str, cookie_path: str) -> bool:
    """Whether a path is the cookie's or lies below it (RFC 6265bis 5.1.4)."""
    if path == cookie_path:
        return True
    return path.startswith(cookie_path) and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")
