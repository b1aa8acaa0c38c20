"""From a HAR file, as browsers save it, to the one request in it that is to be explained (HAR 1.2)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from guardhouse.core.facts import Header
from guardhouse.doctor.pasted import PastedError, request_of
from guardhouse.doctor.sending import Asked

__all__ = ["read_har"]

_REFUSED = frozenset({401, 403, 409, 419, 421, 422, 429, 503})


class _Pair(Struct):
    name: str
    value: str


class _Body(Struct, rename="camel"):
    text: str = ""
    mime_type: str = ""


class _Request(Struct, rename="camel"):
    method: str
    url: str
    headers: list[_Pair] = []
    cookies: list[_Pair] = []
    post_data: _Body | None = None


class _Response(Struct):
    status: int = 0


class _Entry(Struct):
    request: _Request
    response: _Response = msgspec.field(default_factory=_Response)


class _Log(Struct):
    entries: list[_Entry]


class _File(Struct):
    log: _Log


def read_har(text: str | bytes, number: int | None = None) -> Asked:
    """Read a HAR file, or one entry of it. Without a number, which begins at 1, take the first that was refused.

    Raise `PastedError` for what is no HAR, and where nothing says which entry is meant.
    """
    return _asked(_chosen(_entries(text), number).request)


def _entries(text: str | bytes) -> Sequence[_Entry]:
    body = text.encode() if isinstance(text, str) else text
    body = body.removeprefix(b"\xef\xbb\xbf")  # some tools begin their files with a byte order mark
    try:
        return msgspec.json.decode(body, type=_File).log.entries
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as no_file:
        try:
            return [msgspec.json.decode(body, type=_Entry)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise PastedError(f"it is no HAR file and no entry of one: {_worded(no_file)}.") from None


def _worded(error: Exception) -> str:
    return str(error).partition(" - ")[0].rstrip(".") or type(error).__name__


def _chosen(entries: Sequence[_Entry], number: int | None) -> _Entry:
    if not entries:
        raise PastedError("there is no entry in it.")
    if number is not None:
        if not 1 <= number <= len(entries):
            raise PastedError(f"there is no entry {number} in it: it has {len(entries)}, counted from 1.")
        return entries[number - 1]
    refused = [entry for entry in entries if entry.response.status in _REFUSED]
    if refused or len(entries) == 1:
        return (refused or entries)[0]
    raise PastedError(f"none of its {len(entries)} entries was refused: say which one, counted from 1.")


def _asked(request: _Request) -> Asked:
    try:
        headers = _headers(request)
    except UnicodeEncodeError:
        raise PastedError("a header of the entry cannot be read.") from None
    body = request.post_data.text if request.post_data is not None else ""
    return request_of(request.method, request.url, headers, body)


def _headers(request: _Request) -> list[Header]:
    """List the headers; cookies that a browser lists apart, as some do, come along too."""
    said = [
        (pair.name.lower().encode("ascii"), pair.value.encode("latin-1"))
        for pair in request.headers
        if not pair.name.startswith(":")
    ]
    names = {name for name, _ in said}
    if b"cookie" not in names and request.cookies:
        said.append((b"cookie", "; ".join(f"{one.name}={one.value}" for one in request.cookies).encode()))
    if request.post_data is not None and request.post_data.mime_type and b"content-type" not in names:
        said.append((b"content-type", request.post_data.mime_type.encode("ascii")))
    return said
