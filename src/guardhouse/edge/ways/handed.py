"""What was handed in to a way: one JSON object or one form of a declared shape, each field once and as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request

from guardhouse.core.origin import TOKEN_FIELD
from guardhouse.edge.bodies import media_type, once, read_bounded

T = TypeVar("T", bound=Struct)

__all__ = ["FORM", "JSON", "UnreadableError", "read"]

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
LONGEST = 64 * 1024
"""An attestation of a passkey has a few kilobytes."""

_MOST_FIELDS = 50
_TICKED = frozenset({"on", "true", "1"})


class UnreadableError(Exception):
    """What was handed in has not the shape of this way; says what is wrong with which field, and repeats no value."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


async def read(request: Request, shape: type[T], login_field: str) -> T:
    """Read what was handed in. The login stands under the name that the application chose, in `shape` under `login`."""
    kind = media_type(request)
    if kind == "" and request.headers.get("content-length", "0") == "0":
        kind = JSON  # nothing is handed in, which a program need not name
    if kind not in (JSON, FORM):
        # Nothing else: a form of another site can send text/plain without being asked about it first (ASVS 3.5.2).
        raise HTTPException(415, f"Send {JSON} or {FORM}.")
    body = await read_bounded(request, LONGEST)
    try:
        fields = _json(body) if kind == JSON else _form(body, shape)
    except (ValueError, RecursionError):
        raise UnreadableError("body", "it is no object with each name once") from None
    try:
        named = {
            **_named(fields, login_field, shape),
            **request.path_params,
        }  # the address is never overruled
        return msgspec.convert(named, shape, strict=kind == JSON)
    except msgspec.ValidationError as error:
        raise UnreadableError(*_said(str(error), login_field)) from None


def _json(body: bytes) -> dict[str, Any]:
    # Half of a surrogate pair is no text (RFC 8259 8.2); msgspec refuses it, and the look at doubled names would not.
    fields = msgspec.json.decode(body or b"{}", type=dict[str, Any])
    json.loads(body or b"{}", object_pairs_hook=once)
    return fields


def _form(body: bytes, shape: type[Struct]) -> dict[str, Any]:
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
    )
    fields = once(pairs)
    fields.pop(TOKEN_FIELD, None)
    boxes = {field.name for field in msgspec.structs.fields(shape) if field.type is bool}
    return fields | {name: fields.get(name) in _TICKED for name in boxes}


def _named(fields: Mapping[str, Any], login_field: str, shape: type[Struct]) -> dict[str, Any]:
    """Call the login `login`, as the shapes do, and gather what they do not name under `more`, where they have that."""
    named, known = dict(fields), {field.name for field in msgspec.structs.fields(shape)}
    if login_field in named and "login" in known:
        named["login"] = named.pop(login_field)
    if "more" in known:
        more = {name: named.pop(name) for name in [*named] if name not in known or name == "more"}
        named["more"] = more
    return named


def _said(problem: str, login_field: str) -> tuple[str, str]:
    """Turn what the decoder says into field and problem: "Expected `str`, got `int` - at `$.code`"."""
    said, _, place = problem.partition(" - at `$.")
    said = said.replace("`login`", f"`{login_field}`")
    missing = said.partition("required field `")[2].rstrip("`")
    field = missing or place.rstrip("`") or "body"
    what = "It is missing." if missing else f"{said}."
    return (login_field if field == "login" else field), what
