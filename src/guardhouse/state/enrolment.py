"""What a user has enrolled to prove who he is with: a value that a store keeps, found by kind and name."""

from __future__ import annotations

from enum import Enum

from msgspec import UNSET, Struct, UnsetType


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


class Enrolment(Struct, frozen=True):
    """One proof of one user. Moments are epoch seconds.

    `name` is unique within its kind, over all users: a random id, the id of a passkey, the hash of a code. `body` is
    what the kind needs to weigh a proof, sealed or hashed where it is secret; it is in no repr. `version` counts the
    changes, so that of two who change it from what they both read one loses.
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
    """Whether it still proves something; a deadline that is no number has passed."""
    return enrolment.ends is None or now < enrolment.ends
