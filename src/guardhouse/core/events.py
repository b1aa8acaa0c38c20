"""What happened, as typed values for listeners: order and names follow the events of the system in the thread.

No event carries a password, a token or a session id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from guardhouse.core.causes import Cause
from guardhouse.core.verdict import Identity

__all__ = [
    "AccountChanged",
    "AccountStep",
    "Attempting",
    "Authenticated",
    "Event",
    "Failed",
    "LetterLost",
    "Login",
    "Logout",
    "Refused",
    "Serving",
    "SessionsEnded",
    "Throttled",
    "TokenIssued",
    "TokenRevoked",
    "Validated",
]


@dataclass(frozen=True, slots=True)
class Attempting:
    """Somebody hands in credentials; `credentials` holds them without the password."""

    guard: str
    credentials: Mapping[str, str]
    remember: bool = False


@dataclass(frozen=True, slots=True)
class Validated:
    """The credentials are right; nobody is logged in yet."""

    guard: str
    user: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The credentials are wrong. `user` is the one they named, if there is one: never tell the visitor which."""

    guard: str
    user: Any | None
    credentials: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Throttled:
    """A login was not weighed, because the account, the device or the network has had too many in vain.

    `account` is what was typed, whether there is such an account or not; `by` is which of the three must wait.
    """

    account: str
    by: Literal["account", "device", "network"]
    seconds: int


@dataclass(frozen=True, slots=True)
class Login:
    """A login was written into a session."""

    guard: str
    user: Any
    remember: bool = False


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A user was found for this request."""

    guard: str
    user: Any


@dataclass(frozen=True, slots=True)
class Logout:
    """A login was taken out of a session; `identity` is the one that ended."""

    guard: str
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was refused, with the reason that the visitor was given."""

    code: str
    by: str
    stack: str
    method: str
    path: str
    status: int
    evidence: Mapping[str, object]
    causes: tuple[Cause, ...] = ()
    """All that must be mended, in its order, as far as the request reveals it."""
    guards: tuple[str, ...] = ()
    """The guards of the stack."""
    route: str = ""
    """The path of the route as it is written, `/posts/{id}`; empty where no route was found yet."""
    request_id: str = ""
    at: float = 0.0
    """When, by the clock of the house, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Somebody whom the guards let in enters a package area: the moment to load what only it needs."""

    package: str
    path: str


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Sessions of a user were ended from elsewhere: the one of that public id, or `count` of them where `id` is None.

    Where they lie in cookies nobody can count them, and `count` is None.
    """

    guard: str
    user: Any
    id: str | None
    count: int | None


@dataclass(frozen=True, slots=True)
class TokenIssued:
    """A token was issued for a user; `id` is its public name."""

    guard: str
    user: Any
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """One token of a user was taken back, or all of them, which is None."""

    guard: str
    user: Any
    id: str | None


AccountStep: TypeAlias = Literal[
    "registered",
    "reset_asked",
    "password_reset",
    "password_changed",
    "confirmed",
    "verify_asked",
    "address_verified",
    "address_change_asked",
    "address_changed",
    "link_asked",
    "factor_asked",
    "factor_failed",
    "factor_added",
    "factor_removed",
    "recovery_codes_made",
    "recovery_code_used",
    "remembered_device_stolen",
    "remembered_device_used",
    "passkey_added",
    "passkey_renamed",
    "passkey_removed",
    "passkey_copied",
    "foreign_linked",
    "foreign_unlinked",
    "impersonated",
    "impersonation_ended",
]


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Something happened to a user's account on one of the ways in; `about` says which of several, never a secret."""

    guard: str
    user: Any
    step: AccountStep
    about: str = ""


@dataclass(frozen=True, slots=True)
class LetterLost:
    """A letter could not be sent, after its visitor was answered; neither address nor link are told."""

    kind: str
    trouble: str


Event: TypeAlias = (
    Attempting
    | Validated
    | Failed
    | Throttled
    | Login
    | Authenticated
    | Logout
    | Refused
    | Serving
    | SessionsEnded
    | TokenIssued
    | TokenRevoked
    | AccountChanged
    | LetterLost
)

EVENTS: tuple[type[Event], ...] = get_args(Event)
"""All of them."""
