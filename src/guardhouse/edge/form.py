"""Looks for the CSRF token in a form, and hands the body on to the application as if nobody had read it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Iterable
from urllib.parse import parse_qsl

from starlette.types import Message, Receive

from guardhouse.core.origin import TOKEN_FIELD

LONGEST_FORM = 64 * 1024
"""A longer form is passed on unread, and its token must come in a header."""

MOST_FIELDS = 200


class FormReader:
    """Reads ahead, within bounds, and replays.

    What the application reads of a form is remembered too, for it may ask for the login after that.
    """

    __slots__ = ("_ahead", "_headers", "_is_form", "_over", "_read", "_receive")

    def __init__(self, receive: Receive, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._receive = receive
        self._ahead: deque[Message] = deque()
        self._read = b""
        self._over = False
        self._headers = headers
        self._is_form: bool | None = None

    @property
    def is_form(self) -> bool:
        """Whether the body is a URL-encoded form; looked up when the first somebody wants to know."""
        if self._is_form is None:
            self._is_form = _is_form(self._headers)
        return self._is_form

    def receive(self) -> Awaitable[Message]:
        """Give the application what was read ahead first."""
        if self._ahead:
            return self._replay()
        return self._next() if self.is_form and not self._over else self._receive()

    async def _replay(self) -> Message:
        return self._ahead.popleft()

    def end(self) -> None:
        """Let go of the server's channel: the answer is complete."""
        self._receive = disconnected

    async def token(self) -> bytes | None:
        """Find the token field of a URL-encoded form; other bodies are not touched."""
        if not self.is_form:
            return None
        while not self._over:
            self._ahead.append(await self._next())
        return _field(self._read)

    async def _next(self) -> Message:
        message = await self._receive()
        self._read += message.get("body", b"")
        ended = message["type"] != "http.request" or not message.get("more_body", False)
        self._over = ended or len(self._read) > LONGEST_FORM
        return message


async def disconnected() -> Message:
    """Say what a server says to whoever listens after the answer is complete (ASGI HTTP, Disconnect)."""
    return {"type": "http.disconnect"}


def _is_form(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"content-type":
            return value.split(b";")[0].strip(b" \t").lower() == b"application/x-www-form-urlencoded"
    return False


def _field(body: bytes) -> bytes | None:
    """Read the field when it is there exactly once; two tokens are nobody's."""
    if len(body) > LONGEST_FORM:
        return None
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    tokens = [value for name, value in fields if name == TOKEN_FIELD]
    return tokens[0].encode("utf-8", "replace") if len(tokens) == 1 else None
