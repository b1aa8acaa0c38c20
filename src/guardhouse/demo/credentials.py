"""What came to the login desk: one JSON object or one form, each field once and as text, or a refusal that says so."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from guardhouse.core.answer import Refusal
from guardhouse.core.reasons import Reason
from guardhouse.gate.refused import Refused

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LONGEST_BODY = 16 * 1024


class Credentials(msgspec.Struct, frozen=True):
    """What a person hands in to log in. The password is in no repr."""

    email: str
    password: str
    remember: bool = False
    next: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.email!r})"


def media_type(request: Request) -> str:
    """Return the media type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read(request: Request) -> Credentials:
    """Read the credentials; what cannot be read is refused, and nothing of it is repeated."""
    kind = media_type(request)
    if kind not in (JSON, FORM):
        raise HTTPException(415, f"A login is {JSON} or {FORM}.")
    body = await _body(request)
    try:
        fields = _json(body) if kind == JSON else _form(body)
        return msgspec.convert(fields, Credentials, strict=kind == JSON)
    except (ValueError, RecursionError):
        raise malformed() from None


def malformed() -> Refused:
    """Say what a login needs."""
    return Refused(Refusal(Reason.LOGIN_MALFORMED, "login", {"fields": "email and password"}))


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST_BODY:
                raise HTTPException(413, f"A login has {LONGEST_BODY} bytes at most.")
    except (
        ClientDisconnect
    ):  # nobody hears the answer; unanswered it would be an error in the log, at a stranger's will
        raise HTTPException(400, "The body was broken off.") from None
    return body


def _json(body: bytes) -> dict[str, Any]:
    # Half of a surrogate pair is no text (RFC 8259 8.2); msgspec refuses it, and the look at doubled names would not.
    fields = msgspec.json.decode(body, type=dict[str, Any])
    json.loads(body, object_pairs_hook=_once)
    return fields


def _form(body: bytes) -> dict[str, Any]:
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    fields = _once(pairs)
    return fields | {"remember": fields.get("remember") in ("on", "true", "1")}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field came twice")
    return fields
