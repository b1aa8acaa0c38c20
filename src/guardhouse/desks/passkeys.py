"""The desk of passkeys: options out, an answer back; who proves one is let in, let on, or noted to have proven himself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from secrets import token_bytes
from typing import Any

import msgspec
from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks import second_factor
from guardhouse.desks.desk import Desk
from guardhouse.errors import ConfigError
from guardhouse.flows import passkey as flow
from guardhouse.flows.passkey import Purpose
from guardhouse.flows.plan import Again, Done, Next, Plan, Refuse, Whose
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state import challenge as challenges
from guardhouse.state.authenticator import Assertion, read_assertion
from guardhouse.state.ceremony import asserted, options_to_prove
from guardhouse.state.challenge import LIFETIME, VALUE_BYTES, Challenge
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.limit import Limit, network_of
from guardhouse.state.passkey import Asserted, Fault, Passkey, Rejected, name_of
from guardhouse.state.pending import Pending
from guardhouse.state.record import NO_RECORD
from guardhouse.state.relying_party import RelyingParty

__all__ = [
    "AskToProve",
    "Proof",
    "ask_to_prove",
    "challenged",
    "document_of",
    "half_way",
    "inside",
    "party_of",
    "passkeys_of",
    "prove",
    "settled",
    "throttled",
]

PER_NETWORK = Limit(1000, timedelta(minutes=15), "passkeys")
"""Options cost a stranger's session a row, and an answer a signature to verify. Every look at the login page asks for
options, so that an office behind one address comes near to this in the morning, and a script passes it."""


class AskToProve(Struct, frozen=True):
    """What a passkey is asked for."""

    purpose: Purpose = "login"


class Proof(Struct, frozen=True):
    """What the authenticator answered: a credential as `toJSON()` writes it, in a form as text. It is in no repr."""

    credential: dict[str, Any] | str
    remember: bool = False
    next: str = ""

    def __repr__(self) -> str:
        return "Proof()"


async def ask_to_prove(desk: Desk[Any], handed: AskToProve) -> Next:
    """Give options for `navigator.credentials.get`, and keep their challenge in the visitor's session."""
    refused = await throttled(desk)
    if refused is not None:
        return refused
    whose = await _asked(desk, handed.purpose)
    if isinstance(whose, Refuse):
        return whose
    found = await passkeys_of(desk, whose.owner) if whose is not None else []
    if whose is not None and not found:
        return Again("purpose", "There is no passkey on this account.")
    made = await challenged(desk, handed.purpose, "" if whose is None else whose.owner)
    return Done("passkey-options", {"options": options_to_prove(party_of(desk), made.value, found)})


async def prove(desk: Desk[Any], handed: Proof) -> Next:
    """Weigh an answer. Its challenge is used up first, and tells what it was asked for."""
    refused = await throttled(desk)
    if refused is not None:
        return refused
    answer = read_assertion(document_of(handed.credential))
    if answer is None:
        return flow.rejected(Fault.UNREADABLE)
    made = await _taken(desk, answer)
    if made is None:
        return flow.rejected(Fault.WRONG_CHALLENGE)
    if isinstance(await desk.perform(flow.spend(made)), Refuse):
        return flow.SPENT
    match made.purpose:
        case "second":
            return await _second(desk, answer, made)
        case "confirm":
            return await _confirm(desk, answer, made)
        case _:
            return await _log_in(desk, answer, made, remember=handed.remember)


# -- what it was asked for --------------------------------------------------------------------------------------------


async def _log_in(desk: Desk[Any], answer: Assertion, made: Challenge, *, remember: bool) -> Next:
    """Let in whoever the passkey belongs to. It is two factors by itself; what else he owes is asked at `enter`."""
    found, weighed = await _weighed(desk, answer, made, None)
    user = None if found is None else await desk.user_of(found.owner)
    if found is None or user is None:
        return flow.rejected(Fault.UNKNOWN_CREDENTIAL)
    if isinstance(weighed, Rejected):
        return await _refused(desk, desk.whose(user), found, weighed)
    told = await settled(desk, flow.known(found, weighed, desk.now))
    if isinstance(told, Refuse):
        return told
    return await desk.enter(user, ("passkey",), remember=remember)


async def _second(desk: Desk[Any], answer: Assertion, made: Challenge) -> Next:
    """Let in who is half-way in, if the passkey is his."""
    waiting = await half_way(desk)
    if waiting is None or waiting[0].owner != made.about:
        return Refuse(Reason.FACTOR_NOT_ASKED)
    whose, held = waiting
    found, weighed = await _weighed(desk, answer, made, whose.owner)
    if found is None or isinstance(weighed, Rejected):
        return await _refused(desk, whose, found, weighed)
    return await settled(desk, flow.logged_in(whose, held, found, weighed, desk.now))


async def _confirm(desk: Desk[Any], answer: Assertion, made: Challenge) -> Next:
    """Note that who is inside proved himself now, if the passkey is his."""
    whose = await inside(desk)
    if whose is None or whose.owner != made.about:
        return Refuse(Reason.NO_LOGIN)
    found, weighed = await _weighed(desk, answer, made, whose.owner)
    if found is None or isinstance(weighed, Rejected):
        return await _refused(desk, whose, found, weighed)
    return await settled(desk, flow.confirmed(whose, found, weighed, desk.now))


async def _weighed(
    desk: Desk[Any], answer: Assertion, made: Challenge, owner: str | None
) -> tuple[Enrolment | None, Asserted | Rejected]:
    found = await desk.enrolments.enrolment(Kind.PASSKEY, name_of(answer.id))
    return found, asserted(party_of(desk), answer, made.value, found, owner)


async def _refused(
    desk: Desk[Any], whose: Whose, found: Enrolment | None, weighed: Asserted | Rejected
) -> Next:
    if not isinstance(weighed, Rejected) or found is None:
        return flow.rejected(Fault.UNKNOWN_CREDENTIAL)
    if weighed.fault is Fault.COUNTER_BACK:
        letter = desk.notice(LetterKind.PASSKEY_COPIED, whose.user)
        return await desk.perform(flow.copied(whose, found, letter))
    return flow.rejected(weighed.fault)


# -- who is there -----------------------------------------------------------------------------------------------------


async def _asked(desk: Desk[Any], purpose: Purpose) -> Whose | Refuse | None:
    """Find whose passkey is wanted; None is anybody's, and then none is named to whoever asks."""
    if purpose == "login":
        return None
    if purpose == "confirm":
        return await inside(desk) or Refuse(Reason.NO_LOGIN)
    waiting = await half_way(desk)
    return Refuse(Reason.FACTOR_NOT_ASKED) if waiting is None else waiting[0]


async def inside(desk: Desk[Any]) -> Whose | None:
    """Find who is logged in in this session; a token proves nothing that a passkey could confirm."""
    identity = await desk.auth.identity()
    user = await desk.auth.user()
    if identity is None or identity.how != "session" or user is None:
        return None
    return desk.whose(user)


async def half_way(desk: Desk[Any]) -> tuple[Whose, Pending] | None:
    """Find who gave his password here and owes a second proof."""
    asked = await second_factor.half_way(desk, must_enrol=False)
    return None if asked is None or asked.pending is None else (asked.whose, asked.pending)


# -- what all of it needs ---------------------------------------------------------------------------------------------


async def throttled(desk: Desk[Any]) -> Refuse | None:
    """Count a request in for its network, before anything is looked at or kept."""
    key = network_of(desk.visit.facts.peer)
    spent = await desk.kit.house.limits.hit(PER_NETWORK, key, fall_back=False)
    return None if spent.allowed else Refuse(Reason.TOO_MANY_REQUESTS, retry_after=spent.reset)


async def challenged(desk: Desk[Any], purpose: str, about: str, handle: bytes = b"") -> Challenge:
    """Make a challenge and keep it in the visitor's session."""
    made = Challenge(token_bytes(VALUE_BYTES), purpose, desk.now + LIFETIME, about, handle)
    challenges.put(await desk.visit.carried.open(), made, desk.now)
    return made


async def settled(desk: Desk[Any], plan: Plan) -> Next:
    """Carry out a plan that somebody else may overtake, and name that in the log."""
    told = await desk.perform(plan)
    lost = isinstance(told, Refuse) and told.reason is Reason.PASSKEY_REJECTED and told is not plan.then
    return flow.OVERTAKEN if lost else told


async def passkeys_of(desk: Desk[Any], owner: str) -> list[Passkey]:
    """Read the passkeys of one user."""
    found = await desk.enrolments.enrolled(owner, Kind.PASSKEY)
    return [passkey for passkey in map(Passkey.of, found) if passkey is not None]


def party_of(desk: Desk[Any]) -> RelyingParty:
    """Return what authenticators know this house as. Raise `ConfigError` where they cannot."""
    if desk.kit.party is None:
        fix = "Passkeys are bound to a host name: Guardhouse(public_url='https://...'), or leave these ways out."
        raise ConfigError("public_url", None, fix)
    return desk.kit.party


def document_of(credential: Mapping[str, Any] | str) -> object:
    """Read a credential, which a form carries as text; None for what is none."""
    if not isinstance(credential, str):
        return credential
    try:
        return msgspec.json.decode(credential)
    except NO_RECORD:
        return None


async def _taken(desk: Desk[Any], answer: Assertion) -> Challenge | None:
    session = await desk.visit.carried.open()
    kept = (challenges.take(session, purpose, answer.challenge, desk.now) for purpose in flow.PROVING)
    return next((one for one in kept if one is not None), None)
