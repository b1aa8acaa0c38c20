"""fastapi-users with a JWT in a cookie and its users in a dict: no revocation, no CSRF check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, IntegerIDMixin
from fastapi_users.authentication import AuthenticationBackend, CookieTransport, JWTStrategy
from fastapi_users.db import BaseUserDatabase
from fastapi_users.password import PasswordHelper

SECRET = "a secret of the benchmark, thirty-two bytes or more"  # noqa: S105


@dataclass
class User:
    """What fastapi-users wants a user to be."""

    id: int
    email: str
    hashed_password: str
    is_active: bool = True
    is_superuser: bool = False
    is_verified: bool = True


USERS = {42: User(42, "ada@example.com", PasswordHelper().hash("correct horse battery staple"))}


class DictUsers(BaseUserDatabase[User, int]):
    """Users in a dict."""

    async def get(self, id: int) -> User | None:  # noqa: A002 - the name of the library
        """Find by id."""
        return USERS.get(id)

    async def get_by_email(self, email: str) -> User | None:
        """Find by address."""
        return next((user for user in USERS.values() if user.email == email), None)


class Manager(IntegerIDMixin, BaseUserManager[User, int]):
    """The manager that the library asks for."""


async def manager() -> Manager:
    """Make a manager for a request, as the documentation does."""
    return Manager(DictUsers())


backend = AuthenticationBackend(
    name="cookie",
    transport=CookieTransport(cookie_max_age=3600),
    get_strategy=lambda: JWTStrategy(secret=SECRET, lifetime_seconds=3600),
)
users = FastAPIUsers[User, int](manager, [backend])
Me = Annotated[User, Depends(users.current_user(active=True))]

app = FastAPI()
app.include_router(users.get_auth_router(backend))


@app.get("/me")
@app.post("/do")
async def me(user: Me) -> dict[str, int]:
    """Answer who is logged in."""
    return {"id": user.id}


@app.get("/open")
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}
