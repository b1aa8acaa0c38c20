"""Users that live in this process: for tests, demonstrations and the smallest tools."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from guardhouse.errors import ConfigError
from guardhouse.users.credentials import fold_login, wanted
from guardhouse.users.fields import filled_in, login_of
from guardhouse.users.values import read_text

__all__ = ["MemoryUsers", "User"]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who can log in; `password_hash` is kept out of every repr.

    `email_verified_at` is the moment, in epoch seconds, at which he showed that he reads mail there; `disabled` keeps
    him out.
    """

    id: str
    email: str
    password_hash: str | None = field(default=None, repr=False)
    name: str = ""
    roles: frozenset[str] = frozenset()
    email_verified_at: float | None = None
    disabled: bool = False


FILLABLE = ("name",)


class MemoryUsers:
    """Find users by id, and by e-mail address whatever its letter case.

    A user is a frozen value: changing one is replacing it. `narrow_by` names further text fields of the user
    that credentials may ask for, `registers` those that somebody new may fill in.
    """

    def __init__(
        self,
        users: Iterable[User] = (),
        *,
        narrow_by: Collection[str] = (),
        registers: Collection[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._narrow_by = frozenset(narrow_by)
        self._registers = {_fillable(name): read_text for name in registers}
        self._clock = clock
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

    async def register(self, login: str, password_hash: str | None, more: Mapping[str, str]) -> User | None:
        """Keep a new user under a new id; None where the address is taken. Raise `ValueError` with a text for people."""
        email = login_of(login, fold_login)
        filled = filled_in(more, self._registers)
        texts = {name: value for name, value in filled.items() if isinstance(value, str)}
        if email in self._by_login:
            return None
        user = replace(User(id=str(uuid4()), email=email, password_hash=password_hash), **texts)  # type: ignore[arg-type]
        self._keep(user)
        return user

    async def set_password(self, user: User, password_hash: str, *, before: str | None) -> bool:
        """Keep the hash in the place of `before`; False where another stands there by now, or the user is gone."""
        present = self._by_id.get(user.id)
        if present is None or present.password_hash != before:
            return False
        self._keep(replace(present, password_hash=password_hash))
        return True

    def address_of(self, user: User) -> str | None:
        """Return the stored address."""
        return user.email or None

    def verified(self, user: User) -> bool:
        """Whether the user has shown that he reads mail at that address."""
        return user.email_verified_at is not None

    async def verify(self, user: User, address: str) -> bool:
        """Note that he has; True for the one caller who did."""
        present = self._by_id.get(user.id)
        if present is None or present.email != address or self.verified(present):
            return False
        self._keep(replace(present, email_verified_at=self._clock()))
        return True

    async def set_address(self, user: User, address: str, *, before: str | None) -> bool:
        """Put a verified address in the place of `before`; False where another stands there, or it is taken."""
        present, email = self._by_id.get(user.id), fold_login(address)
        if (
            present is None
            or self.address_of(present) != before
            or self._by_login.get(email, user.id) != user.id
        ):
            return False
        self.replace(replace(present, email=email, email_verified_at=self._clock()))
        return True

    def disabled(self, user: User) -> bool:
        """Whether this user may not log in now."""
        return user.disabled

    async def disable(self, user: User) -> bool:
        """Keep him out from the next request on; False where he is gone."""
        return self._mark(user, disabled=True)

    async def enable(self, user: User) -> bool:
        """Let him in again; False where he is gone."""
        return self._mark(user, disabled=False)

    def _mark(self, user: User, *, disabled: bool) -> bool:
        present = self._by_id.get(user.id)
        if present is not None:
            self._keep(replace(present, disabled=disabled))
        return present is not None

    def _keep(self, user: User) -> None:
        if self._by_login.get(fold_login(user.email), user.id) != user.id:
            raise ValueError(f"there is a user with the address {user.email!r} already")
        self._by_id[user.id] = user
        self._by_login[fold_login(user.email)] = user.id


def _fillable(name: str) -> str:
    if name not in FILLABLE:
        fix = "Somebody new may fill in a name; what else a user has is the application's to say."
        raise ConfigError("registers", name, fix)
    return name
