"""An enrolment as a row, on every store: its whole value in the body, and beside it only what is looked for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.stores.server_schema import named

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Enrolment).decode


def enrolment_of(body: bytes) -> Enrolment:
    """Read a row. What cannot be read is an error and never absent: a second factor would seem not to be there."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"an enrolment cannot be read: {error}") from error


def called(name: str, found: Iterable[Enrolment]) -> Enrolment | None:
    """Take the one of this name. It is looked for by its hash where it is long, and a short name can be made to look so."""
    return next((one for one in found if one.name == name), None)


def kind_name(kind: Kind) -> bytes:
    """Write a kind as it is looked for."""
    return named(kind.value)
