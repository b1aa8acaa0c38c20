"""What curl commands and HAR files have in common: somebody's request, as a browser once sent it, to be weighed again."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from guardhouse.core.facts import WEBSOCKET, Header
from guardhouse.doctor.sending import Asked

__all__ = ["PastedError", "request_of", "writable"]

_SOCKETS = {"ws": "http", "wss": "https"}
_OF_THE_WIRE = frozenset({b"content-length", b"transfer-encoding", b"connection", b"accept-encoding"})
"""Headers about how the request travelled, which it does not do again."""


class PastedError(ValueError):
    """What was pasted cannot be read; the text says what, and what to paste instead. It repeats no value of it."""


def request_of(method: str, address: str, headers: Sequence[Header], body: str) -> Asked:
    """Make the request. A handshake of a WebSocket is one, whatever its address begins with."""
    scheme, rest = _parts(address)
    if scheme in _SOCKETS or any(
        name == b"upgrade" and value.lower() == b"websocket" for name, value in headers
    ):
        scheme, method = _SOCKETS.get(scheme, scheme), WEBSOCKET
    if not (method.isascii() and method.isalpha()):
        raise PastedError("its method is none: a method is a word such as GET.")
    sent = tuple(header for header in headers if header[0] not in _OF_THE_WIRE)
    return Asked(method.upper(), f"{scheme}://{rest}", sent, body.encode("utf-8", "surrogatepass"))


def writable(text: str) -> bool:
    """Whether it can be sent: half of a surrogate pair, which a terminal makes of what is no UTF-8, cannot."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _parts(address: str) -> tuple[str, str]:
    """Split an address behind its scheme, without its fragment, which no browser sends."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it is what finds a wrong one
    except ValueError:
        raise PastedError("its address cannot be read.") from None
    if parts.scheme not in ("http", "https", *_SOCKETS) or not parts.hostname:
        raise PastedError("its address begins with neither http:// nor https://.")
    return parts.scheme, address.partition("#")[0].partition("://")[2]
