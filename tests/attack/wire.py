"""Bytes out, bytes back: HTTP/1.1 over a socket as it was ordered, because every client library mends what it sends."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

TIMEOUT = 10.0
PATIENCE = 0.5
"""How long a request that broke off waits for an answer before it hangs up."""
LONGEST_ANSWER = 8 * 1024 * 1024
NO_BODY = frozenset({101, 204, 304})
INTERIM = (b"HTTP/1.1 100", b"HTTP/1.1 102", b"HTTP/1.1 103")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the application listens; `tls` knows whom to believe."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str = "localhost"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as bytes, and whether the client hangs up in the middle of it."""

    data: bytes
    breaks_off: bool = False
    head: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Status 0 is none at all."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    seconds: float = 0.0

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str:
        """Return the values of a header as one."""
        return ", ".join(self.all(name))

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


class Line:
    """One connection for one request."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection((address.host, address.port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.tls is not None:
            self._socket = address.tls.wrap_socket(self._socket, server_hostname=address.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, message: Message) -> Answer:
        """Send, and read one response; a server that stops listening may still have answered."""
        started = time.perf_counter()
        with suppress(OSError):
            self._socket.sendall(message.data)
        if message.breaks_off:
            self._socket.settimeout(PATIENCE)
        received = self._receive(head=message.head)
        return parse(received, seconds=time.perf_counter() - started)

    def _receive(self, *, head: bool) -> bytes:
        received = b""
        while len(received) < LONGEST_ANSWER and not complete(received, head=head):
            try:
                chunk = self._socket.recv(65536)
            except OSError:
                break
            if not chunk:
                break
            received += chunk
        return received


def exchange(address: Address, message: Message) -> Answer:
    """Send one request over its own connection."""
    with Line(address) as line:
        return line.ask(message)


def complete(received: bytes, *, head: bool) -> bool:
    """Whether a whole response has come; without a length it ends when the connection does."""
    start, found, rest = _final(received).partition(b"\r\n\r\n")
    if not found:
        return False
    answer = parse(start + found)
    if head or answer.status in NO_BODY:
        return True
    if "chunked" in answer.get("transfer-encoding").lower():
        return rest.endswith(b"0\r\n\r\n")
    length = answer.get("content-length")
    return length.isdigit() and len(rest) >= int(length)


def parse(received: bytes, *, seconds: float = 0.0) -> Answer:
    """Read a response; what is none has status 0."""
    start, _, body = _final(received).partition(b"\r\n\r\n")
    first, *lines = start.decode("latin-1").split("\r\n")
    status = first.split(" ")[1:2]
    if not first.startswith("HTTP/") or not status or not status[0].isdigit():
        return Answer(seconds=seconds)
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    answer = Answer(int(status[0]), headers, body, seconds)
    if "chunked" in answer.get("transfer-encoding").lower():
        return Answer(answer.status, headers, _joined(body), seconds)
    return answer


def _final(received: bytes) -> bytes:
    """Drop interim responses (RFC 9110 15.2)."""
    while received.startswith(INTERIM):
        received = received.partition(b"\r\n\r\n")[2]
    return received


def _joined(chunks: bytes) -> bytes:
    body = b""
    while chunks:
        size, _, rest = chunks.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        body, chunks = body + rest[:length], rest[length + 2 :]
        if not length:
            break
    return body
