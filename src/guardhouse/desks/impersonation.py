"""The desk at which an administrator begins and ends to act in a user's place, if the application's rule allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guardhouse.core.rule import Denied, denial
from guardhouse.desks.desk import Desk
from guardhouse.flows import impersonation as flow
from guardhouse.flows.plan import Next, Plan
from guardhouse.gate.parts import resolve

__all__ = ["ActAs", "Stop", "act_as", "shown", "stop"]


class ActAs(Struct, frozen=True):
    """In whose place: the user's id, as the application gives it."""

    user: str
    next: str = ""
    """Where to go on to, in a form; a path of this origin, or it is left out of account."""


class Stop(Struct, frozen=True):
    """Nothing, but for where to go on to."""

    next: str = ""


async def act_as(desk: Desk[Any], handed: ActAs) -> Next:
    """Ask the rule, and put the user's login before one's own."""
    return await desk.perform(await _plan(desk, handed.user))


async def _plan(desk: Desk[Any], user_id: str) -> Plan:
    admin = await desk.inside()
    user = await desk.provider.by_id(user_id)
    refused = flow.denied() if user is None else await _refused(desk, admin, user)
    if refused is not None:
        return refused
    if desk.owner_of(user) == desk.owner_of(admin):
        return Plan(flow.ONESELF)
    kept_out = desk.parts.disabled.get(desk.kit.guard.provider or "")
    if kept_out is not None and kept_out(user):
        return Plan(flow.DISABLED)
    return flow.acting(desk.whose(user), desk.provider.id_of(admin))


async def stop(desk: Desk[Any], _: object) -> Next:
    """Be oneself again; who is so already stays so."""
    user = await desk.inside()
    by = await desk.auth.impersonator()
    if by is None:
        return flow.stopped(desk.whose(user), "").then
    return await desk.perform(flow.stopped(desk.whose(user), desk.provider.id_of(by)))


async def shown(desk: Desk[Any], _: object) -> Mapping[str, object] | Next:
    """Say in whose place somebody acts, or that he acts in nobody's."""
    user = await desk.inside()
    name = desk.address_of(user) or desk.provider.id_of(user)
    if await desk.auth.impersonator() is None:
        return flow.stopped(desk.whose(user), "").then
    return {"acts_as": name}


async def _refused(desk: Desk[Any], admin: Any, user: Any) -> Plan | None:  # noqa: ANN401 - the application's own users
    """Ask the rule. What it says besides its no is for the log."""
    rule = desk.kit.may_impersonate
    if isinstance(rule, str):
        answer = await desk.kit.house.rules.inspect(admin, rule, user)
        return flow.denied(denial(answer).evidence) if isinstance(answer, Denied) else None
    return None if rule is not None and await resolve(rule(admin, user)) is True else flow.denied()
