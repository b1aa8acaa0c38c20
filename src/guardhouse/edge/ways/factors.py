"""What the pages of second factors show: who is asked for one, what goes into an app, and what is enrolled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from guardhouse.desks import otp_app, second_factor
from guardhouse.desks.desk import Desk
from guardhouse.desks.factors import Factors, factors_of
from guardhouse.flows.plan import Ask, Next
from guardhouse.state import recovery

__all__ = ["asked", "codes", "off", "required", "security", "set_up"]

Shown = Mapping[str, object] | Next


async def asked(desk: Desk[Any], _: Request) -> Shown:
    """Show the field for a code to who is asked for one; who is inside and has none sets it up, others begin at the password."""
    who = await second_factor.asked(desk)
    if who is None:
        return Ask("two-factor-setup" if await desk.auth.check() else "login")
    days = desk.kit.lifetimes.trusted.days
    factors = list(await desk.factors_of(who.whose.user))
    return {"factors": factors, "days": days, "half_way": who.pending is not None}


async def set_up(desk: Desk[Any], _: Request) -> Shown:
    """Show what goes into the app."""
    return await otp_app.shown(desk)


async def required(desk: Desk[Any], _: Request) -> Shown:
    """Show it to who is half-way in and must have one."""
    return await otp_app.shown_to_half_way(desk)


async def codes(desk: Desk[Any], _: Request) -> Shown:
    """Show how many recovery codes are left, before they are renewed."""
    has = await _factors(desk)
    return {"left": recovery.left(has.codes)} if has.any else Ask("account-security")


async def off(desk: Desk[Any], _: Request) -> Shown:
    """Ask whether to switch the second step off, where it is on."""
    has = await _factors(desk)
    return {"factors": await _names(desk)} if has.apps else Ask("account-security")


async def security(desk: Desk[Any], _: Request) -> Shown:
    """Show what the user has enrolled."""
    has, user = await _factors(desk), await desk.auth.user()
    app = has.apps[0] if has.apps else None
    return {
        "offered": desk.kit.enrolments is not None,
        "app": None if app is None else {"since": _moment(app.created), "used": _moment(app.used)},
        "codes": recovery.left(has.codes),
        "has_factor": has.any,
        "trusted": len(has.trusted),
        "passkeys": len(has.passkeys),
        "must_have": user is not None and desk.kit.must_have_factor(user),
    }


async def _names(desk: Desk[Any]) -> list[str]:
    user = await desk.auth.user()
    return [] if user is None else list(await desk.factors_of(user))


async def _factors(desk: Desk[Any]) -> Factors:
    user = await desk.auth.user()
    owner = "" if user is None else desk.owner_of(user)
    return Factors(owner) if desk.kit.enrolments is None else await factors_of(desk, owner)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
