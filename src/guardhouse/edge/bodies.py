"""Bodies of guardhouse's own endpoints: one JSON object of a known shape, or a problem document that names the field."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

T = TypeVar("T")

LONGEST = 16 * 1024


async def read_json(request: Request, shape: type[T]) -> T:
    """Read the body. Only `application/json`, which no form of another site can send (ASVS 3.5.2), and no name twice."""
    if media_type(request) != "application/json":
        raise HTTPException(415, "Send application/json.")
    body = await read_bounded(request, LONGEST)
    try:
        read = msgspec.json.decode(body, type=shape, strict=True)
        json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        detail = str(error) if isinstance(error, msgspec.ValidationError) else "This is not one JSON object."
        raise HTTPException(422, detail) from None
    return read


def media_type(request: Request) -> str:
    """Return the media type of the body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_bounded(request: Request, most: int) -> bytes:
    """Read the body as it comes, and refuse one that is longer while it does."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise HTTPException(413, f"{most} bytes at most.")
    except ClientDisconnect:
        # Nobody hears the answer; unanswered it would be an error in the log, at a stranger's will.
        raise HTTPException(400, "The body was broken off.") from None
    return body


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its names and values. Raise `ValueError` where a name came twice."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name came twice")
    return fields


def unprocessable(field: str, problem: str, *, status: int = 422) -> Response:
    """Say which field cannot be granted (RFC 9457)."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": "Forbidden" if status == 403 else "Unprocessable Content",  # noqa: PLR2004 - the HTTP status
        "status": status,
        "detail": f"{field}: {problem}",
        "field": field,
    }
    headers = {"Cache-Control": "no-store"}
    return JSONResponse(document, status, headers, media_type="application/problem+json")
