"""A client with one connection to each worker, a time-out, and words for what came back."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.faults.history import Outcome

TIMEOUT = 5.0
COOKIE = "__Host-gh"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *" + COOKIE.encode() + rb"=([^;\r]+)", re.IGNORECASE)
_GONE = frozenset(
    {"session_unknown", "session_expired", "session_gone", "session_ended", "no_credential", "no_login"}
)


@dataclass(frozen=True, slots=True)
class Told:
    """What a client was told."""

    outcome: Outcome
    start: float
    end: float
    said: str
    body: Mapping[str, Any]
    cookie: str | None = None
    """The session id that came, if one did; empty where it was taken away."""


class Client:
    """One browser's line to each of the workers."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._lines: dict[int, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}

    async def ask(self, worker: int, method: str, path: str, cookie: str = "") -> Told:
        """Ask a worker, and say what it came to."""
        start = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT):
                head, body = await self._exchange(self._ports[worker], request(method, path, cookie))
        except TimeoutError:
            self._drop(self._ports[worker])
            return Told(Outcome.MAYBE, start, time.monotonic(), "no answer", {})
        except (OSError, asyncio.IncompleteReadError, AttributeError) as error:
            self._drop(self._ports[worker])
            return Told(Outcome.MAYBE, start, time.monotonic(), type(error).__name__, {})
        return _understood(head, body, start, time.monotonic())

    def close(self) -> None:
        """Let go of the connections."""
        for port in list(self._lines):
            self._drop(port)

    async def _exchange(self, port: int, asked: bytes) -> tuple[bytes, bytes]:
        if port not in self._lines:
            self._lines[port] = await asyncio.open_connection("127.0.0.1", port)
        reader, writer = self._lines[port]
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return head, await reader.readexactly(int(length[1]) if length else 0)

    def _drop(self, port: int) -> None:
        line = self._lines.pop(port, None)
        if line is not None:
            line[1].transport.abort()


def request(method: str, path: str, cookie: str) -> bytes:
    """Write a request as a page of the application sends it."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench.example", "sec-fetch-site: same-origin", "accept: */*"]
    lines += [f"cookie: {COOKIE}={cookie}"] if cookie else []
    lines += ["content-length: 0"] if method == "POST" else []
    return "\r\n".join([*lines, "", ""]).encode()


def _understood(head: bytes, body: bytes, start: float, end: float) -> Told:
    status = int(head[9:12])
    said: dict[str, Any] = {}
    with suppress(ValueError):
        said = json.loads(body)
    cookie = _COOKIE.search(head)
    code = str(said.get("code", ""))
    given = cookie[1].decode().strip('"') if cookie else None
    return Told(_outcome(status, code), start, end, f"{status} {code}".strip(), said, given)


def _outcome(status: int, code: str) -> Outcome:
    if status == 200:  # noqa: PLR2004 - the status codes of HTTP
        return Outcome.DONE
    if code in _GONE:
        return Outcome.GONE
    if status in {409, 429}:  # used before, or tried too often
        return Outcome.REFUSED
    return Outcome.MAYBE if status == 503 else Outcome.ODD  # noqa: PLR2004
