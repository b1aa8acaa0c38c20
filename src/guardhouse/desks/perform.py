"""Carries out a plan: its effects one after the other, in their order; the first that somebody else won ends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from guardhouse.core.provider import HasAddress, SetsPassword
from guardhouse.core.reasons import Reason
from guardhouse.desks import inside
from guardhouse.devices import Devices, ends_all
from guardhouse.errors import ConfigError
from guardhouse.flows import plan as to
from guardhouse.state import pending
from guardhouse.state.enrolment import Kind
from guardhouse.state.pending import Pending

if TYPE_CHECKING:
    from guardhouse.desks.desk import Desk

__all__ = ["perform"]

_TRANSACTION_BYTES = 16


async def perform(desk: Desk[Any], plan: to.Plan) -> to.Next:
    """Have the effects, and return what comes next: that of the plan, or what the loser of a race is told."""
    if await inside.closed(desk, plan.effects):
        return to.Refuse(Reason.IMPERSONATED)  # whatever way led here
    for effect in plan.effects:
        if not await _EFFECTS[type(effect)](desk, effect):
            lost: Reason | None = getattr(effect, "otherwise", None)  # those that can lose say what for
            if lost is not None:
                return to.Refuse(lost)
    return plan.then


# -- the session ------------------------------------------------------------------------------------------------------


async def _log_in(desk: Desk[Any], effect: to.LogIn) -> bool:
    user = await _as_stored(desk, effect.user)
    pending.drop(await desk.visit.carried.open())
    await desk.auth.login(user, remember=effect.remember, proofs=effect.proofs)
    return True


async def _come_back(desk: Desk[Any], effect: to.ComeBack) -> bool:
    await desk.auth.come_back(effect.user, effect.series)
    return True


async def _hold(desk: Desk[Any], effect: to.Hold) -> bool:
    guard, now = desk.kit.guard, desk.now
    waiting = Pending(
        user_id=desk.provider.id_of(effect.user),
        provider=guard.provider or "",
        guard=guard.name,
        realm=guard.realm or "",
        at=now,
        ends=now + pending.LIFETIME,
        factors=tuple(Kind(name) for name in effect.factors),
        transaction=token_urlsafe(_TRANSACTION_BYTES),
        fingerprint=desk.binding_of(effect.user),
        remember=effect.remember,
        proofs=effect.proofs,
        must_enrol=effect.must_enrol,
    )
    pending.hold(await desk.visit.carried.open(), waiting)
    return await _renew(desk, to.Renew())


async def _add_proof(desk: Desk[Any], effect: to.AddProof) -> bool:
    realm = desk.kit.guard.realm or ""
    session = await desk.visit.carried.open()
    login = session.login(realm)
    if login is not None and login.user_id == desk.provider.id_of(effect.user):
        given = dict.fromkeys([*login.proofs.split(), effect.proof])
        session.set_login(realm, replace(login, proofs=" ".join(given)))
    return await _renew(desk, to.Renew())


async def _count_try(desk: Desk[Any], effect: to.CountTry) -> bool:
    pending.used_try(await desk.visit.carried.open(), effect.pending)
    # Now, and whether or not it is still there: who lost against the right answer is told of his wrong one.
    await desk.visit.carried.settle()
    return True


async def _log_out(desk: Desk[Any], _: to.LogOut) -> bool:
    await desk.auth.logout()
    return True


async def _renew(desk: Desk[Any], _: to.Renew) -> bool:
    await desk.visit.carried.renew()
    desk.visit.forget()
    return True


async def _end_sessions(desk: Desk[Any], effect: to.EndSessions) -> bool:
    if ends_all(desk.parts):
        devices: Devices[Any] = Devices(desk.parts, desk.kit.guard)
        if effect.keep:
            await devices.end_others(effect.user, desk.visit.carried)
        else:
            await devices.end_all(effect.user)
    return True  # where nobody can, the fingerprint of the password still ends every login of before


async def _put(desk: Desk[Any], effect: to.Put) -> bool:
    session = await desk.visit.carried.open()
    if effect.value is None:
        session.pop(effect.key, None)
    else:
        session[effect.key] = effect.value
    return True


async def _cookie(desk: Desk[Any], effect: to.Cookie) -> bool:
    policy = desk.parts.cookie
    value = (
        policy.write(effect.name, effect.value, max_age=effect.age)
        if effect.value
        else policy.erase(effect.name)
    )
    desk.visit.carried.set_cookie(effect.name, value)
    return True


# -- the account ------------------------------------------------------------------------------------------------------


async def _set_password(desk: Desk[Any], effect: to.SetPassword) -> bool:
    users = _able(desk, SetsPassword)
    return bool(await users.set_password(effect.user, effect.password_hash, before=effect.before))


async def _verify(desk: Desk[Any], effect: to.Verify) -> bool:
    return bool(await _able(desk, HasAddress).verify(effect.user, effect.address))


async def _set_address(desk: Desk[Any], effect: to.SetAddress) -> bool:
    users = _able(desk, HasAddress)
    return bool(await users.set_address(effect.user, effect.address, before=effect.before))


async def _spend(desk: Desk[Any], effect: to.Spend) -> bool:
    return await desk.visit.once(effect.name, effect.until)


# -- what users prove themselves with ---------------------------------------------------------------------------------


async def _enrol(desk: Desk[Any], effect: to.Enrol) -> bool:
    return await desk.enrolments.enrol(effect.enrolment)


async def _only_one(desk: Desk[Any], effect: to.OnlyOne) -> bool:
    own = effect.enrolment
    found = await desk.enrolments.enrolled(own.owner, Kind.PASSKEY, Kind.TOTP)
    alone = all((one.kind, one.name) == (own.kind, own.name) for one in found)
    if not alone:
        await desk.enrolments.withdraw(own.owner, own.kind, own.name)
    return alone


async def _change(desk: Desk[Any], effect: to.Change) -> bool:
    return await desk.enrolments.change(effect.before, effect.after)


async def _withdraw(desk: Desk[Any], effect: to.Withdraw) -> bool:
    there = await desk.enrolments.withdraw(effect.owner, effect.kind, effect.name)
    return there or effect.otherwise is None


async def _withdraw_all(desk: Desk[Any], effect: to.WithdrawAll) -> bool:
    if desk.kit.enrolments is not None:
        await desk.kit.enrolments.withdraw_all(effect.owner, *effect.kinds)
    return True


# -- whoever should know ----------------------------------------------------------------------------------------------


async def _forgive(desk: Desk[Any], effect: to.Forgive) -> bool:
    await desk.kit.throttle.forgive(desk.visit, effect.account)
    return True


async def _send(desk: Desk[Any], effect: to.Send) -> bool:
    if desk.tray is not None:
        desk.tray.put(effect.letter)
    return True


async def _tell(desk: Desk[Any], effect: to.Tell) -> bool:
    await desk.parts.emit(effect.event)
    return True


async def _as_stored(desk: Desk[Any], user: Any) -> Any:  # noqa: ANN401 - the application's own user
    """Return the user as he is now: an effect of before may have given him another password."""
    return await desk.provider.by_id(desk.provider.id_of(user)) or user


def _able(desk: Desk[Any], power: type[Any]) -> Any:  # noqa: ANN401 - the provider, with that power
    """Return the users, who can do this. Raise `ConfigError` where they cannot."""
    if not isinstance(desk.provider, power):
        fix = "Give users that can, or leave the way out: Ways(..., without=[...])."
        raise ConfigError("users", f"{type(desk.provider).__name__} without {power.__name__}", fix)
    return desk.provider


_EFFECTS: Mapping[type[object], Callable[[Desk[Any], Any], Awaitable[bool]]] = {
    to.LogIn: _log_in,
    to.ComeBack: _come_back,
    to.Hold: _hold,
    to.AddProof: _add_proof,
    to.CountTry: _count_try,
    to.LogOut: _log_out,
    to.Renew: _renew,
    to.Confirm: inside.confirm,
    to.Rebind: inside.rebind,
    to.Impersonate: inside.impersonate,
    to.StopImpersonating: inside.stop_impersonating,
    to.EndSession: inside.end_session,
    to.RevokeToken: inside.revoke_token,
    to.RevokeTokens: inside.revoke_tokens,
    to.EndSessions: _end_sessions,
    to.Put: _put,
    to.Cookie: _cookie,
    to.SetPassword: _set_password,
    to.Verify: _verify,
    to.SetAddress: _set_address,
    to.Spend: _spend,
    to.Enrol: _enrol,
    to.OnlyOne: _only_one,
    to.Change: _change,
    to.Withdraw: _withdraw,
    to.WithdrawAll: _withdraw_all,
    to.Forgive: _forgive,
    to.Send: _send,
    to.Tell: _tell,
}
