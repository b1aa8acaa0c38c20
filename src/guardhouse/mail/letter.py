"""What is to be said to whom, before anybody has written it out: a value that a flow can make and a test can compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from re import compile as pattern

__all__ = ["NEEDED", "Kind", "Letter", "Value"]

Value = str | int | datetime

_NAME = pattern(r"[a-z][a-z0-9_]{0,63}")
"""A kind names two files, so it may not lead out of their folder."""


class Kind(StrEnum):
    """The letters that come with guardhouse; each is a template of text and one of HTML under this name."""

    VERIFY_ADDRESS = "verify_address"
    CONFIRM_NEW_ADDRESS = "confirm_new_address"
    """To the new address, which counts only after this."""
    ADDRESS_CHANGED = "address_changed"
    """To the old address, once it is replaced."""
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a letter
    ALREADY_REGISTERED = "already_registered"
    """To the stored address, when somebody registers with it again; the visitor is answered as everybody is."""
    MAGIC_LINK = "magic_link"
    INVITATION = "invitation"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - as above
    NEW_DEVICE = "new_device"
    DEVICE_STOLEN = "device_stolen"
    """A cookie of a browser that stays logged in was used twice, and everything was ended."""
    SECOND_FACTOR_ADDED = "second_factor_added"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    RECOVERY_CODE_USED = "recovery_code_used"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    FOREIGN_LOGIN_LINKED = "foreign_login_linked"
    FOREIGN_LOGIN_UNLINKED = "foreign_login_unlinked"
    PASSKEY_COPIED = "passkey_copied"
    """When a passkey counts backwards: there may be a copy of its key."""


_LINK = frozenset({"link"})
_SHORT_LIVED = frozenset({"link", "minutes"})
_HAPPENED = frozenset({"link", "device", "place", "time"})

NEEDED: Mapping[str, frozenset[str]] = {
    Kind.VERIFY_ADDRESS: _SHORT_LIVED,
    Kind.CONFIRM_NEW_ADDRESS: _SHORT_LIVED,
    Kind.RESET_PASSWORD: _SHORT_LIVED,
    Kind.MAGIC_LINK: _SHORT_LIVED,
    Kind.INVITATION: _SHORT_LIVED,
    Kind.ALREADY_REGISTERED: _LINK,
    **dict.fromkeys(
        (
            Kind.ADDRESS_CHANGED,
            Kind.PASSWORD_CHANGED,
            Kind.NEW_DEVICE,
            Kind.DEVICE_STOLEN,
            Kind.SECOND_FACTOR_ADDED,
            Kind.SECOND_FACTOR_REMOVED,
            Kind.RECOVERY_CODES_RENEWED,
            Kind.PASSKEY_ADDED,
            Kind.PASSKEY_REMOVED,
            Kind.FOREIGN_LOGIN_LINKED,
            Kind.FOREIGN_LOGIN_UNLINKED,
            Kind.PASSKEY_COPIED,
        ),
        _HAPPENED,
    ),
    Kind.RECOVERY_CODE_USED: _HAPPENED | {"left"},
}
"""What each of them must be given. In a notice `link` leads to the page where somebody else is shut out: a new password."""


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """One letter to one person. It shows its kind only: address and link are for nobody but the mailer.

    `to` is the stored address, never one that was typed in. `language` is a catalogue's name, empty for the default.
    A kind of your own is the name of a template of yours.
    """

    kind: str
    to: str
    values: Mapping[str, Value] = field(hash=False)
    language: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.kind):
            raise ValueError("a letter's kind is the name of its templates: small letters, digits and _")
        missing = NEEDED.get(self.kind, frozenset()) - self.values.keys()
        if missing:
            raise ValueError(f"the letter {self.kind} lacks {', '.join(sorted(missing))}: put it into values")

    def __repr__(self) -> str:
        return f"Letter({str(self.kind)!r})"
