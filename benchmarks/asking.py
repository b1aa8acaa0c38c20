"""What a browser sends, as values: the same headers, and as many bytes of cookies and tokens, to every contestant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Header: TypeAlias = tuple[bytes, bytes]
Jar: TypeAlias = Mapping[str, str]

HOST = "bench.example"
COOKIES = 5
CARRIED_BYTES = 480
"""How many bytes the values of Cookie and Authorization have together."""

SAME_ORIGIN: tuple[Header, ...] = ((b"sec-fetch-site", b"same-origin"),)
FOREIGN: tuple[Header, ...] = ((b"sec-fetch-site", b"cross-site"), (b"origin", b"https://elsewhere.example"))

_BROWSER: tuple[Header, ...] = (
    (b"host", HOST.encode()),
    (
        b"user-agent",
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
    ),
    (b"accept", b"application/json, text/plain, */*"),
    (b"accept-language", b"en-GB,en;q=0.9"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
)
_STRANGERS = ("_ga", "theme", "lang", "consent", "seen")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    method: str
    path: str
    headers: tuple[Header, ...]
    body: bytes = b""

    def scope(self) -> dict[str, Any]:
        """Write it as an ASGI scope in which no byte string was seen before, as a server would."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "https",
            "method": self.method,
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "headers": [(_copy(name), _copy(value)) for name, value in self.headers],
            "state": {},
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


Send: TypeAlias = Callable[[Ask], Awaitable[Answer]]


def get(path: str, jar: Jar, *marks: Header) -> Ask:
    """Ask as `fetch` does for a page of the same origin."""
    return Ask("GET", path, (*_BROWSER, *SAME_ORIGIN, *marks, _cookie(jar)))


def post(path: str, jar: Jar, *marks: Header, body: bytes = b"") -> Ask:
    """Ask to change something, with what the browser and the page add to say where it comes from."""
    length = (b"content-length", str(len(body)).encode())
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    return Ask("POST", path, (*_BROWSER, *marks, length, *([kind] if body else []), _cookie(jar)), body)


def own_origin(token: Header | None) -> tuple[Header, ...]:
    """Mark a request as one from a page of the application itself; who has no token sends as many bytes."""
    return (*SAME_ORIGIN, (b"origin", f"https://{HOST}".encode()), token or (b"x-nothing", b"n" * 80))


def padded(jar: Jar, *marks: Header) -> Jar:
    """Add what other parties keep in every browser, until number and size are the same for all.

    What goes with the request besides, such as a token in Authorization, counts as if it were a cookie.
    """
    strangers = dict.fromkeys(_STRANGERS[: COOKIES - len(jar)], "1")
    carried = len(_line({**strangers, **jar})) + sum(len(value) for _, value in marks)
    missing = CARRIED_BYTES - carried
    if missing < 0:
        raise ValueError(f"the cookies are {-missing} bytes longer than CARRIED_BYTES; raise it")
    return {**strangers, _STRANGERS[0]: "G" * (missing + 1), **jar}


def _cookie(jar: Jar) -> Header:
    return (b"cookie", _line(jar).encode("latin-1"))


def _line(jar: Jar) -> str:
    return "; ".join(f"{name}={value}" for name, value in jar.items())


def _copy(value: bytes) -> bytes:
    """Make another object of the same bytes: a bytes object keeps its hash, and a new request has none yet."""
    return bytes(bytearray(value))
