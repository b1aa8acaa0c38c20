"""The desk of second proofs: who waits half-way in gives one and is in; who is logged in gives one more."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from guardhouse.desks.desk import Desk
from guardhouse.desks.factors import factors_of, sealer_of
from guardhouse.desks.trusting import trust
from guardhouse.flows import second_factor as flow
from guardhouse.flows.plan import Next
from guardhouse.flows.second_factor import Asked
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state import pending, recovery
from guardhouse.state.pending import Pending

__all__ = ["CodeOfApp", "RecoveryCode", "asked", "give_code", "give_recovery_code", "half_way"]


class CodeOfApp(Struct, frozen=True):
    """What the app shows, and whether to ask for it again on this browser. The code is in no repr."""

    code: str
    trust: bool = False
    next: str = ""

    def __repr__(self) -> str:
        return "CodeOfApp()"


class RecoveryCode(Struct, frozen=True):
    """One of the codes that were written down; in no repr."""

    code: str
    next: str = ""

    def __repr__(self) -> str:
        return "RecoveryCode()"


async def give_code(desk: Desk[Any], handed: CodeOfApp) -> Next:
    """Weigh a code of the user's app. Of many who bring the same one, one is let in."""
    who = await asked(desk)
    if who is None:
        return flow.NOBODY_ASKED
    throttled = await desk.throttled(flow.account_of(who.whose.owner))
    if throttled is not None:
        return throttled
    spent = (await factors_of(desk, who.whose.owner)).spent_by(sealer_of(desk), handed.code, desk.now)
    if spent is None:
        return await desk.perform(flow.wrong(who, "totp"))
    trusted = trust(desk, who.whose.user) if handed.trust else None
    return await desk.perform(flow.by_code(who, spent, trusted))


async def give_recovery_code(desk: Desk[Any], handed: RecoveryCode) -> Next:
    """Weigh a recovery code, which counts once."""
    who = await asked(desk)
    if who is None:
        return flow.NOBODY_ASKED
    throttled = await desk.throttled(flow.account_of(who.whose.owner))
    if throttled is not None:
        return throttled
    spent = (await factors_of(desk, who.whose.owner)).spent_by_recovery(handed.code, desk.now)
    if spent is None:
        return await desk.perform(flow.wrong(who, "recovery"))
    left = recovery.left(spent.after)
    notice = desk.notice(LetterKind.RECOVERY_CODE_USED, who.whose.user, left=left)
    return await desk.perform(flow.by_recovery_code(who, spent, left, notice))


async def asked(desk: Desk[Any]) -> Asked | None:
    """Find who is asked for a second proof here: who waits half-way in, or else who is logged in and has one to give."""
    waiting = await half_way(desk, must_enrol=False)
    if waiting is not None:
        return waiting
    user = await desk.auth.user()
    if user is None or not await desk.factors_of(user):
        return None
    return Asked(desk.whose(user))


async def half_way(desk: Desk[Any], *, must_enrol: bool) -> Asked | None:
    """Find who waits half-way in. The password that he proved must be his still, and nobody may have shut him out since."""
    found = pending.read(await desk.visit.carried.open(), desk.now)
    if found is None or not _of_this_guard(desk, found) or found.must_enrol is not must_enrol:
        return None
    user = await desk.user_of(found.owner)
    if user is None or desk.disabled(user) or not desk.still_bound(user, found.fingerprint or ""):
        return None
    return Asked(desk.whose(user), found)


def _of_this_guard(desk: Desk[Any], found: Pending) -> bool:
    guard = desk.kit.guard
    return (found.guard, found.provider, found.realm) == (guard.name, guard.provider or "", guard.realm or "")
