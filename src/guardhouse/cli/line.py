"""One connection to a running demo: each request counted in bytes and seconds, and what cannot be asked said in one line."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import Any, Self, cast
from urllib.parse import urlsplit

from msgspec import Struct

from guardhouse.cli.loading import UnusableError
from guardhouse.cli.output import plain

TIMEOUT = 10.0
_BAD = 400


class Answer(Struct, frozen=True):
    """What came back, how long that took, and how many bytes went each way, head and body."""

    status: int
    reason: str
    seconds: float
    sent: int
    received: int
    headers: HTTPMessage
    body: bytes

    @property
    def verdict(self) -> str:
        """Say the status, and the code of a refusal."""
        return f"{self.status} {plain(self.reason)}".strip()

    def document(self) -> dict[str, Any]:
        """Read the body as one JSON object; a refusal, and what is none, is an error."""
        try:
            found: object = json.loads(self.body)
        except ValueError:
            found = None
        if self.status >= _BAD or not isinstance(found, dict):
            raise UnusableError(f"the demo answers {self.verdict}. Is it a guardhouse demo of this version?")
        return cast("dict[str, Any]", found)


class Line:
    """A connection that stays open for many requests. Use it as a context manager, which closes it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._host, self._connection = _opened(url)

    def __enter__(self) -> Self:
        """Return the line; it connects with the first request."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        """Send one request. After one that was broken off, the next begins on a new connection."""
        data = b"" if body is None else json.dumps(body).encode()
        own = {} if body is None else {"Content-Type": "application/json", "Content-Length": str(len(data))}
        sent = {"Host": self._host, **own, **(headers or {})}
        began = time.perf_counter()
        with ExitStack() as broken_off:
            broken_off.callback(self._connection.close)
            try:
                status, said, read = self._exchange(method, path, sent, data)
            except (OSError, HTTPException) as error:
                problem = plain(str(error) or type(error).__name__)
                text = f"{plain(self.url)} does not answer ({problem}): start `guardhouse demo` first."
                raise UnusableError(text) from error
            broken_off.pop_all()
        seconds = time.perf_counter() - began
        up = len(f"{method} {path} HTTP/1.1\r\n\r\n") + _size(sent) + len(data)
        down = len(f"HTTP/1.1 {status} OK\r\n\r\n") + _size(said) + len(read)
        return Answer(status, said.get("guardhouse-reason", ""), seconds, up, down, said, read)

    def _exchange(
        self, method: str, path: str, headers: Mapping[str, str], data: bytes
    ) -> tuple[int, HTTPMessage, bytes]:
        self._connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self._connection.putheader(name, value)
        self._connection.endheaders(data or None)
        answer = self._connection.getresponse()
        return answer.status, answer.msg, answer.read()


def _opened(url: str) -> tuple[str, HTTPConnection]:
    """Read an address into what goes into Host, and a connection that is not made yet."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("http", "https") or not host or rest or not url.isprintable():
        raise UnusableError(f"{plain(url)!r} is no address of a demo; write http://127.0.0.1:8000.")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return parts.netloc, kind(host, port, timeout=TIMEOUT)


def _size(headers: Mapping[str, str] | HTTPMessage) -> int:
    return sum(len(name) + len(value) + len(": \r\n") for name, value in headers.items())
