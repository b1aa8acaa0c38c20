"""The second factors of one user as a desk finds them: his app, his recovery codes, and what a code does to each."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, NamedTuple

from guardhouse.flows.plan import Change, Enrol
from guardhouse.state import otp_app, recovery
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.vault import codes, totp
from guardhouse.vault.seal import Sealer
from guardhouse.vault.totp import Kept

if TYPE_CHECKING:
    from guardhouse.desks.desk import Desk

__all__ = ["Factors", "factors_of", "sealer_of"]


class Factors(NamedTuple):
    """What one user has enrolled beside his password."""

    owner: str
    apps: Sequence[Enrolment] = ()
    """One, unless the application has put others there."""
    codes: Enrolment | None = None
    passkeys: Sequence[Enrolment] = ()
    trusted: Sequence[Enrolment] = ()

    @property
    def any(self) -> bool:
        """Whether there is a second factor; recovery codes alone are none."""
        return bool(self.apps or self.passkeys)

    def spent_by(self, sealer: Sealer, code: str, now: float) -> Change | None:
        """Use up the step of a code; None for one that fits no app of his, or was used."""
        for app in self.apps:
            kept = otp_app.kept(app)
            seed = sealer.open(kept.sealed, self.owner) if kept is not None else None
            if kept is None or seed is None:
                continue
            step = totp.accepted_step(seed, code, now, kept.last_step)
            if step is not None:
                sealed = sealer.seal(seed, self.owner) if sealer.stale(kept.sealed) else kept.sealed
                return Change(app, otp_app.changed(app, Kept(sealed, step), now))
        return None

    def spent_by_recovery(self, code: str, now: float) -> Change | None:
        """Use up a recovery code; None for one that is none of his."""
        after = None if self.codes is None else recovery.without(self.codes, code, now)
        return None if self.codes is None or after is None else Change(self.codes, after)

    def new_codes(self, now: float) -> tuple[Enrol | Change, tuple[str, ...]]:
        """Make ten codes: how they are kept in the place of those there, and how they are shown."""
        shown = codes.mint(token_bytes(codes.CHANCE))
        if self.codes is None:
            return Enrol(recovery.enrolled(self.owner, shown, now)), shown
        return Change(self.codes, recovery.renewed(self.codes, shown)), shown

    def new_app(self, kept: Kept, now: float) -> Enrol | Change:
        """Keep a new app in the place of the one there."""
        if not self.apps:
            return Enrol(otp_app.enrolled(self.owner, kept, now))
        return Change(self.apps[0], otp_app.changed(self.apps[0], kept, now))


async def factors_of(desk: Desk[Any], owner: str) -> Factors:
    """Read what a user has."""
    found = await desk.enrolments.enrolled(owner, Kind.TOTP, Kind.RECOVERY, Kind.PASSKEY, Kind.TRUSTED)
    by_kind = {kind: [one for one in found if one.kind is kind] for kind in Kind}
    sets = by_kind[Kind.RECOVERY]
    return Factors(
        owner,
        by_kind[Kind.TOTP],
        sets[0] if sets else None,
        by_kind[Kind.PASSKEY],
        [one for one in by_kind[Kind.TRUSTED] if one.ends is None or desk.now < one.ends],
    )


def sealer_of(desk: Desk[Any]) -> Sealer:
    """Return what seeds are sealed with, each beside its owner."""
    return Sealer(desk.parts.keys, "totp")
