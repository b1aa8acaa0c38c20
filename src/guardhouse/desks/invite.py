"""The desk of invitations: the house asks somebody in, and he opens the account himself, at the address that it wrote to."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from secrets import token_bytes
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.desks.desk import NAME_BYTES, Desk, minutes
from guardhouse.desks.kit import Kit
from guardhouse.desks.register import about_newcomer, filled_in, taken_in
from guardhouse.errors import ConfigError
from guardhouse.flows import invite as flow
from guardhouse.flows.plan import Again, Next, Refuse
from guardhouse.mail.address import one_address
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.mail.letter import Letter, Value
from guardhouse.state import ticket
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.ticket import Ticket

__all__ = ["Accept", "accept", "invite", "shown", "withdraw"]


class Asked(Protocol):
    """As much of a request as is looked at."""

    @property
    def query_params(self) -> Mapping[str, str]:
        """What stands behind the question mark."""
        ...


class Accept(Struct, frozen=True):
    """What the link carried, and what whoever is invited chooses; token and password are in no repr."""

    token: str
    password: str
    login: str = ""
    """Where people log in by a name; else the invited address is the login."""
    more: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])

    def __repr__(self) -> str:
        return "Accept()"


async def invite(kit: Kit, address: str, language: str) -> bool:
    """Send the letter; False, and no letter, where somebody has that address as his login."""
    to = one_address(address)
    if to is None:
        raise ValueError("an invitation goes to exactly one e-mail address")
    if kit.outbox is None:
        raise ConfigError("mail", None, "An invitation is a letter: Ways(mail=...).")
    provider, parts = kit.house.parts.providers[kit.guard.provider or ""], kit.house.parts
    if kit.login_is_address and await provider.by_credentials({kit.login_field: to}) is not None:
        return False
    life = kit.lifetimes.invite
    made = Ticket(f"{kit.guard.provider}:", to, parts.clock() + life.total_seconds(), token_bytes(NAME_BYTES))
    if kit.enrolments is not None:
        await kit.enrolments.enrol(_open(kit, made))
    link = kit.url_of("accept-invitation", {"token": ticket.mint(parts.keys, "invite", made)})
    values: Mapping[str, Value] = {"app_name": kit.app_name, "link": link, "minutes": minutes(life)}
    kit.outbox.send(Letter(LetterKind.INVITATION, to, values, language))
    return True


async def withdraw(kit: Kit, address: str) -> bool:
    """Take back all that lies open for an address, in one statement; False where there is nothing."""
    to = one_address(address)
    if to is None:
        raise ValueError("an invitation went to exactly one e-mail address")
    if kit.enrolments is None:
        fix = "Nothing is kept of an invitation here, so it ends by its time only: use a store that keeps enrolments."
        raise ConfigError("store", type(kit.house.parts.beside).__name__, fix)
    return await kit.enrolments.withdraw_all(_owner(kit, to), Kind.INVITATION) > 0


async def accept(desk: Desk[Any], handed: Accept) -> Next:
    """Open the account; of several with one link the first, and none where that address came in otherwise."""
    found = desk.opened("invite", handed.token)
    if isinstance(found, Refuse):
        return found
    if found.owner != f"{desk.kit.guard.provider}:":
        return Refuse(Reason.LINK_SPENT)
    login, more = _login(desk, handed.login, found.binding), filled_in(desk, handed.more)
    if isinstance(login, Again):
        return login
    if isinstance(more, Again):
        return more
    if not desk.kit.login_is_address:
        more = {**more, desk.kit.address_field: found.binding}
    fresh = await desk.fresh_hash(handed.password, about_newcomer(desk, login, more))
    user = fresh if isinstance(fresh, Again) else await _taken_in(desk, found, login, fresh, more)
    if user is None:
        return (
            Refuse(Reason.LINK_SPENT)
            if desk.kit.login_is_address
            else Again(desk.kit.login_field, "It is taken.")
        )
    if isinstance(user, Again | Refuse):
        return user
    return await desk.perform(flow.accepted(desk.whose(user), desk.address_of(user) or ""))


async def shown(desk: Desk[Any], request: Asked) -> Mapping[str, object]:
    """Say whom the link invites, so that a browser can keep the password beside a name."""
    found = desk.opened("invite", request.query_params.get("token", ""))
    return {"invited": "" if isinstance(found, Refuse) else found.binding}


async def _taken_in(desk: Desk[Any], found: Ticket, login: str, fresh: str, more: Mapping[str, str]) -> Any:  # noqa: ANN401 - a user, or what `taken_in` says in his place, or that the link is spent
    """Use the invitation up, then let the users take somebody in; where they do not, it stays open."""
    if not await _answered(desk.kit, found):
        return Refuse(Reason.LINK_SPENT)
    user = await taken_in(desk, login, fresh, more)
    if user is None or isinstance(user, Again):
        await _left_open(desk.kit, found)
    return user


async def _answered(kit: Kit, found: Ticket) -> bool:
    """Use the invitation up: of who answers it and who takes it back at once, one does."""
    if kit.enrolments is None:
        return True
    row = _open(kit, found)
    return await kit.enrolments.withdraw(row.owner, row.kind, row.name)


async def _left_open(kit: Kit, found: Ticket) -> None:
    """Let an invitation be answered once more, whose answer could not be taken."""
    if kit.enrolments is not None:
        await kit.enrolments.enrol(_open(kit, found))


def _open(kit: Kit, found: Ticket) -> Enrolment:
    """Write what is kept of an invitation, which names neither its link nor its address."""
    begun = found.ends - kit.lifetimes.invite.total_seconds()
    owner = _owner(kit, found.binding)
    return Enrolment(Kind.INVITATION, found.name.hex(), owner, begun, ends=found.ends)


def _owner(kit: Kit, address: str) -> str:
    """Name whose invitations these are: an address's, which is nobody's id. No key, for the newest one changes."""
    return f"{kit.guard.provider}:invited {sha256(f'invited {address}'.encode()).hexdigest()}"


def _login(desk: Desk[Any], typed: str, invited: str) -> str | Again:
    field = desk.kit.login_field
    if not desk.kit.login_is_address:
        return typed or Again(field, "It is missing.")
    return invited if typed in ("", invited) else Again(field, "The invitation is for another address.")
