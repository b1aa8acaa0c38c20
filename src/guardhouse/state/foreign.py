"""Who somebody is at a foreign login server: what that server says, and the enrolment that binds it to a user of ours.

Issuer and subject are the whole key (OpenID Connect Core 5.7). An address, a name or a `preferred_username` can be
changed by whoever has it, and be given to somebody else afterwards (CVE-2025-65431).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from guardhouse.core.reason import Reason
from guardhouse.core.verdict import NO_EVIDENCE
from guardhouse.state.enrolment import Enrolment, Kind

__all__ = ["ForeignIdentity", "ForeignRefusal", "Subject", "enrolment_of", "name_of", "subject_of"]


class ForeignIdentity(Struct, frozen=True):
    """What a login server says about who logged in there. Only issuer and subject say who it is."""

    provider: str
    """The name that the application gave to the login server."""
    issuer: str
    subject: str
    email: str | None = None
    email_verified: bool = False
    """Whether the login server says that this person reads mail at that address."""
    name: str | None = None
    claims: Mapping[str, Any] = {}
    """All that was said besides, for the application: text from outside, checked for nothing."""

    def __repr__(self) -> str:
        return f"ForeignIdentity({self.provider})"


class ForeignRefusal(Struct, frozen=True):
    """Why a login elsewhere is none here; evidence repeats nothing that a stranger or the login server wrote."""

    reason: Reason
    evidence: Mapping[str, object] = NO_EVIDENCE


class Subject(Struct, frozen=True):
    """What an enrolment of this kind says: whom it is at which issuer."""

    issuer: str
    subject: str

    def __repr__(self) -> str:
        return "Subject(...)"


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(Subject).decode


def name_of(issuer: str, subject: str) -> str:
    """Name a foreign login. No two pairs have one name: the length says where the issuer ends; a hash is short."""
    issued = issuer.encode("utf-8")
    said = b"foreign login %d:%s%s" % (len(issued), issued, subject.encode("utf-8"))
    return urlsafe_b64encode(sha256(said).digest()).rstrip(b"=").decode("ascii")


def enrolment_of(identity: ForeignIdentity, owner: str, now: float) -> Enrolment:
    """Bind this foreign login to a user, who will know it by its address or name."""
    return Enrolment(
        kind=Kind.FOREIGN,
        name=name_of(identity.issuer, identity.subject),
        owner=owner,
        created=now,
        body=_ENCODE(Subject(identity.issuer, identity.subject)),
        label=identity.email or identity.name or identity.provider,
        used=now,
    )


def subject_of(enrolment: Enrolment) -> Subject | None:
    """Read whom an enrolment is about; None for one that is not of this kind, or cannot be read."""
    if enrolment.kind is not Kind.FOREIGN:
        return None
    try:
        return _DECODE(enrolment.body)
    except msgspec.MsgspecError:
        return None
