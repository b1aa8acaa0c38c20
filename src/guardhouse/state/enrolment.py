"""What a user has enrolled to prove who he is with: a value that a store keeps, found by kind and name."""

from __future__ import annotations

from enum import Enum
from math import isfinite

from msgspec import UNSET, Struct, UnsetType

LONGEST_NAME = 2000
"""Bytes of UTF-8. The id of a passkey has up to 1023 bytes, which are 1364 letters (WebAuthn Level 2, 4)."""
LONGEST_LABEL = 200
"""Letters. It is what a user types, so whoever asks for it must say so to him before."""
LONGEST_BODY = 65_536
"""Bytes."""


class Kind(Enum):
    """What kind of proof it is; its value is what a store writes."""

    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"
    FOREIGN = "foreign"
    """A login at a foreign login server, named by issuer and subject."""
    REMEMBERED = "remembered"
    """A device that stays logged in: a series, whose value changes with every use."""
    TRUSTED = "trusted"
    """A device that is not asked for the second factor again."""
    INVITATION = "invitation"
    """An invitation that nobody has answered: of no user yet, but of an address."""


DEVICES = (Kind.REMEMBERED, Kind.TRUSTED)
"""What a user has on a device that let him in before; who logs out everywhere wants these withdrawn too."""


class Enrolment(Struct, frozen=True):
    """One proof of one user. Moments are epoch seconds.

    `name` is unique within its kind, over all users: a random id, the id of a passkey, the hash of a code. `body` is
    what the kind needs to weigh a proof, sealed or hashed where it is secret; it is in no repr. `version` counts the
    changes, so that of two who change it from what they both read one loses. What no store could keep, because it is too
    long, no Unicode text or no number, is a `ValueError` here, so that it is the same on every store.
    """

    kind: Kind
    name: str
    owner: str
    """Whose it is, as `provider:id`."""
    created: float
    body: bytes = b""
    label: str = ""
    """What its user calls it: text from outside, shown to nobody else."""
    used: float | None = None
    ends: float | None = None
    """After which moment it proves nothing; None is never."""
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse what no store could keep."""
        if not self.name or len(_utf8("name", self.name)) > LONGEST_NAME:
            raise ValueError(f"name: an enrolment has one, of {LONGEST_NAME} bytes at most")
        if len(self.label) > LONGEST_LABEL:
            raise ValueError(f"label: longer than {LONGEST_LABEL} letters")
        if len(self.body) > LONGEST_BODY:
            raise ValueError(f"body: longer than {LONGEST_BODY} bytes")
        _utf8("label", self.label)
        _utf8("owner", self.owner)
        if not all(moment is None or isfinite(moment) for moment in (self.created, self.used, self.ends)):
            raise ValueError("created, used, ends: a moment is a finite number, and never is None")

    def __repr__(self) -> str:
        return f"Enrolment({self.kind.value} of {self.owner}, version {self.version})"

    def changed(
        self,
        *,
        body: bytes | UnsetType = UNSET,
        label: str | UnsetType = UNSET,
        used: float | UnsetType = UNSET,
        ends: float | UnsetType | None = UNSET,
    ) -> Enrolment:
        """Return the next version with these things changed, for a store to put in the place of this one."""
        return Enrolment(
            kind=self.kind,
            name=self.name,
            owner=self.owner,
            created=self.created,
            body=self.body if body is UNSET else body,
            label=self.label if label is UNSET else label,
            used=self.used if used is UNSET else used,
            ends=self.ends if ends is UNSET else ends,
            version=self.version + 1,
        )


def alive(enrolment: Enrolment, now: float) -> bool:
    """Whether it still proves something."""
    return enrolment.ends is None or now < enrolment.ends


def require_next(before: Enrolment, after: Enrolment) -> None:
    """Raise `ValueError` where `after` is not what `before.changed(...)` makes of it."""
    if not is_same(before, after) or after.version != before.version + 1:
        raise ValueError(
            f"change: {after!r} is not the next version of {before!r}; make it with before.changed(...)"
        )


def is_same(one: Enrolment, other: Enrolment) -> bool:
    """Whether two are versions of one enrolment. One that was withdrawn and enrolled again is another."""
    return (one.kind, one.name, one.owner, one.created) == (
        other.kind,
        other.name,
        other.owner,
        other.created,
    )


def _utf8(part: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{part}: is no Unicode text, it holds half a surrogate pair") from None
