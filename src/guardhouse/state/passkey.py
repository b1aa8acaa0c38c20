"""A passkey as it is kept: its public key, its counter, and what its authenticator said of it. None of it is secret."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import msgspec
from msgspec import Struct

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.record import NO_RECORD

__all__ = ["HANDLE_BYTES", "Asserted", "Fault", "Passkey", "Rejected", "handle_for", "name_of"]

HANDLE_BYTES = 32


class Passkey(Struct, frozen=True, array_like=True):
    """One passkey; what its user calls it is the label of its enrolment, and its name there is `name_of(id)`."""

    id: bytes
    public_key: bytes
    """As COSE writes it."""
    handle: bytes
    """What its authenticator calls the user: random, because everybody who holds the device can read it (14.6.1)."""
    sign_count: int = 0
    """How often it was used; authenticators that share it among devices say 0 for ever."""
    transports: tuple[str, ...] = ()
    """How browsers reach it, for them to offer the right thing."""
    aaguid: str = ""
    """Which make it is, as it says itself; all zeros where it says nothing."""
    shared: bool = False
    """Whether it may lie on several devices (backup eligible); that never changes."""
    backed_up: bool = False

    def encode(self) -> bytes:
        """Write it for an enrolment's body."""
        return _encode(self)

    @staticmethod
    def of(enrolment: Enrolment) -> Passkey | None:
        """Read an enrolment's body; None for anything else that may lie there."""
        try:
            return _decode(enrolment.body) if enrolment.kind is Kind.PASSKEY else None
        except NO_RECORD:
            return None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Passkey).decode


class Fault(Enum):
    """What was wrong with an answer, for the log. A visitor is told one thing for all of them."""

    UNREADABLE = "unreadable"
    WRONG_TYPE = "wrong_type"
    WRONG_CHALLENGE = "wrong_challenge"
    WRONG_ORIGIN = "wrong_origin"
    CROSS_ORIGIN = "cross_origin"
    """It was made in a frame of another site's page."""
    WRONG_RELYING_PARTY = "wrong_relying_party"
    USER_ABSENT = "user_absent"
    USER_UNVERIFIED = "user_unverified"
    IMPOSSIBLE_FLAGS = "impossible_flags"
    """Backed up, and not to be backed up; or to be backed up now and not when it was made (7.2, step 18)."""
    ATTESTATION = "attestation"
    """It brought a certificate that was not asked for, or an attestation that does not hold."""
    UNUSABLE_KEY = "unusable_key"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    ANOTHER_USER = "another_user"
    WRONG_HANDLE = "wrong_handle"
    WRONG_SIGNATURE = "wrong_signature"
    COUNTER_BACK = "counter_back"
    """The signature is good and the counter is not beyond the last: there may be a copy of the key. Tell its user."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An answer that proves nothing."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Asserted:
    """An answer that proves its passkey: as it is to be kept from now on, and whether the authenticator knew its user."""

    passkey: Passkey
    user_verified: bool


def name_of(credential_id: bytes) -> str:
    """Write the id of a passkey as the name of its enrolment."""
    return urlsafe_b64encode(credential_id).rstrip(b"=").decode("ascii")


def handle_for(passkeys: Iterable[Passkey], chance: bytes) -> bytes:
    """Return what authenticators call a user: as those that he has do, so that a new one replaces the old on its device."""
    if len(chance) != HANDLE_BYTES:
        raise ValueError(f"a user handle is made of {HANDLE_BYTES} random bytes")
    return next((passkey.handle for passkey in passkeys), chance)
