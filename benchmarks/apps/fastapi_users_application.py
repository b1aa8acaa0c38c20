"""fastapi-users with its users in a dict, which come to the application as its documentation does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, IntegerIDMixin
from fastapi_users.authentication import AuthenticationBackend, JWTStrategy, Strategy, Transport
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


def by_jwt() -> JWTStrategy[User, int]:
    """Say all in the token itself."""
    return JWTStrategy(secret=SECRET, lifetime_seconds=3600)


def application(
    name: str, transport: Transport, strategy: Callable[[], Strategy[User, int]] = by_jwt
) -> FastAPI:
    """Build the application with its token in that place."""
    backend = AuthenticationBackend(name=name, transport=transport, get_strategy=strategy)
    users = FastAPIUsers[User, int](manager, [backend])
    current = Depends(users.current_user(active=True))

    app = FastAPI()
    app.include_router(users.get_auth_router(backend))

    @app.get("/me")
    @app.post("/do")
    async def me(user: User = current) -> dict[str, int]:
        return {"id": user.id}

    @app.get("/open")
    async def answer() -> dict[str, int]:
        return {"id": 42}

    return app
