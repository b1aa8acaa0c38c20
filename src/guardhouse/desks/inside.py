"""What effects do to the login of whoever is inside: prove more, bind anew, act for somebody and stop, end what he has elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from guardhouse.flows import plan as to
from guardhouse.state import fingerprint, remembered
from guardhouse.state.record import Login
from guardhouse.state.session import CONFIRMED, Session
from guardhouse.tokens import desks_of

if TYPE_CHECKING:
    from guardhouse.desks.desk import Desk

__all__ = [
    "closed",
    "confirm",
    "end_session",
    "impersonate",
    "rebind",
    "revoke_token",
    "revoke_tokens",
    "stop_impersonating",
]

IMPERSONATION = "impersonation"
"""The proof of a login that was not given by its user: it is none of his factors."""


async def closed(desk: Desk[Any], effects: Iterable[to.Effect]) -> bool:
    """Whether somebody acts in a user's place, and one of these changes that user's account; whatever way led to it."""
    accounts = {_account(desk, effect) for effect in effects} - {None}
    if not accounts:
        return False
    _, login = await _present(desk)
    return login is not None and login.behind is not None and login.owner in accounts


def _account(desk: Desk[Any], effect: to.Effect) -> str | None:
    """Name whose account an effect changes, so that nobody but the user himself may have it."""
    match effect:
        case to.SetPassword(user=user) | to.SetAddress(user=user) | to.Verify(user=user):
            return desk.owner_of(user)
        case to.Enrol(enrolment=enrolment) | to.Change(before=enrolment):
            return enrolment.owner
        case to.Withdraw(owner=owner) | to.WithdrawAll(owner=owner):
            return owner
        case _:
            return None


async def confirm(desk: Desk[Any], effect: to.Confirm) -> bool:
    """Keep the moment beside the login, which stays as old as it is, and what was proven with it."""
    session, login = await _present(desk)
    return await _go_on(desk, session, _proven(desk, session, effect, login))


async def rebind(desk: Desk[Any], effect: to.Rebind) -> bool:
    """Bind the login to the password that is stored now, or it would end with the one of before."""
    session, login = await _present(desk)
    bound = login and replace(login, fingerprint=await _binding(desk, effect.user))
    return await _go_on(desk, session, _proven(desk, session, effect, bound))


async def impersonate(desk: Desk[Any], effect: to.Impersonate) -> bool:
    """Put the user's login before the present one. No deadline moves, so it ends when that would have ended."""
    session, own = await _present(desk)
    if own is None or own.behind is not None:
        return False
    _leave_behind(desk, session)
    acted = Login(
        user_id=desk.provider.id_of(effect.user),
        provider=desk.kit.guard.provider or "",
        guard=desk.guard,
        at=desk.now,
        fingerprint=await _binding(desk, effect.user),
        device=own.device,
        address=own.address,
        proofs=IMPERSONATION,
        behind=own,
    )
    return await _go_on(desk, session, acted)


async def stop_impersonating(desk: Desk[Any], _: to.StopImpersonating) -> bool:
    """Let whoever acted be himself again; who came himself stays who he is."""
    session, acted = await _present(desk)
    if acted is None or acted.behind is None:
        return True
    _leave_behind(desk, session)
    return await _go_on(desk, session, acted.behind)


async def end_session(desk: Desk[Any], effect: to.EndSession) -> bool:
    """End it everywhere; the present one is logged out by it."""
    await desk.auth.end_device(effect.id)
    return True


async def revoke_token(desk: Desk[Any], effect: to.RevokeToken) -> bool:
    """Take it back at once."""
    for tokens in desks_of(desk.kit.house, desk.kit.guard.provider):
        await tokens.revoke(effect.user, effect.id)
    return True


async def revoke_tokens(desk: Desk[Any], effect: to.RevokeTokens) -> bool:
    """Take all of them back at once."""
    for tokens in desks_of(desk.kit.house, desk.kit.guard.provider):
        await tokens.revoke_all(effect.user)
    return True


def _leave_behind(desk: Desk[Any], session: Session) -> None:
    """Drop what one user left in the session, which is for no other; that its browser stays logged in is the browser's."""
    realm = desk.kit.guard.realm or ""
    series = remembered.linked_in(session, realm)
    session.flush()
    remembered.link(session, realm, series)


async def _present(desk: Desk[Any]) -> tuple[Session, Login | None]:
    session = await desk.visit.carried.open()
    return session, session.login(desk.kit.guard.realm or "")


def _proven(
    desk: Desk[Any], session: Session, effect: to.Confirm | to.Rebind, login: Login | None
) -> Login | None:
    """Note the moment, and add the proofs to those of the login."""
    session[CONFIRMED] = {**session.get(CONFIRMED, {}), desk.owner_of(effect.user): desk.now}
    if login is None:
        return None
    return replace(login, proofs=" ".join(dict.fromkeys([*login.proofs.split(), *effect.proofs])))


async def _go_on(desk: Desk[Any], session: Session, login: Login | None) -> bool:
    """Write the login as it is now, under a new id."""
    if login is not None:
        session.set_login(desk.kit.guard.realm or "", login)
    await desk.visit.carried.renew()
    desk.visit.forget()
    return True


async def _binding(desk: Desk[Any], user: Any) -> str | None:  # noqa: ANN401 - the application's own user
    """Take the fingerprint of the password that is stored now, whatever it was when the user was read."""
    fresh = await desk.provider.by_id(desk.provider.id_of(user)) or user
    stored = desk.provider.password_of(fresh)
    return None if stored is None else fingerprint.take(desk.parts.logins, stored)
