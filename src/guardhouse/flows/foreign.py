"""Whom a login at a foreign login server makes of a visitor here: a plain function over what is known.

Issuer and subject alone say who it is. An address links an account only where the login server says that it is verified and
may say so of that domain, and the account's own is verified too; in every other case whoever wants both logs in first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from guardhouse.core.events import AccountChanged
from guardhouse.core.reason import Reason
from guardhouse.flows.plan import (
    Done,
    Effect,
    Enrol,
    Plan,
    Refuse,
    Renew,
    Send,
    Tell,
    Verify,
    Whose,
    Withdraw,
)
from guardhouse.mail.letter import Letter
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.foreign import ForeignIdentity, enrolment_of, name_of

__all__ = [
    "Account",
    "Caller",
    "ForeignPolicy",
    "Link",
    "LogIn",
    "Outcome",
    "Register",
    "Situation",
    "Unlink",
    "WaysIn",
    "decide",
    "is_last_way",
    "left",
    "linked",
    "lookup_address",
    "opened",
    "proofs",
    "taken_off",
    "unlink",
]

FOREIGN, TWO_FACTORS = "foreign", "foreign-factors"
"""By what a login elsewhere proves somebody here: one factor, or two where that server's word for it is believed."""


def no_fields(_: ForeignIdentity) -> Mapping[str, str]:
    """Fill in nothing."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignPolicy:
    """What logins at one login server may do. `trusted_domains` are those of the provider's settings."""

    register: bool = True
    needs_address: bool = True
    """Whether an account is made only with an address that the login server says is verified."""
    verifies: bool = True
    """Whether that address counts as verified in the new account; otherwise its owner is asked as everybody is."""
    fields: Callable[[ForeignIdentity], Mapping[str, str]] = no_fields
    """What else of a login elsewhere is filled into a new account: fields that the users let somebody new fill in."""
    trusted_domains: frozenset[str] = frozenset()
    trusted_factors: frozenset[str] = frozenset()
    """What the login server says as `amr` or `acr` where it asked for two factors, and is believed. Nothing by default."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of ours who has the address that the login server named."""

    owner: str
    """As `provider:id`."""
    address: str | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is logged in in this browser, and whether he proved it a moment ago."""

    owner: str
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when somebody comes back."""

    wanted_by: str | None = None
    """The owner who began it as a link, None for a login: `Started.owner`."""
    known: Enrolment | None = None
    """The enrolment of that issuer and subject."""
    account: Account | None = None
    """Whoever has the address of `lookup_address`."""
    caller: Caller | None = None
    """Who is logged in now."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """Log this user in: he is known by that login. The session id is renewed, as by every proof."""

    owner: str
    enrolment: Enrolment


@dataclass(frozen=True, slots=True)
class Link:
    """Enrol, and then log in; where another was quicker to enrol that login, `otherwise` is the answer."""

    owner: str
    enrolment: Enrolment
    by_address: bool
    """Whether nobody but the address said so: the user gets a letter about it."""
    otherwise: Reason = Reason.FOREIGN_TAKEN


@dataclass(frozen=True, slots=True)
class Register:
    """Make an account, enrol with its owner (`enrolment_of`), and log in; `otherwise` where the address or login is taken."""

    address: str | None
    """A verified one, to be stored as such; None where the policy needs none and there is none."""
    name: str | None
    otherwise: Reason = Reason.FOREIGN_UNLINKED


Outcome: TypeAlias = LogIn | Link | Register | Refuse


def lookup_address(identity: ForeignIdentity) -> str | None:
    """Say by which address an account may be looked up: a verified one. Of no other anything is looked up, or told."""
    return identity.email if identity.email_verified else None


def decide(identity: ForeignIdentity, situation: Situation, policy: ForeignPolicy, now: float) -> Outcome:
    """Decide what becomes of a login elsewhere."""
    known, account = situation.known, situation.account
    if known is not None and not _of(identity, known):
        raise ValueError("the enrolment is of another login than the identity")
    if situation.wanted_by is not None:
        return _link(identity, situation.wanted_by, known, situation.caller, now)
    if known is not None:
        return LogIn(known.owner, known)
    if account is not None and lookup_address(identity) is not None:
        return _by_address(identity, account, policy, now)
    return _newcomer(identity, policy)


def _of(identity: ForeignIdentity, known: Enrolment) -> bool:
    return known.kind is Kind.FOREIGN and known.name == name_of(identity.issuer, identity.subject)


def _link(
    identity: ForeignIdentity, wanted_by: str, known: Enrolment | None, caller: Caller | None, now: float
) -> Outcome:
    """Link for whoever began it and is still here, and has proved himself a moment ago: a way in is for good."""
    if caller is None or caller.owner != wanted_by:
        return Refuse(Reason.FOREIGN_STATE)
    if known is not None and known.owner != caller.owner:
        return Refuse(Reason.FOREIGN_TAKEN)
    if not caller.fresh:
        return Refuse(Reason.CONFIRMATION_NEEDED)
    if known is not None:
        return LogIn(known.owner, known)
    return Link(caller.owner, enrolment_of(identity, caller.owner, now), by_address=False)


def _by_address(
    identity: ForeignIdentity, account: Account, policy: ForeignPolicy, now: float
) -> Link | Refuse:
    """Link an account by its address, if all that speaks for it is there.

    An account whose own address was never verified may have been made by somebody who waits for the owner of that
    address to come (account pre-hijacking, Sudhodanan and Paverd 2022).
    """
    same = _folded(identity.email) == _folded(account.address) and account.address is not None
    if same and account.verified and _domain(account.address) in policy.trusted_domains:
        return Link(account.owner, enrolment_of(identity, account.owner, now), by_address=True)
    return Refuse(Reason.FOREIGN_UNLINKED)


def _newcomer(identity: ForeignIdentity, policy: ForeignPolicy) -> Register | Refuse:
    if not policy.register:
        return Refuse(Reason.FOREIGN_UNKNOWN)
    address = lookup_address(identity)
    if address is None and policy.needs_address:
        return Refuse(Reason.FOREIGN_EMAIL)
    return Register(address, identity.name)


def _folded(address: str | None) -> bytes | None:
    """Write ASCII letters small, and touch no other: a Unicode fold makes one address of two (CVE-2019-19844)."""
    return address.encode("utf-8", "surrogatepass").lower() if address is not None else None


def _domain(address: str | None) -> str:
    return (_folded(address) or b"").rpartition(b"@")[2].decode("ascii", "replace")


@dataclass(frozen=True, slots=True)
class WaysIn:
    """All that a user can log in with by itself."""

    password: bool
    enrolments: Collection[Enrolment]
    mail: bool = False
    """Whether a link by mail logs him in, or sets a new password: the application has that way in, and his address is verified."""


@dataclass(frozen=True, slots=True)
class Unlink:
    """Withdraw this enrolment of its owner."""

    enrolment: Enrolment


_LETS_IN = frozenset({Kind.PASSKEY, Kind.FOREIGN})
"""A second factor, a recovery code and a remembered device let nobody in who has nothing else."""


def unlink(name: str, caller: Caller, ways: WaysIn) -> Unlink | Refuse:
    """Take a foreign login off an account, unless nothing would be left to log in with."""
    found = next((one for one in ways.enrolments if one.kind is Kind.FOREIGN and one.name == name), None)
    if found is None or found.owner != caller.owner:
        return Refuse(Reason.FOREIGN_UNKNOWN)
    if not caller.fresh:
        return Refuse(Reason.CONFIRMATION_NEEDED)
    return Refuse(Reason.LAST_WAY_IN) if is_last_way(name, Kind.FOREIGN, ways) else Unlink(found)


def is_last_way(name: str, kind: Kind, ways: WaysIn) -> bool:
    """Whether nothing would be left to log in with, if this were taken away."""
    others = [one for one in ways.enrolments if (one.kind, one.name) != (kind, name)]
    return not left(replace(ways, enrolments=others))


def left(ways: WaysIn) -> bool:
    """Whether a user can log in at all. To be asked again after one was taken off: two tabs may take off one each."""
    return ways.password or ways.mail or any(one.kind in _LETS_IN for one in ways.enrolments)


def proofs(identity: ForeignIdentity, policy: ForeignPolicy) -> tuple[str, ...]:
    """Say what a login elsewhere proves here: one factor, unless it names two and is believed."""
    methods: object = identity.claims.get("amr")
    said: list[object] = cast("list[object]", methods) if isinstance(methods, list) else []
    named = {one for one in (*said, identity.claims.get("acr")) if isinstance(one, str)}
    return (FOREIGN, TWO_FACTORS) if named & policy.trusted_factors else (FOREIGN,)


def linked(whose: Whose, link: Link, about: str, notice: Letter | None) -> Plan:
    """Enrol, then tell of it. The session goes on under a new id; who is not logged in comes in by what follows."""
    told = () if notice is None else (Send(notice),)
    return Plan(
        Done("foreign-linked"),
        (
            Enrol(link.enrolment, link.otherwise),
            Renew(),
            Tell(AccountChanged(whose.guard, whose.user, "foreign_linked", about)),
            *told,
        ),
    )


def opened(whose: Whose, enrolment: Enrolment, address: str | None, about: str) -> Plan:
    """Bind a new account to the login that made it, before all else: without that it could be entered by nobody."""
    verified: tuple[Effect, ...] = () if address is None else (Verify(whose.user, address, otherwise=None),)
    return Plan(
        Done("registered"),
        (
            Enrol(enrolment, Reason.FOREIGN_TAKEN),
            *verified,
            Tell(AccountChanged(whose.guard, whose.user, "registered", about)),
            Tell(AccountChanged(whose.guard, whose.user, "foreign_linked", about)),
        ),
    )


def taken_off(gone: Unlink) -> Plan:
    """Withdraw; of two who do it at once one has done it."""
    enrolment = gone.enrolment
    away = Withdraw(enrolment.owner, enrolment.kind, enrolment.name, Reason.FOREIGN_UNKNOWN)
    return Plan(Done("foreign-unlinked"), (away,))
