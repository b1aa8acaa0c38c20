"""What the desks of one guard's ways in work with: made once, when the ways are, and frozen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeAlias

from guardhouse.core.weakness import Policy
from guardhouse.desks.outbox import Outbox
from guardhouse.flows.foreign import ForeignPolicy
from guardhouse.guards.session import SessionGuard
from guardhouse.house import Guardhouse
from guardhouse.issuers.foreign import ForeignLogin
from guardhouse.limits import LoginThrottle
from guardhouse.state.relying_party import RelyingParty
from guardhouse.state.store import EnrolmentStore, KeepsEnrolments

__all__ = ["Foreign", "Kit", "Lifetimes", "MagicLinks", "MayImpersonate", "Places"]

MayImpersonate: TypeAlias = str | Callable[[Any, Any], bool | Awaitable[bool]]
"""A rule of the house, which is asked about the user, or a function of who wants to and of the user."""

MagicLinks: TypeAlias = Literal["off", "same-browser", "any-browser"]
"""Whether a link by mail logs in, and whether it must be opened where it was asked for."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long each thing that is handed out is good for. All of them count once."""

    reset: timedelta = timedelta(minutes=30)
    verify: timedelta = timedelta(days=1)
    address: timedelta = timedelta(hours=1)
    enter: timedelta = timedelta(minutes=10)
    """A link that logs in; ASVS 6.5.5 allows ten minutes."""
    fresh: timedelta = timedelta(minutes=15)
    """For so long a proof counts as given a moment ago, where an account is changed (ASVS 7.5.1)."""
    invite: timedelta = timedelta(days=7)
    remembered: timedelta = timedelta(days=30)
    trusted: timedelta = timedelta(days=30)


class Places(Protocol):
    """Knows where the ways lie."""

    def url_of(self, name: str, query: Mapping[str, str] | None = None, *, provider: str = "") -> str:
        """Write the address of a way as browsers reach it; `provider` is a login server's name, where the path has one."""
        ...

    def offers(self, name: str) -> bool:
        """Whether there is a way of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Foreign:
    """One foreign login server at work, and what its logins may do here."""

    login: ForeignLogin
    policy: ForeignPolicy


@dataclass(frozen=True, slots=True)
class Kit:
    """The parts of the ways in of one session guard."""

    house: Guardhouse[Any]
    guard: SessionGuard
    outbox: Outbox | None
    """None where no mail is sent; then no way is offered that needs it."""
    policy: Policy
    """Says which new passwords are taken."""
    throttle: LoginThrottle
    places: Places
    """Where the ways lie."""
    app_name: str
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    must_verify: bool = False
    """Whether nobody comes in before his address is verified."""
    login_field: str = "email"
    """Under which name the login is handed in."""
    may_impersonate: MayImpersonate | None = None
    """Who may act in whose place; None is nobody."""
    enrolments: EnrolmentStore | None = field(init=False)
    """None where the store keeps none; then there are no second factors and no remembered devices."""
    factor_required: Callable[[Any], bool] | None = None
    """Says of a user whether he must have a second factor; None is nobody."""
    foreign: Mapping[str, Foreign] = field(default_factory=dict[str, Foreign])
    """The foreign login servers, by their names."""
    party: RelyingParty | None = None
    """What authenticators know this house as; None where no passkey can be made, and then none is offered."""
    address_field: str = "email"
    """Under which name somebody new hands in his address."""
    register_fields: tuple[str, ...] = ()
    """What somebody new may fill in beside login and password."""
    register_logs_in: bool = False
    """Whether who registers is logged in; then the answer tells who has an account."""
    magic_links: MagicLinks = "off"
    pace: timedelta = timedelta(milliseconds=250)
    """To a multiple of this the answer waits where it must not tell how much there was to do."""

    def __post_init__(self) -> None:
        beside = self.house.parts.beside
        kept = beside.enrolments if isinstance(beside, KeepsEnrolments) else None
        object.__setattr__(self, "enrolments", kept)

    def url_of(self, name: str, query: Mapping[str, str] | None = None, *, provider: str = "") -> str:
        """Write the address of a way, by its name, and a query: from configuration, never from Host."""
        return self.places.url_of(name, query, provider=provider)

    def offers(self, name: str) -> bool:
        """Whether there is a way of that name."""
        return self.places.offers(name)

    def must_have_factor(self, user: object) -> bool:
        """Whether a user must have a second factor."""
        return self.factor_required is not None and self.factor_required(user)

    @property
    def login_is_address(self) -> bool:
        """Whether people log in by their address, of which nobody must learn that it has an account."""
        return self.login_field == self.address_field
