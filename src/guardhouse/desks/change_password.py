"""The desk at which somebody inside takes another password, or his first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk
from guardhouse.desks.present_password import account_of, fits
from guardhouse.flows import change_password as flow
from guardhouse.flows.plan import Next, Refuse
from guardhouse.steps.confirmed import proven_within
from guardhouse.tokens import desks_of

__all__ = ["ChangeTo", "change", "shown"]


class ChangeTo(Struct, frozen=True):
    """The password of now and the one to come, in no repr; `tokens` takes back all tokens, too."""

    new_password: str
    current_password: str = ""
    tokens: bool = False

    def __repr__(self) -> str:
        return "ChangeTo()"


async def change(desk: Desk[Any], handed: ChangeTo) -> Next:
    """Ask for the old password (ASVS 6.2.3), weigh the new one, and put it in its place."""
    user = await desk.inside()
    account = account_of(desk, user)
    throttled = await desk.throttled(account)
    if throttled is not None:
        return throttled
    before = desk.provider.password_of(user)
    if before is None:
        if not await _fresh(desk):
            return Refuse(Reason.CONFIRMATION_NEEDED, {"within": str(desk.kit.lifetimes.fresh)})
    elif not await fits(desk, user, handed.current_password):
        return flow.WRONG
    elif handed.new_password == handed.current_password:
        return flow.SAME
    fresh = await desk.fresh_hash(handed.new_password, await desk.about(user), field="new_password")
    notice = await desk.password_notice(user)
    return await desk.perform(
        flow.changed(desk.whose(user), fresh, before, notice, account=account, tokens=handed.tokens)
    )


async def shown(desk: Desk[Any], _: object) -> Mapping[str, object] | Next:
    """Say what to ask for. Who has no password yet must have proven himself a moment ago."""
    user = await desk.inside()
    has = desk.provider.password_of(user) is not None
    if not has and not await _fresh(desk):
        return Refuse(Reason.CONFIRMATION_NEEDED, {"within": str(desk.kit.lifetimes.fresh)})
    return {
        "has_password": has,
        "has_tokens": bool(desks_of(desk.kit.house, desk.kit.guard.provider)),
        "user_name": desk.address_of(user) or "",
    }


async def _fresh(desk: Desk[Any]) -> bool:
    return await proven_within(desk.visit, desk.kit.lifetimes.fresh)
