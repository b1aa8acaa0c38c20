"""The desk of forgotten passwords: a link for whoever has an account, and a new password for whoever has the link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guardhouse.core.events import AccountChanged
from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk, minutes
from guardhouse.flows import reset as flow
from guardhouse.flows.plan import Next, Refuse
from guardhouse.mail.letter import Kind, Letter, Value

__all__ = ["Forgot", "Reset", "forgot", "reset"]


class Forgot(Struct, frozen=True):
    """Whose password is forgotten."""

    login: str


class Reset(Struct, frozen=True):
    """What the link carried, and the new password; neither is in a repr."""

    token: str
    password: str

    def __repr__(self) -> str:
        return "Reset()"


async def forgot(desk: Desk[Any], handed: Forgot) -> Next:
    """Send a link to the stored address; who has none is answered alike, in the same time."""
    throttled = await desk.throttled(f"reset:{handed.login}")
    if throttled is not None:
        return throttled
    user = await desk.find(handed.login)
    return await desk.perform(flow.asked(None if user is None else await _letter(desk, user)))


async def reset(desk: Desk[Any], handed: Reset) -> Next:
    """Set a new password for whoever the link was sent to; of several with one link the first wins."""
    found = desk.opened("reset", handed.token)
    if isinstance(found, Refuse):
        return found
    user = await desk.user_of(found.owner)
    if user is None or not desk.same_mailbox(user, found.binding):
        return Refuse(Reason.LINK_SPENT)
    before = desk.provider.password_of(user)
    fresh = await desk.fresh_hash(handed.password, await desk.about(user))
    notice = await desk.password_notice(user)
    return await desk.perform(flow.set_anew(desk.whose(user), fresh, before, notice, desk.address_of(user)))


async def _letter(desk: Desk[Any], user: Any) -> Letter | None:  # noqa: ANN401 - the application's own user
    await desk.parts.emit(AccountChanged(desk.guard, user, "reset_asked"))
    life = desk.kit.lifetimes.reset
    link = desk.link("reset-password", "reset", desk.owner_of(user), desk.mailbox_of(user), life)
    values: Mapping[str, Value] = {"link": link, "minutes": minutes(life)}
    return desk.letter(Kind.RESET_PASSWORD, desk.address_of(user), values)
