"""Users that live in this process: for tests, demonstrations and the smallest tools."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from guardhouse.users.credentials import fold_login, wanted

__all__ = ["MemoryUsers", "User"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can log in; `password_hash` is kept out of every repr."""

    id: str
    email: str
    password_hash: str | None = field(default=None, repr=False)
    name: str = ""
    roles: frozenset[str] = frozenset()


class MemoryUsers:
    """Find users by id, and by e-mail address whatever its letter case.

    A user is a frozen value: changing one is replacing it. `narrow_by` names further text fields of the user
    that credentials may ask for.
    """

    def __init__(self, users: Iterable[User] = (), *, narrow_by: Collection[str] = ()) -> None:
        self._narrow_by = frozenset(narrow_by)
        self._by_id: dict[str, User] = {}
        self._by_login: dict[str, str] = {}
        for user in users:
            self.add(user)

    @property
    def empty(self) -> bool:
        """Whether there is nobody."""
        return not self._by_id

    def add(self, user: User) -> None:
        """Let somebody in for the first time; a taken id or address is an error."""
        if user.id in self._by_id:
            raise ValueError(f"there is a user with the id {user.id!r} already")
        self._keep(user)

    def replace(self, user: User) -> None:
        """Put a changed user in the place of the one with the same id."""
        former = self._by_id[user.id]
        self._keep(user)
        if fold_login(former.email) != fold_login(user.email):
            del self._by_login[fold_login(former.email)]

    def remove(self, user_id: str) -> None:
        """Forget a user; one who is not there is an error."""
        former = self._by_id.pop(user_id)
        del self._by_login[fold_login(former.email)]

    def somebody(self) -> User | None:
        """Return the user who was added first: for tools that need any."""
        return next(iter(self._by_id.values()), None)

    async def by_id(self, user_id: str) -> User | None:
        """Find the user of a login."""
        return self._by_id.get(user_id)

    async def by_credentials(self, credentials: Mapping[str, str]) -> User | None:
        """Find the user whom these credentials name."""
        asked = wanted(credentials, "email", self._narrow_by)
        if asked is None:
            return None
        user_id = self._by_login.get(fold_login(asked.pop("email")))
        if user_id is None:
            return None
        user = self._by_id[user_id]
        return user if all(getattr(user, key) == value for key, value in asked.items()) else None

    async def by_token(self, field: str, value: str) -> User | None:
        """Find the only user with that value in that field, which a subclass of `User` may add."""
        found = [user for user in self._by_id.values() if value and getattr(user, field, None) == value]
        return found[0] if len(found) == 1 else None

    def id_of(self, user: User) -> str:
        """Return the user's id."""
        return user.id

    def password_of(self, user: User) -> str | None:
        """Return the stored password hash."""
        return user.password_hash

    async def rehash(self, user: User, password_hash: str) -> None:
        """Keep a fresher hash, unless the password was changed or the user removed meanwhile."""
        present = self._by_id.get(user.id)
        if present is not None and present.password_hash == user.password_hash is not None:
            self._keep(replace(present, password_hash=password_hash))

    def _keep(self, user: User) -> None:
        if self._by_login.get(fold_login(user.email), user.id) != user.id:
            raise ValueError(f"there is a user with the address {user.email!r} already")
        self._by_id[user.id] = user
        self._by_login[fold_login(user.email)] = user.id
