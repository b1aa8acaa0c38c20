"""The desk of authenticator apps: show a seed, take it in with its first code, and switch the second step off."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_bytes
from typing import Any

from msgspec import Struct

from guardhouse.desks.desk import Desk
from guardhouse.desks.factors import Factors, factors_of, sealer_of
from guardhouse.desks.second_factor import half_way
from guardhouse.flows import otp_app as flow
from guardhouse.flows import second_factor
from guardhouse.flows.entry import second
from guardhouse.flows.plan import Ask, Next, Refuse
from guardhouse.flows.second_factor import Asked
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state import otp_app
from guardhouse.state.otp_app import LIFETIME, Unconfirmed
from guardhouse.vault import totp
from guardhouse.vault.qr import qr_svg
from guardhouse.vault.totp import SEED_BYTES, Kept

__all__ = [
    "FirstCode",
    "PerhapsCode",
    "TurnOff",
    "confirm",
    "issuer_of",
    "renew_codes",
    "require",
    "set_up",
    "shown",
    "shown_to_half_way",
    "turn_off",
]


class FirstCode(Struct, frozen=True):
    """What the new app shows; in no repr."""

    code: str

    def __repr__(self) -> str:
        return "FirstCode()"


class PerhapsCode(Struct, frozen=True):
    """What the new app shows, or nothing by whoever asks what to put into it; in no repr."""

    code: str = ""
    next: str = ""

    def __repr__(self) -> str:
        return "PerhapsCode()"


class TurnOff(Struct, frozen=True):
    """A code of the app, or the password; in no repr."""

    code: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "TurnOff()"


# -- by who is logged in ----------------------------------------------------------------------------------------------


async def set_up(desk: Desk[Any], _: object) -> Next:
    """Show what goes into the app. It is no proof before its first code came."""
    seen = await shown(desk)
    return Ask("two-factor-confirm", seen) if isinstance(seen, Mapping) else seen


async def shown(desk: Desk[Any]) -> Mapping[str, object] | Next:
    """Make a seed, or find the one that was shown a moment ago, for who is logged in by all that he has."""
    user = await _whole(desk)
    return await _seed(desk, user) if not isinstance(user, Ask) else user


async def confirm(desk: Desk[Any], handed: FirstCode) -> Next:
    """Take the app in with its first code, and show the recovery codes."""
    user = await _whole(desk)
    if isinstance(user, Ask):
        return user
    return await _confirmed(desk, Asked(desk.whose(user)), handed.code, "two-factor-setup")


async def renew_codes(desk: Desk[Any], _: object) -> Next:
    """Show ten new recovery codes; those of before are dead."""
    user = await _whole(desk)
    if isinstance(user, Ask):
        return user
    has = await factors_of(desk, desk.owner_of(user))
    if not has.any:
        return Ask("two-factor-setup")
    codes, shown = has.new_codes(desk.now)
    notice = desk.notice(LetterKind.RECOVERY_CODES_RENEWED, user)
    following = await desk.perform(flow.renewed(desk.whose(user), codes, shown, notice))
    return flow.AT_ONCE if isinstance(following, Refuse) else following


async def turn_off(desk: Desk[Any], handed: TurnOff) -> Next:
    """Switch the second step off, by a code or by the password, unless the user must have one."""
    user = await _whole(desk)
    if isinstance(user, Ask):
        return user
    has = await factors_of(desk, desk.owner_of(user))
    if desk.kit.must_have_factor(user) and not has.passkeys:
        return flow.MUST_HAVE
    throttled = await desk.throttled(second_factor.account_of(has.owner))
    if throttled is not None:
        return throttled
    spent = has.spent_by(sealer_of(desk), handed.code, desk.now) if handed.code else None
    if spent is None and not await _password_fits(desk, user, handed.password):
        return flow.NEITHER
    notice = desk.notice(LetterKind.SECOND_FACTOR_REMOVED, user)
    plan = flow.switched_off(desk.whose(user), spent, passkeys=bool(has.passkeys), notice=notice)
    return await desk.perform(plan)


# -- by who must have one, and is half-way in ---------------------------------------------------------------------------


async def require(desk: Desk[Any], handed: PerhapsCode) -> Next:
    """Show what goes into the app, or take it in with its first code; then its user is logged in."""
    who = await _bare(desk)
    if who is None:
        return second_factor.NOBODY_ASKED
    if not handed.code:
        return Ask("two-factor-required", await _seed(desk, who.whose.user))
    return await _confirmed(desk, who, handed.code, "two-factor-required")


async def shown_to_half_way(desk: Desk[Any]) -> Mapping[str, object] | Next:
    """Make a seed, or find the one that was shown a moment ago, for who must enrol before he is let in."""
    who = await _bare(desk)
    return Ask("login") if who is None else await _seed(desk, who.whose.user)


async def _bare(desk: Desk[Any]) -> Asked | None:
    """Find who waits to enrol a first factor. Who got one since gives that: a password alone adds none beside it."""
    who = await half_way(desk, must_enrol=True)
    return None if who is None or await desk.factors_of(who.whose.user) else who


# -- both ---------------------------------------------------------------------------------------------------------------


async def _whole(desk: Desk[Any]) -> Any:  # noqa: ANN401 - the application's own user, or what he is asked for
    """Find who is logged in, by a second factor too where he has one: a stolen password changes none."""
    user = await desk.auth.user()
    if user is None:
        return Ask("login")
    login = (await desk.visit.carried.open()).login(desk.kit.guard.realm or "")
    given = login.proofs.split() if login is not None else []
    return user if second(given) or not await desk.factors_of(user) else Ask("two-factor")


async def _seed(desk: Desk[Any], user: Any) -> Mapping[str, object]:  # noqa: ANN401 - as above
    session, sealer, owner = await desk.visit.carried.open(), sealer_of(desk), desk.owner_of(user)
    waiting = otp_app.offered(session, owner, desk.now)
    seed = None if waiting is None else sealer.open(waiting.sealed, owner)
    if seed is None:
        seed = token_bytes(SEED_BYTES)
        otp_app.offer(session, Unconfirmed(owner, sealer.seal(seed, owner), desk.now + LIFETIME))
    account = desk.address_of(user) or desk.provider.id_of(user)
    uri = totp.provisioning_uri(seed, issuer_of(desk.kit.app_name), account)
    return {"secret": totp.typed(seed), "uri": uri, "qr": qr_svg(uri, desk.kit.app_name)}


async def _confirmed(desk: Desk[Any], who: Asked, code: str, start: str) -> Next:
    (user, owner, _), now = who.whose, desk.now
    waiting = otp_app.offered(await desk.visit.carried.open(), owner, now)
    seed = None if waiting is None else sealer_of(desk).open(waiting.sealed, owner)
    if waiting is None or seed is None:
        return Ask(start)
    step = totp.accepted_step(seed, code, now, None)
    if step is None:
        return flow.WRONG_CODE
    has = await factors_of(desk, owner)
    fresh = _fresh(has, Kept(waiting.sealed, step), now)
    notice = desk.notice(LetterKind.SECOND_FACTOR_ADDED, user)
    following = await desk.perform(flow.confirmed(who.whose, fresh, notice, who.pending))
    return flow.AT_ONCE if isinstance(following, Refuse) else following


def _fresh(has: Factors, kept: Kept, now: float) -> flow.Fresh:
    codes, shown = has.new_codes(now)
    return flow.Fresh(has.new_app(kept, now), codes, shown)


async def _password_fits(desk: Desk[Any], user: Any, password: str) -> bool:  # noqa: ANN401 - as above
    return bool(password) and (await desk.parts.passwords.check(password, desk.provider.password_of(user))).ok


def issuer_of(app_name: str) -> str:
    """Write the application's name as apps read it: they take what stands before a colon for the name."""
    return " ".join(app_name.replace(":", " ").split())
