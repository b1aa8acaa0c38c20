"""A frozen reading of one request: what came over the wire, and nothing rebuilt from Host or URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Protocol

from msgspec import Struct

Header = tuple[bytes, bytes]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WEBSOCKET = "WS"
"""What stands for a method where somebody is told of a WebSocket, which has none."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class CookieState(Enum):
    """What the request says in the session cookie, before any store is asked."""

    ABSENT = auto()
    MALFORMED = auto()
    DUPLICATE = auto()
    PRESENT = auto()


class Presented(Struct, frozen=True, gc=False):
    """The session cookie as it came: its state and, when it is well formed, the key it is stored under."""

    state: CookieState
    key: bytes = b""

    def __repr__(self) -> str:
        return f"Presented({self.state.name})"


NOTHING_PRESENTED = Presented(CookieState.ABSENT)
MALFORMED_PRESENTED = Presented(CookieState.MALFORMED)
DUPLICATE_PRESENTED = Presented(CookieState.DUPLICATE)


class Facts(Struct, frozen=True, gc=False):
    """One request as it arrived. Header names are lower case, as ASGI has them; order and repeats are kept."""

    method: str
    path: str
    headers: Sequence[Header]
    scheme: str = "http"
    peer: str | None = None
    websocket: bool = False
    query: bytes = b""
    presented: Presented = NOTHING_PRESENTED
    single: Mapping[bytes, bytes] | None = None
    """The headers by name, where no name came twice: a look-up costs a fraction of a search."""
    raw_path: bytes = b""
    """The path as it was written, where the server says it."""

    def __repr__(self) -> str:
        """Show no header: cookies, tokens and keys are among them."""
        return f"Facts({self.method} {self.path})"

    def header(self, name: bytes) -> bytes | None:
        """Read the first line of that name."""
        if self.single is not None:
            return self.single.get(name)
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def lines(self, name: bytes) -> tuple[bytes, ...]:
        """Read every line of that name, in the order of the wire."""
        if self.single is not None:
            value = self.single.get(name)
            return () if value is None else (value,)
        found: tuple[bytes, ...] = ()
        for key, value in self.headers:
            if key == name:
                found += (value,)
        return found

    @property
    def safe(self) -> bool:
        """Whether the method promises to change nothing (RFC 9110 9.2.1); a WebSocket promises nothing."""
        return self.method in SAFE_METHODS and not self.websocket

    @property
    def navigation(self) -> bool:
        """Whether a person is looking at a browser window that waits for a page.

        `Sec-Fetch-Mode` decides where the browser sends it. Without it, a request that names HTML first and was
        not made by a script counts; a `fetch` with its `*/*` does not, so that it never follows to a login page.
        """
        if self.websocket:
            return False
        mode = self.header(b"sec-fetch-mode")
        if mode is not None:
            return mode == b"navigate"
        if self.header(b"x-requested-with") is not None:
            return False
        accept = self.header(b"accept") or b""
        return accept.lstrip().lower().startswith((b"text/html", b"application/xhtml+xml"))


class Form(Protocol):
    """The body of the request, as far as a token may be found in it."""

    @property
    def is_form(self) -> bool:
        """Whether it is of a kind that may hold one."""
        ...

    async def token(self) -> bytes | None:
        """Read the token field of a form, and leave the body to the application as it was."""
        ...


def by_name(headers: Sequence[Header]) -> Mapping[bytes, bytes] | None:
    """Index headers, unless a name came twice: then every reader must see all of its lines."""
    single = dict(headers)
    return single if len(single) == len(headers) else None
