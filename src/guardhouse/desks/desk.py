"""What every desk can do during one visit: find the user, throttle, write links, hash, and carry out a plan."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Generic, TypeVar

from guardhouse.auth import Auth
from guardhouse.core.provider import Disables, HasAddress, Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.weakness import About
from guardhouse.desks.kit import Kit
from guardhouse.desks.outbox import Tray
from guardhouse.desks.perform import perform
from guardhouse.desks.trusting import trusts
from guardhouse.errors import ConfigError
from guardhouse.flows.entry import Standing, cannot_be_given, enter
from guardhouse.flows.plan import Again, Next, Plan, Refuse, Send, Whose
from guardhouse.flows.reset import bad_ticket
from guardhouse.gate.visit import Visit
from guardhouse.mail.address import one_address
from guardhouse.mail.letter import Kind as LetterKind
from guardhouse.mail.letter import Letter, Value
from guardhouse.state import fingerprint, ticket
from guardhouse.state.device import described, network_from
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.store import EnrolmentStore
from guardhouse.state.ticket import Purpose, Ticket

U = TypeVar("U")

logger = logging.getLogger("guardhouse")

__all__ = ["NAME_BYTES", "Desk", "minutes"]

NAME_BYTES = 16
"""By so much chance one ticket is told from another."""

FACTORS = {Kind.PASSKEY: "passkey", Kind.TOTP: "totp", Kind.RECOVERY: "recovery"}
"""The second factors, the strongest first, and by which name a client knows them."""

GIVEN_AT = {"passkey": "passkey", "totp": "two-factor", "recovery": "two-factor-recovery"}
"""The way on which each of them is given."""

_LEFT_OUT = (
    "user %s cannot log in: he has as a second factor only %s, and the way to give it is left out. Offer %s again, or take "
    "the factor off his account once you know that it is him."
)


class Desk(Generic[U]):
    """The ways in of one guard, for one visit."""

    def __init__(self, kit: Kit, visit: Visit, *, language: str = "", tray: Tray | None = None) -> None:
        self.kit = kit
        self.visit = visit
        self.language = language
        self.tray = tray
        self.auth: Auth[U] = kit.house.desk(visit, kit.guard.name)
        self.parts = kit.house.parts
        self.provider: Provider[U] = self.parts.providers[kit.guard.provider or ""]

    @property
    def now(self) -> float:
        """The moment, by the clock of the house."""
        return self.parts.clock()

    @property
    def guard(self) -> str:
        """The name of the guard."""
        return self.kit.guard.name

    def owner_of(self, user: U) -> str:
        """Name a user as stores know him, `provider:id`."""
        return f"{self.kit.guard.provider}:{self.provider.id_of(user)}"

    def whose(self, user: U) -> Whose:
        """Name a user as flows know him."""
        return Whose(user, self.owner_of(user), self.guard)

    def address_of(self, user: U) -> str | None:
        """Return the stored address of a user, where his provider knows one."""
        return self.provider.address_of(user) if isinstance(self.provider, HasAddress) else None

    async def user_of(self, owner: str) -> U | None:
        """Find the user of a ticket or an enrolment; one of another provider is nobody here."""
        provider, _, user_id = owner.partition(":")
        return await self.provider.by_id(user_id) if provider == self.kit.guard.provider else None

    async def inside(self) -> U:
        """Return who is logged in. Raise `Refused`, with the reason, for whose login is not good any more."""
        house = self.kit.house
        user: U = await house.admit_user(self.visit, house.stacks.of_guard(self.guard))
        return user

    @property
    def acting(self) -> bool:
        """Whether somebody acts in the place of who is logged in, as far as it was asked who that is."""
        identity = self.visit.identity_in(self.kit.house.stacks.of_guard(self.guard))
        return identity is not None and identity.behind is not None

    async def find(self, login: str) -> U | None:
        """Find the user whom a login names."""
        return await self.provider.by_credentials({self.kit.login_field: await self.spelled(login)})

    async def spelled(self, typed: str) -> str:
        """Spell a login as it is stored: the domain of an address may be typed in letters of its own (IDNA)."""
        kit = self.kit
        if typed.isascii() or not kit.login_is_address:
            return typed
        known = await self.provider.by_credentials({kit.login_field: typed})
        return typed if known is not None else one_address(typed) or typed

    # -- throttling ---------------------------------------------------------------------------------------------------

    async def throttled(self, account: str) -> Refuse | None:
        """Count a try in, for the account and for the network, before anything is looked at."""
        wait = await self.kit.throttle.take(self.visit, account)
        return None if wait is None else Refuse(Reason.LOGIN_THROTTLED, retry_after=wait.seconds)

    # -- links and letters --------------------------------------------------------------------------------------------

    def link(  # noqa: PLR0913 - a ticket has so many parts
        self, way: str, purpose: Purpose, owner: str, binding: str, life: timedelta, *, name: bytes = b""
    ) -> str:
        """Write a link that leads to a way, with a ticket in the query; the page exchanges it by POST and sends no Referer."""
        made = Ticket(owner, binding, self.now + life.total_seconds(), name or token_bytes(NAME_BYTES))
        return self.kit.url_of(way, {"token": ticket.mint(self.parts.keys, purpose, made)})

    def opened(self, purpose: Purpose, token: str) -> Ticket | Refuse:
        """Read what a link brought back, or say that it is none of ours, or its time is past."""
        found = ticket.read(self.parts.keys, purpose, token, self.now)
        return found if isinstance(found, Ticket) else bad_ticket(found)

    def letter(self, kind: str, to: str | None, values: Mapping[str, Value] | None = None) -> Letter | None:
        """Make a letter, where there is an address and somebody who sends it."""
        if to is None or self.kit.outbox is None:
            return None
        return Letter(kind, to, {"app_name": self.kit.app_name, **(values or {})}, self.language)

    def notice(self, kind: str, user: U, **more: Value) -> Letter | None:
        """Make the letter that tells a user what happened to his account, and from where."""
        facts, to = self.visit.facts, self.address_of(user)
        if to is None or self.kit.outbox is None:
            return None
        values: Mapping[str, Value] = {
            "link": self.kit.url_of("forgot-password" if self.kit.offers("forgot-password") else "login"),
            "device": described(b"".join(facts.lines(b"user-agent")[:1])),
            "place": network_from(facts.peer),
            "time": datetime.fromtimestamp(self.now, UTC),
            **more,
        }
        return self.letter(kind, to, values)

    async def password_notice(self, user: U) -> Letter | None:
        """Make the letter that tells of a new password, and what lets in beside it: that stays, and may be somebody else's."""
        found: Sequence[Enrolment] = ()
        if self.kit.enrolments is not None:
            found = await self.kit.enrolments.enrolled(self.owner_of(user), Kind.PASSKEY, Kind.FOREIGN)
        passkeys = sum(one.kind is Kind.PASSKEY for one in found)
        foreign = len(found) - passkeys
        return self.notice(LetterKind.PASSWORD_CHANGED, user, passkeys=passkeys, foreign_logins=foreign)

    def binding_of(self, user: U) -> str:
        """Bind a ticket to the password that the user has now, or to his having none."""
        return fingerprint.take(self.parts.logins, self.provider.password_of(user) or "")

    def still_bound(self, user: U, binding: str) -> bool:
        """Whether the user has the same password still."""
        return fingerprint.weigh(self.parts.logins, binding, self.provider.password_of(user) or "") == "fits"

    def mailbox_of(self, user: U) -> str:
        """Bind a ticket to the address that it is sent to, too: one that lies in a mailbox of before opens nothing."""
        return fingerprint.take(self.parts.logins, self._mailbox(user))

    def same_mailbox(self, user: U, binding: str) -> bool:
        """Whether the user has the same password and the same address still."""
        return fingerprint.weigh(self.parts.logins, binding, self._mailbox(user)) == "fits"

    def _mailbox(self, user: U) -> str:
        return f"{self.address_of(user) or ''}\n{self.provider.password_of(user) or ''}"

    # -- passwords ----------------------------------------------------------------------------------------------------

    async def fresh_hash(self, password: str, about: About, *, field: str = "password") -> str | Again:
        """Hash a new password, or say what is wrong with it."""
        weakness = await self.kit.policy.weakness(password, about)
        if weakness is not None:
            return Again(field, str(weakness))
        return await self.parts.passwords.hash(password)

    async def about(self, user: U) -> About:
        """Say what somebody who guesses knows of a user."""
        second = bool(await self.factors_of(user))
        return About(address=self.address_of(user) or "", second_factor=second)

    # -- coming in ----------------------------------------------------------------------------------------------------

    async def enter(
        self, user: U, proofs: tuple[str, ...], *, account: str = "", remember: bool = False
    ) -> Next:
        """Let in whoever gave a proof, or ask for what he owes. Every way in ends here."""
        standing = await self.standing(user)
        plan = enter(user, standing, proofs, account=account, remember=remember)
        if plan.then == cannot_be_given(standing.factors):
            ways = ", ".join(GIVEN_AT[name] for name in standing.factors)
            logger.error(_LEFT_OUT, self.provider.id_of(user), ", ".join(standing.factors), ways)
        if any(isinstance(effect, Send) for effect in plan.effects) and await self._enough_letters(user):
            plan = replace(plan, effects=tuple(one for one in plan.effects if not isinstance(one, Send)))
        return await self.perform(plan)

    async def _enough_letters(self, user: U) -> bool:
        """Whether this address got letters enough: it may be somebody else's than the one who comes with the password."""
        return await self.throttled(f"letter:{self.owner_of(user)}") is not None

    async def standing(self, user: U) -> Standing:
        """Read what is known of a user at the moment of his first proof."""
        factors = await self.factors_of(user)
        askable = tuple(name for name in factors if self.kit.offers(GIVEN_AT[name]))
        return Standing(
            self.disabled(user),
            askable or factors,
            left_out=bool(factors) and not askable,
            trusted=bool(factors) and await trusts(self, user),
            required=self.kit.must_have_factor(user),
            unverified=self._unverified(user),
        )

    def disabled(self, user: U) -> bool:
        """Whether a user is kept out."""
        return isinstance(self.provider, Disables) and self.provider.disabled(user)

    async def factors_of(self, user: U) -> tuple[str, ...]:
        """Name the second factors that count for this user; recovery codes alone are none."""
        if self.kit.enrolments is None:
            return ()
        found = {one.kind for one in await self.kit.enrolments.enrolled(self.owner_of(user), *FACTORS)}
        names = tuple(name for kind, name in FACTORS.items() if kind in found)
        return () if names == ("recovery",) else names

    def _unverified(self, user: U) -> Letter | None:
        if (
            not self.kit.must_verify
            or not isinstance(self.provider, HasAddress)
            or self.provider.verified(user)
        ):
            return None
        return self.verification(user)

    def verification(self, user: U) -> Letter | None:
        """Make the letter that asks a user to show that he reads mail at his address."""
        address = self.address_of(user)
        if address is None or self.kit.outbox is None:
            return None
        life = self.kit.lifetimes.verify
        link = self.link("verify-email", "verify", self.owner_of(user), address, life)
        return self.letter(LetterKind.VERIFY_ADDRESS, address, {"link": link, "minutes": minutes(life)})

    async def perform(self, plan: Plan) -> Next:
        """Carry out a plan."""
        return await perform(self, plan)

    @property
    def enrolments(self) -> EnrolmentStore:
        """Return where enrolments lie. Raise `ConfigError` where the store keeps none."""
        if self.kit.enrolments is None:
            fix = "Use a store that keeps enrolments; those that come with guardhouse do."
            raise ConfigError("store", type(self.parts.beside).__name__, fix)
        return self.kit.enrolments


def minutes(life: timedelta) -> int:
    """Write for a letter how long something is good."""
    return int(life.total_seconds() // 60)
