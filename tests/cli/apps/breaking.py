"""An application with a part that breaks when it is looked at."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from guardhouse import MemoryUsers, User
from guardhouse.starlette import Guardhouse


class Vault:
    """A key that nobody may write down."""

    def __str__(self) -> str:
        """Break."""
        raise RuntimeError("no key today")


vault: Any = Vault()
house: Guardhouse[User] = Guardhouse(secret=secrets.token_urlsafe(32), users=MemoryUsers())
app = Starlette(middleware=[Middleware(SessionMiddleware, secret_key=vault)])
house.install(app)
