"""The desk of logins: name and password in, a login or the question for a second proof out; and out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk
from guardhouse.flows.plan import Done, LogOut, Next, Plan, Refuse

__all__ = ["LogInWith", "log_in", "log_out", "show_login"]


class LogInWith(Struct, frozen=True):
    """What a person hands in to log in. The password is in no repr."""

    login: str
    password: str
    remember: bool = False
    next: str = ""

    def __repr__(self) -> str:
        return f"LogInWith({self.login!r})"


async def log_in(desk: Desk[Any], handed: LogInWith) -> Next:
    """Weigh name and password. An unknown account and a wrong password get the same answer in the same time."""
    throttled = await desk.throttled(handed.login)
    if throttled is not None:
        return throttled
    credentials = {desk.kit.login_field: await desk.spelled(handed.login), "password": handed.password}
    user = await desk.auth.proven(credentials, remember=handed.remember)
    if user is None:
        return Refuse(Reason.LOGIN_FAILED)
    return await desk.enter(user, ("password",), account=handed.login, remember=handed.remember)


async def show_login(desk: Desk[Any], _: object) -> Mapping[str, object] | Next:
    """Ask nothing of somebody who is inside."""
    return Done("logged-in") if await desk.auth.check() else {}


async def log_out(desk: Desk[Any], _: object) -> Next:
    """End the login here and on the server."""
    return await desk.perform(Plan(Done("logged-out"), (LogOut(),)))
