"""The desk of browsers that stay logged in: begins a series at a login, lets its browser come back, and ends it at the logout."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_bytes
from typing import Any, NamedTuple

from guardhouse.core.proofs import enough
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain
from guardhouse.desks.desk import Desk
from guardhouse.desks.kit import Kit
from guardhouse.flows import remember as flow
from guardhouse.flows.plan import Cookie, Plan, Refuse, Spend
from guardhouse.gate.coming_back import Begun
from guardhouse.gate.visit import Visit
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state import fingerprint, handed, remembered
from guardhouse.state.device import described, network_from
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.handed import Presented
from guardhouse.state.remembered import Came, Series, Weighed
from guardhouse.state.store import SingleUse

__all__ = ["Remembering"]

_OVER = {Weighed.EXPIRED: "past its end", Weighed.WRONG_PASSWORD: "the password was changed"}


_ANOTHERS = Refuse(Reason.REMEMBER_EXPIRED, {"remembered": "of another guard"})


class _Found(NamedTuple):
    """What a cookie of this guard led to."""

    presented: Presented
    enrolment: Enrolment
    series: Series
    user: Any
    weighed: Weighed


class Remembering:
    """Lets the browsers of one guard's users stay logged in."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    @property
    def provider(self) -> str:
        """Whose users they are."""
        return self._kit.guard.provider or ""

    @property
    def realm(self) -> str:
        """In which realm their logins are."""
        return self._kit.guard.realm or ""

    # -- beginning and ending -----------------------------------------------------------------------------------------

    async def begin(self, visit: Visit, user: Any, proofs: Sequence[str]) -> Begun:  # noqa: ANN401 - the application's own type
        """Begin a series that is bound to the password of now."""
        desk: Desk[Any] = Desk(self._kit, visit)
        stored = desk.provider.password_of(user)
        taken = None if stored is None else fingerprint.take(desk.parts.logins, stored)
        facts = visit.facts
        value, series = remembered.begin(
            desk.owner_of(user),
            desk.guard,
            taken,
            token_bytes(remembered.CHANCE),
            desk.now,
            lifetime=self._kit.lifetimes.remembered.total_seconds(),
            came=Came(
                " ".join(proofs),
                described(b"".join(facts.lines(b"user-agent")[:1])),
                network_from(facts.peer),
            ),
        )
        await desk.enrolments.enrol(series)
        cookie = _cookie(desk, value, series)
        return Begun(series.name, desk.parts.cookie.write(cookie.name, cookie.value, max_age=cookie.age))

    async def leave(self, visit: Visit) -> None:
        """End the series that this session goes with, and the one of the cookie; a copy is found here, too."""
        desk = self._desk(visit)
        await self._leave(desk)
        _post(desk)

    async def _leave(self, desk: Desk[Any]) -> None:
        session = await desk.visit.carried.open()
        name = remembered.linked_in(session, self.realm)
        own = None if name is None else await desk.enrolments.enrolment(Kind.REMEMBERED, name)
        if own is not None:
            await desk.perform(flow.over(_erased(desk), "logged out", own))
        values = _values(desk)
        if not values:
            return
        found = await self._look(desk, values)
        if isinstance(found, Plan):
            await desk.perform(found)
        elif found is not None:
            copied = found.weighed is Weighed.STOLEN
            await desk.perform(
                self._stolen(desk, found)
                if copied
                else flow.over(_erased(desk), "logged out", found.enrolment)
            )

    # -- coming back --------------------------------------------------------------------------------------------------

    async def come_back(self, visit: Visit) -> Abstain | None:
        """Log in whom the cookie stands for. Who loses a turn weighs again: the tab beside was faster, and he has its grace."""
        desk = self._desk(visit)
        values = _values(desk)
        while True:
            plan = await self._plan(desk, values)
            following = _ANOTHERS if plan is None else await desk.perform(plan)
            if following == flow.CAME_BACK:
                return None
            if isinstance(following, Refuse) and following.reason is not flow.LOST:
                _post(desk)
                return Abstain(desk.guard, following.reason, following.evidence)

    async def _plan(self, desk: Desk[Any], values: Sequence[bytes]) -> Plan | None:
        """Say what is to be done with a cookie; None where it belongs to another guard."""
        found = await self._look(desk, values)
        if found is None or isinstance(found, Plan):
            return found
        whose = desk.whose(found.user)
        match found.weighed:
            case Weighed.STOLEN:
                return self._stolen(desk, found)
            case Weighed.EXPIRED | Weighed.WRONG_PASSWORD:
                return flow.over(_erased(desk), _OVER[found.weighed], found.enrolment)
            case Weighed.FRESH | Weighed.GRACE:
                against = await self._against(desk, found)
                if against is not None:
                    return flow.over(_erased(desk), against, found.enrolment)
        if found.weighed is Weighed.GRACE:
            return flow.come_back_beside(whose, found.enrolment)
        value, after = remembered.turn(
            found.enrolment, found.series, token_bytes(handed.SECRET_BYTES), desk.now
        )
        return flow.come_back(whose, flow.Next(found.enrolment, after, _cookie(desk, value, after)))

    async def _against(self, desk: Desk[Any], found: _Found) -> str | None:
        """Say why a good value lets nobody in: he is disabled, or owes a factor that the login of then did not have."""
        disabled = desk.parts.disabled.get(self.provider)
        if disabled is not None and disabled(found.user):
            return "the user is disabled"
        if enough(tuple(found.series.came.proofs.split())):
            return None
        if await desk.factors_of(found.user):
            return "a second factor was added"
        return "a second factor is required now" if desk.kit.must_have_factor(found.user) else None

    async def _look(self, desk: Desk[Any], values: Sequence[bytes]) -> _Found | Plan | None:
        """Find what a cookie stands for; a plan where that is nothing, and None where it belongs to another guard."""
        presented = handed.read(values[0]) if len(values) == 1 else None
        if presented is None:
            return flow.over(_erased(desk), "two values" if len(values) > 1 else "not one of ours")
        enrolment = await desk.enrolments.enrolment(Kind.REMEMBERED, presented.name)
        series = None if enrolment is None else Series.of(enrolment)
        if enrolment is None or series is None:
            return flow.over(_erased(desk), "forgotten, or never handed out")
        if series.guard != desk.guard or not enrolment.owner.startswith(f"{self.provider}:"):
            return None
        user = await desk.user_of(enrolment.owner)
        if user is None:
            return flow.over(_erased(desk), "the user is gone", enrolment)
        stored = desk.provider.password_of(user)
        same = fingerprint.unchanged(desk.parts.logins, series.fingerprint, stored)
        weighed = remembered.weigh(enrolment, presented, desk.now, same_password=same)
        return _Found(presented, enrolment, series, user, weighed)

    def _desk(self, visit: Visit) -> Desk[Any]:
        outbox = self._kit.outbox
        return Desk(self._kit, visit, tray=None if outbox is None else outbox.tray())

    def _stolen(self, desk: Desk[Any], found: _Found) -> Plan:
        notice = desk.notice(LetterKind.DEVICE_STOLEN, found.user)
        series, once = found.enrolment, None
        if isinstance(desk.parts.beside, SingleUse):
            name = b"remember-stolen:" + series.name.encode()
            once = Spend(name, series.ends or desk.now, Reason.REMEMBER_STOLEN)
        return flow.stolen(desk.whose(found.user), _erased(desk), notice, once)


def _post(desk: Desk[Any]) -> None:
    """Hand over the letters; whoever brings a copy may feel that, and learns nothing new by it."""
    if desk.tray is not None:
        desk.tray.send()


def _values(desk: Desk[Any]) -> Sequence[bytes]:
    """Return the different values of the cookie that came."""
    lines = desk.visit.facts.lines(b"cookie")
    return list(dict.fromkeys(desk.parts.remember_cookie.values(lines)))


def _cookie(desk: Desk[Any], value: str, series: Enrolment) -> Cookie:
    """Hand out a value for as long as its series has still to live: no use makes it longer."""
    left = max(0, int((series.ends or desk.now) - desk.now))
    return Cookie(desk.parts.cookie.remember, value, left)


def _erased(desk: Desk[Any]) -> Cookie:
    return Cookie(desk.parts.cookie.remember, "", 0)
