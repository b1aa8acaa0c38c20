"""The desk of new accounts: the same work and the same answer, whether the login is free or taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from guardhouse.core.provider import Registers
from guardhouse.core.weakness import About
from guardhouse.desks.desk import Desk
from guardhouse.errors import ConfigError
from guardhouse.flows import register as flow
from guardhouse.flows.plan import Again, Next
from guardhouse.mail.address import one_address
from guardhouse.mail.letter import Kind, Letter

__all__ = ["NO_ADDRESS", "Register", "about_newcomer", "filled_in", "register", "taken_in"]

NO_ADDRESS = "This is no e-mail address that letters can be sent to."


class Register(Struct, frozen=True):
    """What somebody new hands in. `more` holds whatever else came; the password is in no repr."""

    login: str
    password: str
    more: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    next: str = ""

    def __repr__(self) -> str:
        return f"Register({self.login!r})"


async def register(desk: Desk[Any], handed: Register) -> Next:
    """Open an account, or write to whoever has that login. The password is looked at and hashed in both cases."""
    throttled = await desk.throttled(f"register:{handed.login}")
    if throttled is not None:
        return throttled
    login, more = _login(desk, handed.login), filled_in(desk, handed.more)
    if isinstance(login, Again):
        return login
    if isinstance(more, Again):
        return more
    fresh = await desk.fresh_hash(handed.password, about_newcomer(desk, login, more))
    if isinstance(fresh, Again):
        return fresh
    user = await taken_in(desk, login, fresh, more)
    if isinstance(user, Again):
        return user
    return await (_taken(desk, login) if user is None else _opened(desk, user, login))


async def _opened(desk: Desk[Any], user: Any, login: str) -> Next:  # noqa: ANN401 - the application's own user
    logs_in = desk.kit.register_logs_in
    letter = None if logs_in and desk.kit.must_verify else desk.verification(user)
    following = await desk.perform(flow.opened(desk.whose(user), letter))
    if not logs_in:
        return following
    return await desk.enter(user, ("password",), account=login)


async def _taken(desk: Desk[Any], login: str) -> Next:
    if desk.kit.register_logs_in or not desk.kit.login_is_address:
        return await desk.perform(flow.taken_aloud(desk.kit.login_field))
    return await desk.perform(flow.taken(already(desk, await desk.find(login))))


def already(desk: Desk[Any], user: Any) -> Letter | None:  # noqa: ANN401 - the application's own user
    """Make the letter that tells a user of somebody who wanted his address for an account, perhaps himself."""
    address = None if user is None else desk.address_of(user)
    return desk.letter(Kind.ALREADY_REGISTERED, address, {"link": desk.kit.url_of("login")})


def _login(desk: Desk[Any], typed: str) -> str | Again:
    if not desk.kit.login_is_address:
        return typed
    return one_address(typed) or Again(desk.kit.login_field, NO_ADDRESS)


def filled_in(desk: Desk[Any], more: Mapping[str, Any]) -> Mapping[str, str] | Again:
    """Take the further fields that the application lists, and no other: nobody makes himself an administrator."""
    kit = desk.kit
    for name, value in more.items():
        if name not in kit.register_fields:
            return Again("body", f"There is no field {name[:_SHOWN]!r} to fill in here.")
        if not isinstance(value, str):
            return Again(name, "Expected `str`.")
        if name == kit.address_field and one_address(value) is None:
            return Again(name, NO_ADDRESS)
    return {
        name: one_address(text) or text if name == kit.address_field else text for name, text in more.items()
    }


def about_newcomer(desk: Desk[Any], login: str, more: Mapping[str, str]) -> About:
    """Say what somebody who guesses knows of a user who is just being made."""
    address = login if desk.kit.login_is_address else more.get(desk.kit.address_field, "")
    return About(login=login, address=address, name=more.get("name", ""), more=tuple(more.values()))


async def taken_in(desk: Desk[Any], login: str, fresh: str, more: Mapping[str, str]) -> Any:  # noqa: ANN401 - a user, None where the login is taken, `Again` for what the users do not take
    """Let the users take somebody in: the one write that comes before a plan, which is about the user whom it makes."""
    if not isinstance(desk.provider, Registers):
        fix = "Give users that can, or leave the way out: Ways(..., without=['register'])."
        raise ConfigError("users", f"{type(desk.provider).__name__} without Registers", fix)
    try:
        return await desk.provider.register(login, fresh, more)
    except ValueError as error:
        return Again(_field(desk, str(error)), str(error))


def _field(desk: Desk[Any], problem: str) -> str:
    """Find the field that a text of the users' is about, to show it there."""
    named = [name for name in desk.kit.register_fields if name in problem]
    return named[0] if named else desk.kit.login_field if "login" in problem else "body"


_SHOWN = 40
"""So much is repeated of a name that a stranger made up."""
