"""A ticket: a signed statement, good for one purpose and a short while, that a link carries to a person and back.

It holds no secret and is kept nowhere. That it counts once is up to what it is bound to: a link to a new password to the
old one, a link that verifies an address to the address. The text is `key.payload.mac`, each part in base64url.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from guardhouse.vault.keyring import Keyring

__all__ = ["BadTicket", "Purpose", "Ticket", "mint", "read"]

Purpose: TypeAlias = Literal["reset", "verify", "address", "enter", "invite"]

BadTicket: TypeAlias = Literal["forged", "unknown key", "expired"]

LONGEST = 2048
_PARTS = 3
_MAC_BYTES = 32


class Ticket(Struct, frozen=True, array_like=True):
    """For whom it is, as `provider:id`, what it is bound to, and until when it is good, in epoch seconds.

    `binding` is the fingerprint of a password or an address; `name` is random, for what is remembered as used.
    """

    owner: str
    binding: str
    ends: float
    name: bytes = b""

    def __repr__(self) -> str:
        return f"Ticket(for {self.owner!r}, until {self.ends})"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Ticket).decode


def mint(keys: Keyring, purpose: Purpose, ticket: Ticket) -> str:
    """Write a ticket as text for a link."""
    signer, payload = keys.purpose(f"ticket:{purpose}"), _encode(ticket)
    return ".".join((signer.key_id, _text(payload), _text(signer.mac(payload))))


def read(keys: Keyring, purpose: Purpose, text: str, now: float) -> Ticket | BadTicket:
    """Read what a link brought back; a ticket of one purpose is none of another's."""
    parts = text.split(".") if len(text) <= LONGEST and text.isascii() else []
    if len(parts) != _PARTS:
        return "forged"
    key_id, payload, mac = parts[0], _bytes(parts[1]), _bytes(parts[2])
    signer = keys.purpose(f"ticket:{purpose}")
    if payload is None or mac is None or len(mac) != _MAC_BYTES or len(key_id) != len(signer.key_id):
        return "forged"
    if not signer.knows(key_id):
        return "unknown key"
    if not signer.verify(key_id, payload, mac):
        return "forged"
    ticket = _decode(payload)  # what we signed, we wrote
    return ticket if now < ticket.ends else "expired"


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes | None:
    """Decode one spelling only, so that no ticket has two."""
    try:
        value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return value if _text(value) == text else None
