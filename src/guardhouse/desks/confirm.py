"""The desk at which somebody inside gives his password once more, and what else he may prove himself by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from guardhouse.desks.desk import Desk
from guardhouse.desks.present_password import account_of, fits
from guardhouse.flows import confirm as flow
from guardhouse.flows.plan import Next

__all__ = ["OTHERS", "ConfirmWith", "confirm", "shown"]

OTHERS: Mapping[str, tuple[str, str]] = {"passkey": ("passkey", "Use a passkey")}
"""Other ways to the same end: what the user must have enrolled, the way that takes it, and what its link says."""


class ConfirmWith(Struct, frozen=True):
    """The password, in no repr, and where to go on."""

    password: str
    next: str = ""

    def __repr__(self) -> str:
        return "ConfirmWith()"


async def confirm(desk: Desk[Any], handed: ConfirmWith) -> Next:
    """Weigh the password; who has none hears so, and is told what else there is by the page."""
    user = await desk.inside()
    account = account_of(desk, user)
    throttled = await desk.throttled(account)
    if throttled is not None:
        return throttled
    if desk.provider.password_of(user) is None:
        return flow.NO_PASSWORD
    if not await fits(desk, user, handed.password):
        return flow.WRONG
    return await desk.perform(flow.confirmed(desk.whose(user), account))


async def shown(desk: Desk[Any], _: object) -> Mapping[str, object]:
    """Say whether there is a password to ask for, and what else."""
    user = await desk.inside()
    has = await desk.factors_of(user)
    return {
        "has_password": desk.provider.password_of(user) is not None,
        "others": [(way, said) for factor, (way, said) in OTHERS.items() if factor in has],
    }
