"""Who may call: five visitors, each as the request that he sends and what stands behind it. No credential of anybody's is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from guardhouse.core.facts import Header
from guardhouse.core.guard import SESSION, Guard, Need, Supply
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Abstain, Allow, Deny, Identity
from guardhouse.state.record import Login, Record

Visitor: TypeAlias = Literal["guest", "user", "other", "token", "cross-site"]

VISITORS: Mapping[Visitor, str] = {
    "guest": "nobody is logged in, nothing is sent",
    "user": "logged in where the route asks, from a page of the application",
    "other": "logged in, but where the route does not ask",
    "token": "a program with a good credential of an explicit guard",
    "cross-site": "as user, but a page of another site asks; whether it can read the answer is up to CORS",
}

SESSION_ID = "A" * 43
"""The cookie of the visitors; it is looked up in a store that is made for this question alone."""

USER_ID = "guardhouse:visitor"
NAVIGATION: tuple[Header, ...] = (
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document"),
    (b"accept", b"text/html"),
)
"""What a browser adds that opens a page in its window."""

ELSEWHERE = "a realm that no route asks"
FOREIGN_SITE = "https://elsewhere.invalid"
"""An origin that nobody has (RFC 6761 6.4)."""

_SOMEWHERE = b"https://localhost"
"""Where an application is asked that was not told what it is called."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """Stands in for a guard whose look-up would need a credential: believes everybody, or hears nothing."""

    guard: Guard
    believes: bool
    needs: tuple[Need, ...] = field(init=False)
    name: str = field(init=False)
    provider: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", self.guard.needs)
        object.__setattr__(self, "name", self.guard.name)
        object.__setattr__(self, "provider", self.guard.provider)

    def named(self, name: str, provider: str) -> StandIn:
        """Stay what it is."""
        return replace(self, guard=self.guard.named(name, provider))

    def claim(self, facts: object) -> str | Abstain:  # noqa: ARG002 - it hears what it was told to
        """Hear the credential that it was told of."""
        return USER_ID if self.believes else Abstain(self.name, Reason.NO_CREDENTIAL)

    def fetch(self, claim: str, supply: Supply) -> str:  # noqa: ARG002 - nothing is looked up
        """Look nothing up."""
        return claim

    def judge(self, claim: str, found: str) -> Allow | Deny | Abstain:  # noqa: ARG002 - as above
        """Believe."""
        identity = Identity(found, self.provider or "", self.name, "stand-in")
        return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, identity)


def standing_in(stack: Stack, visitor: Visitor) -> Stack:
    """Take the steps out of a stack, and put stand-ins where a look-up would need a credential."""
    knows = visitor in ("user", "cross-site")
    explicit = tuple(StandIn(guard, visitor == "token") for guard in stack.explicit)
    ambient = tuple(guard if SESSION in guard.needs else StandIn(guard, knows) for guard in stack.ambient)
    return replace(
        stack,
        explicit=explicit,
        ambient=ambient,
        before=(),
        after=(),
        refused=(),
        sole=None,
        plain=not explicit,
    )


def own_origin(house: Any) -> bytes:  # noqa: ANN401 - a house of any users
    """Say what browsers call the application."""
    own: bytes = min(house.parts.origins.own, default=_SOMEWHERE)
    return own


def headers_of(visitor: Visitor, cookie: str, own: bytes) -> tuple[Header, ...]:
    """Write what the browser of that visitor says about itself; `own` is the origin of the application."""
    foreign = visitor == "cross-site"
    if visitor == "token":
        return ()
    browser: tuple[Header, ...] = (
        (b"sec-fetch-site", b"cross-site" if foreign else b"same-origin"),
        (b"origin", FOREIGN_SITE.encode("ascii") if foreign else own),
    )
    if visitor == "guest":
        return browser
    return (*browser, (b"cookie", f"{cookie}={SESSION_ID}".encode("ascii")))


def session_of(visitor: Visitor, stacks: tuple[Stack, ...], house: Any, now: float) -> Record:  # noqa: ANN401 - as above
    """Make the session of a visitor: logged in to what the route asks, or to everything else."""
    asked = {realm for stack in stacks for guard in stack.ambient if (realm := realm_of(guard))}
    every = {realm: guard for guard in house.guards.values() if (realm := realm_of(guard))}
    wanted = {realm: guard for realm, guard in every.items() if (realm in asked) is (visitor != "other")}
    logins = {realm: Login(USER_ID, guard.provider or "", guard.name, now) for realm, guard in wanted.items()}
    if not logins:
        logins = {ELSEWHERE: Login(USER_ID, "", "", now)}
    return Record("visitor", now, now, 3600.0, now + 3600.0, logins, {})


def realm_of(guard: object) -> str | None:
    """Say where a session guard keeps its logins."""
    realm: object = getattr(guard, "realm", None)
    return realm if isinstance(realm, str) else None
