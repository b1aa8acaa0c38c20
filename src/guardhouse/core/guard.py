"""What a guard is: a declaration of needs, and two plain functions around one look-up."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, Self

from msgspec import Struct

from guardhouse.core.facts import Facts
from guardhouse.core.provider import Provider
from guardhouse.core.verdict import Abstain, Allow, Deny


class Need(Struct, frozen=True):
    """A fact that a guard reads, by name.

    *Explicit* facts are put on a request on purpose. *Ambient* ones the browser sends by itself, to whoever makes
    it send a request: cookie, session, Basic, client certificate. What is ambient needs the origin check.
    """

    name: str
    ambient: bool


SESSION = Need("session", ambient=True)


def header_need(name: str) -> Need:
    """Name the need for a request header that no browser sends by itself."""
    return Need(f"header:{name.lower()}", ambient=False)


def browser_header_need(name: str) -> Need:
    """Name the need for a request header that browsers repeat by themselves, as they do Basic in Authorization."""
    return Need(f"header:{name.lower()}", ambient=True)


class Supply(Protocol):
    """What a look-up may use: facts that cost I/O, supplied by the house and shared by all guards of a visit."""

    def session(self) -> Any | Awaitable[Any]:  # noqa: ANN401 - a state.record.Loaded; the core knows no records
        """Load the session that the request presents, once per visit; at once where the store can."""
        ...

    def now(self) -> float:
        """Read the clock of the house, in epoch seconds."""
        ...

    def tokens(self) -> Any:  # noqa: ANN401 - a state.store.TokenStore; the core knows no stores
        """Return where tokens lie. Raise `ConfigError` where the store keeps none."""
        ...

    def provider(self, name: str) -> Provider[Any]:
        """Return the users of that name."""
        ...

    def authenticate(self, guard: str, provider: str, credentials: Mapping[str, str]) -> Awaitable[Any]:
        """Find the user whom the credentials prove, or None; an unknown user takes the time of a wrong password."""
        ...

    def once(self, name: bytes, until: float) -> Awaitable[bool]:
        """Whether this name is heard for the first time; it is kept until that moment. One atomic step."""
        ...


class Guard(Protocol):
    """One named way of proving who calls.

    A guard is a sandwich: `claim` reads what the request says, `fetch` looks it up (the only await), `judge`
    weighs it. A request without this guard's credential ends at `claim`, with no await.
    """

    @property
    def name(self) -> str:
        """Say under which name the house knows this guard; empty before it is in one."""
        ...

    @property
    def needs(self) -> tuple[Need, ...]:
        """Say which facts are read; order, session, CSRF and caching of the area follow from it."""
        ...

    @property
    def provider(self) -> str | None:
        """Name the provider of its users; None until the house names its only one."""
        ...

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        ...

    def claim(self, facts: Facts) -> Any:  # noqa: ANN401 - each guard has its own claim
        """Read the request: an `Abstain` or `Deny` ends here, anything else is handed to `fetch`."""
        ...

    def fetch(self, claim: Any, supply: Supply) -> Any | Awaitable[Any]:  # noqa: ANN401 - each guard finds its own thing
        """Look the claim up. Raise `StoreError` when that is impossible."""
        ...

    def judge(self, claim: Any, found: Any) -> Allow | Deny | Abstain:  # noqa: ANN401 - as in claim and fetch
        """Weigh the claim against what was found."""
        ...


def ambient(guard: Guard) -> bool:
    """Whether any fact that the guard reads is one the browser sends by itself."""
    return any(need.ambient for need in guard.needs)


def scheme_of(guard: Guard) -> str | None:
    """Name the scheme of Authorization that the guard reads, such as Bearer; a guard that reads one has it as `scheme`."""
    scheme: object = getattr(guard, "scheme", None)
    return scheme if isinstance(scheme, str) else None
