"""Who sent a request, as far as it says so by itself: a script of a page, a browser window, a program; and from where."""

from __future__ import annotations

from re import IGNORECASE
from re import compile as pattern

from msgspec import Struct

from guardhouse.core.facts import Facts
from guardhouse.core.nearest import without_port
from guardhouse.core.origin import origin_of, well_formed

__all__ = ["Sender", "sender_of"]

_PROGRAMS = pattern(
    rb"\b(node|undici|axios|got|node-fetch|deno|bun|python-requests|python-httpx2?|python-urllib|aiohttp|httpie|curl|wget"
    rb"|go-http-client|okhttp|java|apache-httpclient|guzzlehttp|ruby|faraday|postmanruntime|insomnia|dart|reqwest|php)\b",
    IGNORECASE,
)
"""What programs call themselves; only the word that was recognised is ever repeated."""

_HOPS = (b"via", b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip")


class Sender(Struct, frozen=True):
    """What a request reveals about who sent it."""

    page: str = ""
    """The origin of the page that asked, where the request names one."""
    host: str = ""
    """What the request calls this application."""
    site: str = ""
    """What the browser says about the two: same-origin, same-site, cross-site, none."""
    mode: str = ""
    program: str = ""
    """The program's own name for itself; empty for browsers."""
    through: str = ""
    """The headers that show that something stands between, by name."""
    scheme: str = "http"
    """What the browser speaks, as far as anybody says so, believed or not."""
    undeclared: bool = False
    """Whether a proxy says https that nobody declared."""
    browser: bool = False
    """Whether it calls itself one."""
    safari: bool = False

    @property
    def script(self) -> bool:
        """Whether a script of a page asked, rather than a window or a program."""
        if self.mode:
            return self.mode != "navigate"
        return bool(self.page) and not self.program

    @property
    def foreign(self) -> bool:
        """Whether the page is of another origin than the call."""
        if self.site:
            return self.site in ("same-site", "cross-site")
        return bool(self.page) and self.page.partition("://")[2] != self.host

    def __str__(self) -> str:
        if self.program:
            return f"a program ({self.program})"
        if self.mode == "navigate":
            return "a browser window"
        where = f" of {self.page}" if self.page else ""
        site = f" ({self.site})" if self.site else ""
        if self.script:
            return f"a script{where}{site}"
        return f"a browser{site}" if site else "unknown"


def sender_of(facts: Facts) -> Sender:
    """Read it off the headers."""
    proto = facts.header(b"x-forwarded-proto") or b""
    undeclared = facts.scheme in ("http", "ws") and proto.rpartition(b",")[2].strip().lower() == b"https"
    agent = facts.header(b"user-agent") or b""
    fetch_site = _text(facts.header(b"sec-fetch-site"))
    return Sender(
        page=_page(facts),
        host=_text(facts.header(b"host")),
        site=fetch_site,
        mode=_text(facts.header(b"sec-fetch-mode")),
        program="" if fetch_site else _program(agent),
        through=", ".join(name.decode() for name in _HOPS if facts.header(name) is not None),
        scheme="https" if undeclared or facts.scheme in ("https", "wss") else "http",
        undeclared=undeclared,
        browser=agent.startswith(b"Mozilla/"),
        safari=b"Safari/" in agent and b"Chrom" not in agent,
    )


def host_name(sender: Sender) -> str:
    """Name the host of the call, without its port."""
    return without_port(sender.host)


def page_name(sender: Sender) -> str:
    """Name the host of the page, without its port."""
    return without_port(sender.page.partition("://")[2])


def _page(facts: Facts) -> str:
    origin = facts.header(b"origin")
    if origin is None:
        referer = facts.header(b"referer")
        origin = origin_of(referer) if referer is not None else b""
    return _text(origin) if well_formed(origin) else ""


def _program(agent: bytes) -> str:
    found = _PROGRAMS.search(agent)
    return found[1].decode("ascii").lower() if found and not agent.startswith(b"Mozilla/") else ""


def _text(value: bytes | None) -> str:
    return (value or b"")[:100].decode("latin-1")
