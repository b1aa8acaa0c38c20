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
