"""The password that somebody inside has now, weighed under one throttle for all ways that ask for it."""

from __future__ import annotations

from typing import Any

from guardhouse.core.events import Failed
from guardhouse.desks.desk import Desk

__all__ = ["account_of", "fits"]


def account_of(desk: Desk[Any], user: Any) -> str:  # noqa: ANN401 - the application's own user
    """Name the tries of a user's password from within: who has his session guesses as often as who has not, and no oftener."""
    return f"password:{desk.owner_of(user)}"


async def fits(desk: Desk[Any], user: Any, password: str) -> bool:  # noqa: ANN401 - as above
    """Whether this is the user's password. The throttle has been asked."""
    checked = await desk.parts.passwords.check(password, desk.provider.password_of(user))
    if not checked.ok:
        await desk.parts.emit(Failed(desk.guard, user, {}))
    return checked.ok
