"""An application called as a server calls it: what it reads is counted, what it sends is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message

Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass
class Exchange:
    """One request over ASGI, and what became of it."""

    chunks: Sequence[bytes]
    reads: int = 0
    bytes_read: int = 0
    sent: list[Message] = field(default_factory=list)

    async def receive(self) -> Message:
        """Hand out the next chunk of the body, as a server does."""
        at, self.reads = self.reads, self.reads + 1
        if at >= len(self.chunks):
            return {"type": "http.disconnect"}
        self.bytes_read += len(self.chunks[at])
        return {"type": "http.request", "body": self.chunks[at], "more_body": at + 1 < len(self.chunks)}

    async def send(self, message: Message) -> None:
        """Keep what the application sends."""
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer, a repeated one joined."""
        found: dict[str, str] = {}
        for name, value in self.sent[0]["headers"]:
            key = name.decode()
            found[key] = f"{found[key]}\n{value.decode()}" if key in found else value.decode()
        return found

    @property
    def reason(self) -> str | None:
        return self.headers.get("guardhouse-reason")

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def scope(method: str, path: str, headers: Headers = (), **changes: Any) -> dict[str, Any]:
    """A scope as uvicorn makes it, over https."""
    pairs: Iterable[tuple[str, str]] = headers.items() if isinstance(headers, Mapping) else headers
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs]
    plain, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"testserver"), *raw],
        "client": ("192.0.2.1", 50000),
        "server": ("testserver", 443),
    } | changes


async def call(
    app: ASGIApp,
    method: str,
    path: str,
    headers: Headers = (),
    chunks: Sequence[bytes] = (b"",),
    **changes: Any,
) -> Exchange:
    """Let the application answer one request."""
    exchange = Exchange(chunks)
    await app(scope(method, path, headers, **changes), exchange.receive, exchange.send)
    return exchange
