"""A token as a row: its body, and beside it when it was last used, which is written without the body."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from guardhouse.errors import StoreError
from guardhouse.state.token import TokenRecord

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TokenRecord).decode


def token_of(body: bytes, used: float | None) -> TokenRecord:
    """Read a row. What cannot be read is an error and no token: it would be one that was never revoked."""
    try:
        record = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"a token cannot be read: {error}") from error
    return record if record.used == used else replace(record, used=used)
