"""The desk of logins elsewhere: sends a browser to the login server, and makes a login or a link of what comes back.

Whatever it is that a browser brings back, it counts for the session that began it, and once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from msgspec import Struct

from guardhouse.core.events import AccountChanged
from guardhouse.core.provider import HasAddress, Registers, SetsPassword
from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk
from guardhouse.desks.kit import Foreign
from guardhouse.desks.otp_app import wanting
from guardhouse.flows import foreign as flow
from guardhouse.flows.foreign import Account, Caller, Outcome, Situation, WaysIn
from guardhouse.flows.plan import Done, Leave, Next, Plan, Refuse, Send, Tell
from guardhouse.issuers.answer import Params, read_answer
from guardhouse.issuers.providers import label_of
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state.device import network_from
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.foreign import ForeignIdentity, ForeignRefusal, enrolment_of, name_of, subject_of
from guardhouse.state.limit import Limit
from guardhouse.state.started import Started, put, spent_name, take
from guardhouse.steps.confirmed import Confirmed

__all__ = [
    "BEGUN",
    "Back",
    "LogInElsewhere",
    "Unlink",
    "begin",
    "come_back",
    "link",
    "list_linked",
    "unlink",
    "ways_in",
]

BEGUN = Limit(60, timedelta(minutes=15), "login-elsewhere")
"""How many logins may be begun from one network. Each makes a row in the store, of whoever presses the button."""


class LogInElsewhere(Struct, frozen=True):
    """At which login server, and where to go afterwards."""

    provider: str
    next: str = ""


class Unlink(Struct, frozen=True):
    """Which of the listed logins is to be taken off."""

    id: str


class Back(NamedTuple):
    """What comes after a browser came back: where it wanted to go from there, and whether it was to link a login."""

    then: Next
    wanted: str = ""
    linking: bool = False


# -- there ------------------------------------------------------------------------------------------------------------


async def begin(desk: Desk[Any], handed: LogInElsewhere) -> Next:
    """Send whoever it is to the login server."""
    wanted = handed.next or (await desk.visit.carried.open()).intended(desk.kit.house.home_url)
    return await _begin(desk, handed.provider, wanted, None)


async def link(desk: Desk[Any], handed: LogInElsewhere) -> Next:
    """Send whoever is logged in there, to link that login to himself."""
    user: Any = await desk.auth.user()
    return await wanting(desk) or await _begin(desk, handed.provider, handed.next, desk.owner_of(user))


async def _begin(desk: Desk[Any], provider: str, wanted: str, owner: str | None) -> Next:
    # By network alone: a count by the name of the login server would be one for all who come.
    spent = await desk.kit.house.limits.hit(BEGUN, network_from(desk.visit.facts.peer))
    if not spent.allowed:
        return Refuse(Reason.LOGIN_THROTTLED, retry_after=spent.reset)
    login = desk.kit.foreign[provider].login
    back = desk.kit.url_of("foreign-callback", provider=provider)
    begun = await login.begin(back, intended=wanted, owner=owner)
    if isinstance(begun, ForeignRefusal):
        return _no(begun)
    put(await desk.visit.carried.open(), begun.started, desk.now)
    return Leave(begun.url)


# -- and back ---------------------------------------------------------------------------------------------------------


async def come_back(desk: Desk[Any], provider: str, params: Params) -> Back:
    """Weigh what a browser brings back. What it began under that state is used up by this, whatever comes of it."""
    answer = read_answer(params)
    if isinstance(answer, ForeignRefusal):
        return Back(_no(answer))
    started = take(await desk.visit.carried.open(), answer.state, desk.now)
    if started is not None and not await desk.visit.once(spent_name(started), started.ends):
        started = None  # another request of this browser was quicker, before the session was written
    found = await desk.kit.foreign[provider].login.finish(answer, started)
    wanted, linking = ("", False) if started is None else (started.intended, started.owner is not None)
    if isinstance(found, ForeignRefusal) or started is None:
        then: Next = _no(found) if isinstance(found, ForeignRefusal) else Refuse(Reason.FOREIGN_STATE)
        return Back(then, wanted, linking)
    return Back(await _Come(desk, desk.kit.foreign[provider], found, started).settle(), wanted, linking)


class _Come:
    """Somebody who came back, and has been believed by the login server."""

    def __init__(
        self, desk: Desk[Any], foreign: Foreign, identity: ForeignIdentity, started: Started
    ) -> None:
        self._desk, self._policy = desk, foreign.policy
        self._identity, self._started = identity, started

    async def settle(self) -> Next:
        """Decide, and once more where another request made it another situation meanwhile."""
        then = await self._become(await self._decided())
        if isinstance(then, Refuse) and then.reason in (Reason.FOREIGN_TAKEN, Reason.FOREIGN_UNLINKED):
            again = await self._decided()
            return await self._become(again) if isinstance(again, flow.LogIn) else then
        return then

    async def _decided(self) -> Outcome:
        name = name_of(self._identity.issuer, self._identity.subject)
        situation = Situation(
            wanted_by=self._started.owner,
            known=await self._desk.enrolments.enrolment(Kind.FOREIGN, name),
            account=await self._account(),
            caller=await _caller(self._desk),
        )
        return flow.decide(self._identity, situation, self._policy, self._desk.now)

    async def _account(self) -> Account | None:
        address = flow.lookup_address(self._identity)
        user = (
            await self._desk.find(address)
            if address is not None and self._desk.kit.login_is_address
            else None
        )
        if user is None:
            return None
        users = self._desk.provider
        verified = isinstance(users, HasAddress) and users.verified(user)
        return Account(self._desk.owner_of(user), self._desk.address_of(user), verified)

    async def _become(self, outcome: Outcome) -> Next:
        match outcome:
            case Refuse():
                return outcome
            case flow.Register(address):
                return await self._register(outcome, address or "")
            case flow.LogIn(owner, enrolment):
                return await self._log_in(owner, enrolment)
            case flow.Link(owner):
                return await self._link(owner, outcome)

    async def _log_in(self, owner: str, enrolment: Enrolment) -> Next:
        if self._started.owner is not None:
            return Done("foreign-linked")  # to himself, before
        user = await self._desk.user_of(owner)
        if user is None:
            return Refuse(Reason.FOREIGN_UNKNOWN)
        # When it was used last is for its user to read; of two logins at once either may say it.
        await self._desk.enrolments.change(enrolment, enrolment.changed(used=self._desk.now))
        return await self._enter(user)

    async def _link(self, owner: str, outcome: flow.Link) -> Next:
        desk = self._desk
        user = await desk.user_of(owner)
        if user is None or (await desk.standing(user)).disabled:
            return Refuse(Reason.LOGIN_FAILED)
        notice = desk.notice(LetterKind.FOREIGN_LOGIN_LINKED, user)
        plan = flow.linked(desk.whose(user), outcome, self._identity.provider, notice)
        then = await desk.perform(plan)
        return await self._enter(user) if outcome.by_address and isinstance(then, Done) else then

    async def _register(self, outcome: flow.Register, address: str) -> Next:
        desk, users = self._desk, self._desk.provider
        if not isinstance(users, Registers):
            return Refuse(Reason.FOREIGN_UNKNOWN)
        try:
            user = await users.register(address, None, self._policy.fields(self._identity))
        except ValueError:  # its text is about fields that nobody typed in here
            return Refuse(Reason.FOREIGN_UNKNOWN, {"problem": "the users do not take in what it says"})
        if user is None:
            return Refuse(outcome.otherwise)
        verified = outcome.address if self._policy.verifies and isinstance(users, HasAddress) else None
        enrolment = enrolment_of(self._identity, desk.owner_of(user), desk.now)
        then = await desk.perform(flow.opened(desk.whose(user), enrolment, verified, self._identity.provider))
        return await self._enter(await desk.user_of(desk.owner_of(user))) if isinstance(then, Done) else then

    async def _enter(self, user: Any) -> Next:  # noqa: ANN401 - the application's own user
        return await self._desk.enter(user, flow.proofs(self._identity, self._policy))


def _no(refusal: ForeignRefusal) -> Refuse:
    return Refuse(refusal.reason, refusal.evidence)


async def _caller(desk: Desk[Any]) -> Caller | None:
    """Say who is logged in, and whether he proved himself a moment ago, by the rule of every way that asks for that."""
    identity = await desk.auth.identity()
    user = await desk.auth.user()
    if identity is None or user is None:
        return None
    desk.visit.caller = identity
    stale = await Confirmed(desk.kit.lifetimes.fresh)(desk.visit)
    return Caller(desk.owner_of(user), stale is None)


# -- what is linked ---------------------------------------------------------------------------------------------------


async def list_linked(desk: Desk[Any], _: object) -> Mapping[str, object]:
    """List the logins elsewhere that let this user in."""
    user: Any = await desk.auth.user()
    enrolled = await desk.enrolments.enrolled(desk.owner_of(user), Kind.FOREIGN)
    return {
        "linked": [
            {"id": one.name, "where": _where(desk, one), "label": one.label, "used": one.used}
            for one in enrolled
        ]
    }


def _where(desk: Desk[Any], enrolment: Enrolment) -> str:
    """Say at which login server it is; nothing of one that the application does not name any more."""
    whom = subject_of(enrolment)
    servers = [one.login.provider for one in desk.kit.foreign.values()]
    found = [label_of(one) for one in servers if whom is not None and one.issuer == whom.issuer]
    return found[0] if found else ""


async def unlink(desk: Desk[Any], handed: Unlink) -> Next:
    """Take a login off, unless it is the last way in; what was taken off at the same time in another tab comes to light after."""
    user: Any = await desk.auth.user()
    wanted = await wanting(desk)
    if wanted is not None:
        return wanted
    whose = desk.whose(user)
    decided = flow.unlink(handed.id, Caller(whose.owner, fresh=True), await ways_in(desk, user))
    if isinstance(decided, Refuse):
        return decided
    then = await desk.perform(flow.taken_off(decided))
    if not isinstance(then, Done):
        return then
    if not flow.left(await ways_in(desk, user)):
        await desk.enrolments.enrol(decided.enrolment)
        return Refuse(Reason.LAST_WAY_IN)
    notice = desk.notice(LetterKind.FOREIGN_LOGIN_UNLINKED, user)
    sent = () if notice is None else (Send(notice),)
    told = Tell(AccountChanged(whose.guard, whose.user, "foreign_unlinked"))
    return await desk.perform(Plan(then, (told, *sent)))


async def ways_in(desk: Desk[Any], user: Any) -> WaysIn:  # noqa: ANN401 - the application's own user
    """Read all that a user can log in with by itself."""
    enrolled: Sequence[Enrolment] = await desk.enrolments.enrolled(desk.owner_of(user))
    users = desk.provider
    mail = (
        desk.kit.outbox is not None
        and desk.kit.offers("reset-password")
        and isinstance(users, SetsPassword)
        and isinstance(users, HasAddress)
        and users.verified(user)
    )
    return WaysIn(desk.provider.password_of(user) is not None, enrolled, mail)
