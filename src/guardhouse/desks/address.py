"""The desk of another address: asked for by who is logged in, confirmed by who reads mail there, in whichever browser."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk, minutes
from guardhouse.desks.register import NO_ADDRESS, already
from guardhouse.flows import address as flow
from guardhouse.flows.plan import Again, Next, Refuse
from guardhouse.mail.address import one_address
from guardhouse.mail.letter import Kind, Letter

__all__ = ["ChangeAddress", "ConfirmAddress", "change", "confirm"]


class ChangeAddress(Struct, frozen=True):
    """The address that is wanted."""

    email: str


class ConfirmAddress(Struct, frozen=True):
    """What the link carried; it is in no repr."""

    token: str

    def __repr__(self) -> str:
        return "ConfirmAddress()"


async def change(desk: Desk[Any], handed: ChangeAddress) -> Next:
    """Write to the new address. Who has it already gets a letter of his own, and the visitor the same answer."""
    user = await desk.auth.user()
    if user is None:
        return Refuse(Reason.NO_CREDENTIAL)
    throttled = await desk.throttled(f"address:{desk.owner_of(user)}")
    if throttled is not None:
        return throttled
    address = one_address(handed.email)
    if address is None:
        return Again("email", NO_ADDRESS)
    holder = await desk.find(address) if desk.kit.login_is_address else None
    if address == desk.address_of(user) or (
        holder is not None and desk.owner_of(holder) == desk.owner_of(user)
    ):
        return Again("email", "This is your address already.")
    letter = _letter(desk, user, address) if holder is None else already(desk, holder)
    return await desk.perform(flow.asked(desk.whose(user), letter))


async def confirm(desk: Desk[Any], handed: ConfirmAddress) -> Next:
    """Let the address count that the link carries, if account and password are what they were."""
    found = desk.opened("address", handed.token)
    if isinstance(found, Refuse):
        return found
    mailbox, address = flow.unbound(found.binding)
    user = await desk.user_of(found.owner)
    if user is None or not desk.same_mailbox(user, mailbox):
        return Refuse(Reason.LINK_SPENT)
    before, notice = desk.address_of(user), desk.notice(Kind.ADDRESS_CHANGED, user)
    return await desk.perform(flow.confirmed(desk.whose(user), address, before, notice))


def _letter(desk: Desk[Any], user: Any, address: str) -> Letter | None:  # noqa: ANN401 - the application's own user
    life, binding = desk.kit.lifetimes.address, flow.bound_to(desk.mailbox_of(user), address)
    link = desk.link("confirm-email", "address", desk.owner_of(user), binding, life)
    return desk.letter(Kind.CONFIRM_NEW_ADDRESS, address, {"link": link, "minutes": minutes(life)})
