"""What a developer or an operator must mend; an answer to a visitor is never one of these.

GuardhouseError
├── ConfigError            the house was put together wrongly; found at start
│   └── UnmetNeedError     a guard needs a fact that nothing in the house supplies
├── NotInstalledError      a request reached a guard outside of any installed house
├── UndecidedError         an answer left that no guard and nobody else decided about; in development only
├── LateWriteError         a session was changed after its answer had left; in development only
├── SessionTooLargeError   an application put more into a session than its policy allows
├── UnusablePasswordError  a password was to be stored that could never be verified
├── MailError              a letter could not be handed over; the visitor was answered before
└── StoreError             a store, or the users behind a provider, cannot be reached: 503
    ├── UsersUnavailableError
    └── IssuerUnavailableError
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ConfigError",
    "GuardhouseError",
    "IssuerUnavailableError",
    "LateWriteError",
    "MailError",
    "NotInstalledError",
    "SessionTooLargeError",
    "StoreError",
    "UndecidedError",
    "UnmetNeedError",
    "UnusablePasswordError",
    "UsersUnavailableError",
]


class GuardhouseError(Exception):
    """The root of everything that somebody must mend."""


class ConfigError(GuardhouseError):
    """The house cannot be built, or must not start, as it was described.

    `key` is the setting, `found` what stood there, `fix` the next step; `nearest` is the valid name that was
    probably meant. `found` is shown by its repr, so hand in a name or a type, never a secret.
    """

    def __init__(self, key: str, found: object, fix: str, *, nearest: str | None = None) -> None:
        guess = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{key}: found {found!r}.{guess} {fix}")
        self.key = key
        self.found = found
        self.fix = fix
        self.nearest = nearest


class UnmetNeedError(ConfigError):
    """A guard needs a fact that nothing in the house supplies."""

    def __init__(self, need: str, wanted_by: str, supplied: Sequence[str]) -> None:
        known = ", ".join(supplied)
        super().__init__(wanted_by, need, f"Nothing in this house supplies that fact; it supplies {known}.")
        self.need = need
        self.wanted_by = wanted_by


class NotInstalledError(GuardhouseError):
    """A guard was asked during a request that passed no installed house."""

    def __init__(self) -> None:
        super().__init__(
            "this request did not pass through a house: call house.install(app) on the outermost application, "
            "the one your server runs, before it starts"
        )


class UndecidedError(GuardhouseError):
    """An answer was about to leave of which nobody had said whom it is for; it was kept back."""

    def __init__(self, route: str, where: str) -> None:
        super().__init__(
            f"{route} ({where}) answered, and nobody decided who may read that: guard it (house.guard, house.require, "
            "house.layer, @house.requires), or say that it is open, @house.public. The checks at start could not see it, "
            "so it was added after them, or by an application that has no routes to look at"
        )
        self.route = route
        self.where = where


class LateWriteError(GuardhouseError):
    """A session was changed after the headers had left, so nothing of it can be stored or sent."""

    def __init__(self, what: str, endpoint: str) -> None:
        by = f" by {endpoint}" if endpoint else ""
        super().__init__(
            f"{what} was changed{by} after the headers of the answer had left, and is lost: change the session before the "
            "response begins, not in a stream, a background task, or a WebSocket that was accepted; keep what comes "
            "later in a store of your own"
        )
        self.what = what
        self.endpoint = endpoint


class SessionTooLargeError(GuardhouseError):
    """A session would grow beyond its policy; the write is refused whole and nothing is stored."""

    def __init__(self, size: int, limit: int, largest: Sequence[str]) -> None:
        super().__init__(
            f"the session would take {size} bytes and {limit} are allowed; its largest keys are "
            f"{', '.join(largest)}: keep a reference in the session and the thing itself in your database"
        )
        self.size = size
        self.limit = limit
        self.largest = tuple(largest)


class UnusablePasswordError(GuardhouseError, ValueError):
    """A password was to be hashed that could never be verified; the password itself is not kept here."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"this password cannot be hashed: {problem}; check new passwords before you store them"
        )
        self.problem = problem


class MailError(GuardhouseError):
    """A letter could not be handed over. It names neither the address nor the link, and `trouble` must not either.

    `temporary` where the same may go well in a moment: a 4xx of a mail server, a connection that was refused.
    """

    def __init__(self, kind: str, trouble: str, *, temporary: bool = False) -> None:
        super().__init__(f"the letter {kind} could not be sent ({trouble}): see to the mailer of this house")
        self.kind = kind
        self.trouble = trouble
        self.temporary = temporary


class StoreError(GuardhouseError):
    """A store cannot be reached or does not answer in time: never a denial, never an anonymous visitor."""


class UsersUnavailableError(StoreError):
    """The application's users cannot be looked up: their database is away, not the user."""

    def __init__(self, users: str, trouble: str) -> None:
        super().__init__(f"{users} cannot be looked up ({trouble}): see to the database behind this provider")
        self.users = users
        self.trouble = trouble


class IssuerUnavailableError(StoreError):
    """The keys of an issuer cannot be fetched, and none were ever: its tokens can be neither believed nor refused.

    `what` is what else was wanted of it: the metadata of a login server.
    """

    def __init__(self, issuer: str, trouble: str, *, what: str = "the keys") -> None:
        super().__init__(
            f"{what} of {issuer} cannot be fetched ({trouble}): see that this machine reaches that address"
        )
        self.issuer = issuer
        self.trouble = trouble
