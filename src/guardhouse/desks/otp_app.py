"""The desk of authenticator apps: show a seed, take it in with its first code, and switch the second step off."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_bytes
from typing import Any, NamedTuple

from msgspec import Struct

from guardhouse.core.proofs import second
from guardhouse.desks.desk import Desk
from guardhouse.desks.factors import Factors, factors_of, sealer_of
from guardhouse.desks.second_factor import half_way
from guardhouse.flows import otp_app as flow
from guardhouse.flows import second_factor
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
    "must_enrol",
    "renew_codes",
    "require",
    "set_up",
    "shown",
    "shown_to_half_way",
    "turn_off",
    "wanting",
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
    whole = await _whole(desk)
    return whole if isinstance(whole, Ask) else await _seed(desk, whole.asked.whose.user)


async def confirm(desk: Desk[Any], handed: FirstCode) -> Next:
    """Take the app in with its first code, and show the recovery codes."""
    whole = await _whole(desk)
    return whole if isinstance(whole, Ask) else await _confirmed(desk, whole, handed.code, "two-factor-setup")


async def renew_codes(desk: Desk[Any], _: object) -> Next:
    """Show ten new recovery codes; those of before are dead."""
    whole = await _whole(desk)
    if isinstance(whole, Ask):
        return whole
    whose, has = whole.asked.whose, whole.has
    if not has.any:
        return Ask("two-factor-setup")
    codes, shown = has.new_codes(desk.now)
    notice = desk.notice(LetterKind.RECOVERY_CODES_RENEWED, whose.user)
    following = await desk.perform(flow.renewed(whose, codes, shown, notice))
    return flow.AT_ONCE if isinstance(following, Refuse) else following


async def turn_off(desk: Desk[Any], handed: TurnOff) -> Next:
    """Switch the second step off, by a code or by the password, unless the user must have one."""
    whole = await _whole(desk)
    if isinstance(whole, Ask):
        return whole
    whose, has = whole.asked.whose, whole.has
    if not has.apps:
        return Ask("account-security")
    if desk.kit.must_have_factor(whose.user) and not has.passkeys:
        return flow.MUST_HAVE
    throttled = await desk.throttled(second_factor.account_of(has.owner))
    if throttled is not None:
        return throttled
    spent = has.spent_by(sealer_of(desk), handed.code, desk.now) if handed.code else None
    if spent is None and not await _password_fits(desk, whose.user, handed.password):
        return flow.NEITHER
    notice = desk.notice(LetterKind.SECOND_FACTOR_REMOVED, whose.user)
    plan = flow.switched_off(whose, spent, passkeys=bool(has.passkeys), notice=notice)
    return await desk.perform(plan)


# -- by who must have one, and is half-way in ---------------------------------------------------------------------------


async def require(desk: Desk[Any], handed: PerhapsCode) -> Next:
    """Show what goes into the app, or take it in with its first code; then its user is logged in."""
    bare = await _bare(desk)
    if bare is None:
        return second_factor.NOBODY_ASKED
    if not handed.code:
        return Ask("two-factor-required", await _seed(desk, bare.asked.whose.user))
    return await _confirmed(desk, bare, handed.code, "two-factor-required")


async def shown_to_half_way(desk: Desk[Any]) -> Mapping[str, object] | Next:
    """Make a seed, or find the one that was shown a moment ago, for who must enrol before he is let in."""
    bare = await _bare(desk)
    return Ask("login") if bare is None else await _seed(desk, bare.asked.whose.user)


async def must_enrol(desk: Desk[Any]) -> Asked | None:
    """Find who waits to enrol a first factor, whichever it will be."""
    bare = await _bare(desk)
    return None if bare is None else bare.asked


async def _bare(desk: Desk[Any]) -> Enroller | None:
    """Find who waits to enrol a first factor. Who got one since gives that: a password alone adds none beside it."""
    who = await half_way(desk, must_enrol=True)
    if who is None:
        return None
    has = await factors_of(desk, who.whose.owner)
    return None if has.any else Enroller(who, has)


# -- both ---------------------------------------------------------------------------------------------------------------


class Enroller(NamedTuple):
    """Who may change what he has, and what he had when that was found.

    It is read once: whoever has something by then that he had not when he was let come would replace it unproven.
    """

    asked: Asked
    has: Factors


async def _whole(desk: Desk[Any]) -> Enroller | Ask:
    """Find who is logged in, by a second factor too where he has one: a stolen password changes none."""
    user = await desk.auth.user()
    if user is None:
        return Ask("login")
    login = (await desk.visit.carried.open()).login(desk.kit.guard.realm or "")
    given = login.proofs.split() if login is not None else []
    has = await factors_of(desk, desk.owner_of(user))
    return Enroller(Asked(desk.whose(user)), has) if second(given) or not has.any else Ask("two-factor")


async def wanting(desk: Desk[Any]) -> Ask | None:
    """Say what who is logged in must give before he adds or takes off a way in; None is nothing more."""
    whole = await _whole(desk)
    return whole if isinstance(whole, Ask) else None


async def _seed(desk: Desk[Any], user: Any) -> Mapping[str, object]:  # noqa: ANN401 - the application's own user
    session, sealer, owner = await desk.visit.carried.open(), sealer_of(desk), desk.owner_of(user)
    waiting = otp_app.offered(session, owner, desk.now)
    seed = None if waiting is None else sealer.open(waiting.sealed, owner)
    if seed is None:
        seed = token_bytes(SEED_BYTES)
        otp_app.offer(session, Unconfirmed(owner, sealer.seal(seed, owner), desk.now + LIFETIME))
    account = desk.address_of(user) or desk.provider.id_of(user)
    uri = totp.provisioning_uri(seed, issuer_of(desk.kit.app_name), account)
    return {"secret": totp.typed(seed), "uri": uri, "qr": qr_svg(uri, desk.kit.app_name)}


async def _confirmed(desk: Desk[Any], enroller: Enroller, code: str, start: str) -> Next:
    (whose, pending), has = enroller
    (user, owner, _), now = whose, desk.now
    waiting = otp_app.offered(await desk.visit.carried.open(), owner, now)
    seed = None if waiting is None else sealer_of(desk).open(waiting.sealed, owner)
    if waiting is None or seed is None:
        return Ask(start)
    step = totp.accepted_step(seed, code, now, None)
    if step is None:
        return flow.WRONG_CODE
    fresh = _fresh(has, Kept(waiting.sealed, step), now)
    notice = desk.notice(LetterKind.SECOND_FACTOR_ADDED, user)
    following = await desk.perform(flow.confirmed(whose, fresh, notice, pending))
    return flow.AT_ONCE if isinstance(following, Refuse) else following


def _fresh(has: Factors, kept: Kept, now: float) -> flow.Fresh:
    codes, shown = has.new_codes(now)
    return flow.Fresh(has.new_app(kept, now), codes, shown)


async def _password_fits(desk: Desk[Any], user: Any, password: str) -> bool:  # noqa: ANN401 - as above
    return bool(password) and (await desk.parts.passwords.check(password, desk.provider.password_of(user))).ok


def issuer_of(app_name: str) -> str:
    """Write the application's name as apps read it: they take what stands before a colon for the name."""
    return " ".join(app_name.replace(":", " ").split())
