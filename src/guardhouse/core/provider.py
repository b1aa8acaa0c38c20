"""Where the application's users come from; the user itself stays the application's own type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

U = TypeVar("U")


class Provider(Protocol[U]):
    """Finds users; it never sees a password and never compares one.

    An unknown user is None. Users that cannot be looked up raise `StoreError`: broken is not absent.
    """

    async def by_id(self, user_id: str) -> U | None:
        """Find the user of a login, by the id that `id_of` gave."""
        ...

    async def by_credentials(self, credentials: Mapping[str, str]) -> U | None:
        """Find the user whom these credentials name; keys that hold secrets are ignored."""
        ...

    def id_of(self, user: U) -> str:
        """Return the id to keep in sessions and tokens."""
        ...

    def password_of(self, user: U) -> str | None:
        """Return the stored password hash, None for a user who has none."""
        ...

    async def rehash(self, user: U, password_hash: str) -> None:
        """Keep a fresher hash of the same password."""
        ...


@runtime_checkable
class FindsByToken(Protocol):
    """An optional power: find the user in whose row a token, or its hash, stands."""

    async def by_token(self, field: str, value: str) -> Any | None:  # noqa: ANN401 - the application's own user
        """Find the only user with that value in that field; an empty field matches nothing."""
        ...


@runtime_checkable
class Registers(Protocol):
    """An optional power: take in somebody new."""

    async def register(self, login: str, password_hash: str | None, more: Mapping[str, str]) -> Any | None:  # noqa: ANN401 - the application's own user
        """Keep a new user; None, and nothing written, where the login is taken. `more` holds fields the application asked for.

        Raise `ValueError` with a text for people where one of those fields cannot be taken.
        """
        ...


@runtime_checkable
class SetsPassword(Protocol):
    """An optional power: give a user another password."""

    async def set_password(self, user: Any, password_hash: str, *, before: str | None) -> bool:  # noqa: ANN401 - as above
        """Keep the hash in the place of `before`; False, and nothing written, where another stands there by now.

        One atomic step: of two who hold the same link to a new password, one wins.
        """
        ...


@runtime_checkable
class HasAddress(Protocol):
    """An optional power: know where a user's mail goes, and whether he has shown that he reads it."""

    def address_of(self, user: Any) -> str | None:  # noqa: ANN401 - as above
        """Return the stored address, never one that was typed in."""
        ...

    def verified(self, user: Any) -> bool:  # noqa: ANN401 - as above
        """Whether the user has shown that he reads mail at that address."""
        ...

    async def verify(self, user: Any, address: str) -> bool:  # noqa: ANN401 - as above
        """Note that he has; True for the one caller who did, False where it was known or he has another address by now."""
        ...

    async def set_address(self, user: Any, address: str, *, before: str | None) -> bool:  # noqa: ANN401 - as above
        """Put a verified address in the place of `before`, None for none; False where another stands there by now, or it is taken."""
        ...


@runtime_checkable
class Disables(Protocol):
    """An optional power: keep a user out who is still there."""

    def disabled(self, user: Any) -> bool:  # noqa: ANN401 - as above
        """Whether this user may not log in now; sessions and tokens that he has are refused, too."""
        ...
