"""The desk of addresses that are to be verified: a link for whoever has one, and the note that he reads mail there."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from guardhouse.core.provider import HasAddress
from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk
from guardhouse.flows import verify as flow
from guardhouse.flows.plan import Next, Refuse

__all__ = ["SendVerification", "VerifyBy", "send", "verify"]


class SendVerification(Struct, frozen=True):
    """Whose address is to be verified."""

    login: str


class VerifyBy(Struct, frozen=True):
    """What the link carried; it is in no repr."""

    token: str

    def __repr__(self) -> str:
        return "VerifyBy()"


async def send(desk: Desk[Any], handed: SendVerification) -> Next:
    """Send the link once more; who has none to verify, or no account, is answered alike."""
    throttled = await desk.throttled(f"verify:{handed.login}")
    if throttled is not None:
        return throttled
    user = await desk.find(handed.login)
    if user is None or _verified(desk, user):
        return await desk.perform(flow.asked(None, None))
    return await desk.perform(flow.asked(desk.whose(user), desk.verification(user)))


async def verify(desk: Desk[Any], handed: VerifyBy) -> Next:
    """Note that the user reads mail at the address that the link was sent to."""
    found = desk.opened("verify", handed.token)
    if isinstance(found, Refuse):
        return found
    following = await _note(desk, found.owner, found.binding)
    if following == Refuse(Reason.LINK_SPENT):  # somebody was faster, perhaps with the same
        return await _note(desk, found.owner, found.binding)
    return following


async def _note(desk: Desk[Any], owner: str, address: str) -> Next:
    user = await desk.user_of(owner)
    if user is None:
        return Refuse(Reason.LINK_SPENT)
    stored, verified = desk.address_of(user), _verified(desk, user)
    return await desk.perform(flow.opened(desk.whose(user), address, stored, verified=verified))


def _verified(desk: Desk[Any], user: Any) -> bool:  # noqa: ANN401 - the application's own user
    return isinstance(desk.provider, HasAddress) and desk.provider.verified(user)
