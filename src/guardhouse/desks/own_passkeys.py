"""The desk of a user's own passkeys: he adds, renames and removes them, once he has proven himself a moment ago."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_bytes
from typing import Any

from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import Desk
from guardhouse.desks.factors import factors_of
from guardhouse.desks.foreign import ways_in
from guardhouse.desks.otp_app import must_enrol, wanting
from guardhouse.desks.passkeys import (
    challenged,
    document_of,
    inside,
    party_of,
    passkeys_of,
    settled,
    throttled,
)
from guardhouse.flows import passkey as flow
from guardhouse.flows.foreign import left
from guardhouse.flows.plan import Again, Done, Next, Refuse, Whose
from guardhouse.flows.second_factor import NOBODY_ASKED, Asked
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.state import challenge as challenges
from guardhouse.state.authenticator import Attestation, read_attestation
from guardhouse.state.ceremony import options_to_make, registered
from guardhouse.state.challenge import Challenge
from guardhouse.state.device import described
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.passkey import HANDLE_BYTES, Fault, Rejected, handle_for

__all__ = [
    "FirstPasskey",
    "NewPasskey",
    "Remove",
    "Rename",
    "add",
    "add_first",
    "ask_to_make",
    "ask_to_make_first",
    "listed",
    "remove",
    "rename",
]

PURPOSE = "register"
_NOBODY = Refuse(Reason.NO_LOGIN)


class NewPasskey(Struct, frozen=True):
    """What the authenticator made, and what its user calls it."""

    credential: dict[str, Any] | str
    label: str = ""

    def __repr__(self) -> str:
        return "NewPasskey()"


class FirstPasskey(NewPasskey, frozen=True):
    """The same by who is half-way in, and where he wanted to go."""

    next: str = ""

    def __repr__(self) -> str:
        return "FirstPasskey()"


class Rename(Struct, frozen=True):
    """Which passkey, and its new name."""

    id: str
    label: str


class Remove(Struct, frozen=True):
    """Which passkey is to go."""

    id: str


async def listed(desk: Desk[Any], owner: str) -> Sequence[Enrolment]:
    """List the passkeys of a user, the oldest first."""
    return await desk.enrolments.enrolled(owner, Kind.PASSKEY)


async def ask_to_make(desk: Desk[Any], _: object) -> Next:
    """Give options for `navigator.credentials.create`, and keep their challenge in the session."""
    refused, whose = await throttled(desk), await inside(desk)
    if refused is not None or whose is None:
        return refused or _NOBODY
    return await wanting(desk) or await _options(desk, whose)


async def ask_to_make_first(desk: Desk[Any], _: object) -> Next:
    """Give the same options to who is half-way in and must have a second factor."""
    refused, waiting = await throttled(desk), await must_enrol(desk)
    if refused is not None or waiting is None:
        return refused or NOBODY_ASKED
    return await _options(desk, waiting.whose)


async def _options(desk: Desk[Any], whose: Whose) -> Next:
    has = await passkeys_of(desk, whose.owner)
    if len(has) >= flow.MOST:
        return flow.TOO_MANY
    handle = handle_for(has, token_bytes(HANDLE_BYTES))
    made = await challenged(desk, PURPOSE, whose.owner, handle)
    name = desk.address_of(whose.user) or desk.provider.id_of(whose.user)
    return Done(
        "passkey-options", {"options": options_to_make(party_of(desk), handle, name, made.value, has)}
    )


async def add(desk: Desk[Any], handed: NewPasskey) -> Next:
    """Weigh what an authenticator made, and keep it."""
    refused, whose = await throttled(desk), await inside(desk)
    if refused is not None or whose is None:
        return refused or _NOBODY
    # A passkey lets in by itself: who has a second factor gives it first, or a password alone would make one for good.
    return await wanting(desk) or await _added(desk, handed, Asked(whose))


async def add_first(desk: Desk[Any], handed: FirstPasskey) -> Next:
    """Keep the passkey of who is half-way in and must have a second factor; then he is logged in."""
    refused, waiting = await throttled(desk), await must_enrol(desk)
    if refused is not None or waiting is None:
        return refused or NOBODY_ASKED
    return await _added(desk, handed, waiting)


async def _added(desk: Desk[Any], handed: NewPasskey, asked: Asked) -> Next:
    whose, pending = asked
    label = flow.label_of(handed.label, described(b"".join(desk.visit.facts.lines(b"user-agent")[:1])))
    if isinstance(label, Again):
        return label
    answer = read_attestation(document_of(handed.credential))
    if answer is None:
        return flow.rejected(Fault.UNREADABLE)
    made = await _taken(desk, answer, whose)
    if made is None:
        return flow.rejected(Fault.WRONG_CHALLENGE)
    if isinstance(await desk.perform(flow.spend(made)), Refuse):
        return flow.SPENT
    if len(await listed(desk, whose.owner)) >= flow.MOST:
        return flow.TOO_MANY
    passkey = registered(party_of(desk), answer, made.value, made.handle)
    if isinstance(passkey, Rejected):
        return flow.rejected(passkey.fault)
    notice = desk.notice(LetterKind.PASSKEY_ADDED, whose.user)
    if pending is None:
        return await settled(desk, flow.added(whose, passkey, label, desk.now, notice))
    return await settled(desk, flow.first_added((whose, pending), passkey, label, desk.now, notice))


async def rename(desk: Desk[Any], handed: Rename) -> Next:
    """Call one of the user's passkeys something else."""
    whose = await inside(desk)
    if whose is None:
        return _NOBODY
    wanted = await wanting(desk)
    if wanted is not None:
        return wanted
    found = next((one for one in await listed(desk, whose.owner) if one.name == handed.id), None)
    if found is None:
        return flow.NO_PASSKEY
    label = flow.label_of(handed.label, found.label)
    return label if isinstance(label, Again) else await settled(desk, flow.renamed(whose, found, label))


async def remove(desk: Desk[Any], handed: Remove) -> Next:
    """Take one of the user's passkeys off, unless it is his last way in, also where two are taken off at the same time."""
    whose = await inside(desk)
    if whose is None:
        return _NOBODY
    wanted = await wanting(desk)
    if wanted is not None:
        return wanted
    has = await factors_of(desk, whose.owner)
    if (
        desk.kit.must_have_factor(whose.user)
        and not has.apps
        and [one.name for one in has.passkeys] == [handed.id]
    ):
        return flow.MUST_HAVE
    ways = await ways_in(desk, whose.user)
    plan = flow.removed(whose, handed.id, ways)
    then = await settled(desk, plan)
    if not isinstance(then, Done):
        return then
    if not left(await ways_in(desk, whose.user)):
        for one in ways.enrolments:
            if (one.kind, one.name) == (Kind.PASSKEY, handed.id):
                await desk.enrolments.enrol(one)
        return Refuse(Reason.LAST_WAY_IN)
    notice = desk.notice(LetterKind.PASSKEY_REMOVED, whose.user)
    return await desk.perform(flow.gone(whose, plan, handed.id, notice))


async def _taken(desk: Desk[Any], answer: Attestation, whose: Whose) -> Challenge | None:
    session = await desk.visit.carried.open()
    made = challenges.take(session, PURPOSE, answer.challenge, desk.now)
    return made if made is not None and made.about == whose.owner else None
