"""Read what a browser sends of an authenticator, strictly, before anything of it is believed.

The library reads base64 and client data leniently, and does not look at `crossOrigin`; so what it is given was read here.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

import msgspec
from msgspec import Struct

from guardhouse.state.passkey import Fault
from guardhouse.state.record import NO_RECORD
from guardhouse.state.relying_party import RelyingParty

__all__ = ["Assertion", "Attestation", "Client", "Signed", "fault_in", "read_assertion", "read_attestation"]

LONGEST_ID = 1023
"""Of a credential (WebAuthn 7.1, step 25)."""

_USER_PRESENT, _USER_VERIFIED, _SHARED, _BACKED_UP = 0x01, 0x04, 0x08, 0x10
_FLAGS, _SIGNED_BYTES = 32, 37


class Client(Struct, frozen=True, rename="camel"):
    """What the browser says about where the answer was made (`CollectedClientData`)."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False
    top_origin: str | None = None


class _Response(Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str = msgspec.field(name="authenticatorData", default="")
    signature: str = ""
    user_handle: str | None = msgspec.field(name="userHandle", default=None)
    attestation_object: str = msgspec.field(name="attestationObject", default="")
    transports: list[str] = []


class _Sent(Struct, frozen=True):
    """A credential as `toJSON()` writes it; what else stands there is for others."""

    id: str
    raw_id: str = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: _Response


@dataclass(frozen=True, slots=True)
class Signed:
    """What an authenticator says of itself and its user, in the first bytes of what it signs."""

    party: bytes
    """SHA-256 of the id that it was asked for."""
    present: bool
    verified: bool
    """Whether it knew its user, by a finger, a face or a PIN."""
    shared: bool
    backed_up: bool
    count: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """An answer that should prove a passkey."""

    id: bytes
    client: Client
    client_bytes: bytes
    challenge: bytes
    signed: Signed
    signed_bytes: bytes
    signature: bytes
    handle: bytes | None


@dataclass(frozen=True, slots=True)
class Attestation:
    """An answer that should make a passkey."""

    id: bytes
    client: Client
    client_bytes: bytes
    challenge: bytes
    object: bytes
    transports: tuple[str, ...]


def read_assertion(document: object) -> Assertion | None:
    """Read the answer to a question for a passkey; None for anything else."""
    sent = _converted(document)
    client = _client(sent) if sent else None
    if sent is None or client is None:
        return None
    data, signature = _bytes(sent.response.authenticator_data), _bytes(sent.response.signature)
    handle = None if sent.response.user_handle is None else _bytes(sent.response.user_handle)
    signed = signed_in(data) if data else None
    if (
        data is None
        or signed is None
        or not signature
        or (handle is None) is not (sent.response.user_handle is None)
    ):
        return None
    identity, (told, raw, challenge) = _bytes(sent.id) or b"", client
    return Assertion(identity, told, raw, challenge, signed, data, signature, handle)


def read_attestation(document: object) -> Attestation | None:
    """Read the answer to the question for a new passkey; None for anything else."""
    sent = _converted(document)
    client = _client(sent) if sent else None
    made = _bytes(sent.response.attestation_object) if sent else None
    if sent is None or client is None or not made:
        return None
    identity, (told, raw, challenge) = _bytes(sent.id) or b"", client
    return Attestation(identity, told, raw, challenge, made, tuple(sent.response.transports))


def signed_in(data: bytes) -> Signed | None:
    """Read the part of authenticator data that is always there (WebAuthn 6.1)."""
    if len(data) < _SIGNED_BYTES:
        return None
    flags = data[_FLAGS]
    return Signed(
        party=data[:_FLAGS],
        present=bool(flags & _USER_PRESENT),
        verified=bool(flags & _USER_VERIFIED),
        shared=bool(flags & _SHARED),
        backed_up=bool(flags & _BACKED_UP),
        count=int.from_bytes(data[_FLAGS + 1 : _SIGNED_BYTES]),
    )


def fault_in(
    answer: Assertion | Attestation, signed: Signed, kind: str, party: RelyingParty, challenge: bytes
) -> Fault | None:
    """Name the first thing that is wrong with an answer, in the order of WebAuthn 7.1 and 7.2."""
    client = answer.client
    return next(
        (
            fault
            for fault, found in (
                (Fault.WRONG_TYPE, client.type != kind),
                (Fault.WRONG_CHALLENGE, not compare_digest(answer.challenge, challenge)),
                (Fault.WRONG_ORIGIN, client.origin not in party.origins),
                (Fault.CROSS_ORIGIN, client.cross_origin or client.top_origin is not None),
                (Fault.WRONG_RELYING_PARTY, signed.party != sha256(party.id.encode()).digest()),
                (Fault.USER_ABSENT, not signed.present),
                (Fault.USER_UNVERIFIED, not signed.verified and not party.insecure_unverified_user),
                (Fault.IMPOSSIBLE_FLAGS, signed.backed_up and not signed.shared),
            )
            if found
        ),
        None,
    )


def _converted(document: object) -> _Sent | None:
    try:
        sent = msgspec.convert(document, _Sent)
    except msgspec.ValidationError:
        return None
    identity = _bytes(sent.id)
    return sent if sent.id == sent.raw_id and identity and len(identity) <= LONGEST_ID else None


def _client(sent: _Sent) -> tuple[Client, bytes, bytes] | None:
    raw = _bytes(sent.response.client_data)
    try:
        client = msgspec.json.decode(raw or b"", type=Client)
    except NO_RECORD:
        return None
    challenge = _bytes(client.challenge)
    return None if raw is None or challenge is None else (client, raw, challenge)


def _bytes(text: str) -> bytes | None:
    """Read base64url without padding, in its one spelling."""
    try:
        value = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    return value if urlsafe_b64encode(value).rstrip(b"=") == text.encode("ascii") else None
