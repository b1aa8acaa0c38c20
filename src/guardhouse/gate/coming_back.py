"""A browser that stays logged in, at the gate: where its session is gone, its cookie brings the login back, once for each visit.

The cookie is sent by the browser itself, so the origin is checked first, as it is for a session. What the gate asks for
here, and nothing more, is said by `Remembers`; the ways in of a guard do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Deny, Verdict
from guardhouse.guards.session import SessionGuard

if TYPE_CHECKING:
    from guardhouse.core.guard import Guard
    from guardhouse.gate.visit import Visit

__all__ = ["Begun", "Remembers", "came_back"]

GONE = frozenset(
    {
        Reason.NO_CREDENTIAL,
        Reason.NO_LOGIN,
        Reason.NO_LOGIN_FOR_GUARD,
        Reason.SESSION_MALFORMED,
        Reason.SESSION_UNKNOWN,
        Reason.SESSION_UNREADABLE,
        Reason.SESSION_EXPIRED,
    }
)
"""What a session guard says where nobody is logged in. Two session cookies, or a login that has begun, are another matter."""


class Begun(NamedTuple):
    """A series that was begun: its name, and the Set-Cookie value for the browser."""

    name: str
    cookie: bytes


class Remembers(Protocol):
    """Lets the browsers of one realm stay logged in."""

    @property
    def provider(self) -> str:
        """Whose users they are."""
        ...

    @property
    def realm(self) -> str:
        """In which realm their logins are."""
        ...

    async def come_back(self, visit: Visit) -> Abstain | None:
        """Log in whom the cookie stands for, under a new session id; None where that was done, otherwise why not."""
        ...

    async def begin(self, visit: Visit, user: Any, proofs: Sequence[str]) -> Begun:  # noqa: ANN401 - the application's own type
        """Let this browser stay logged in from now on."""
        ...

    async def leave(self, visit: Visit) -> None:
        """Let this browser stay logged in no more: whoever had that is forgotten, and the cookie erased."""
        ...


async def came_back(visit: Visit, guard: Guard, trace: list[Verdict]) -> bool:
    """Whether the login is back in the session; what stands against it is added to the trace.

    An origin that is refused is the last word, as it is before a session.
    """
    remembers = _who_remembers(visit, guard, trace[-1])
    if remembers is None:
        return False
    why_not = visit.back.get(remembers.realm)
    if why_not is None:
        origin = await visit.check_origin()
        if origin not in trace:
            trace.append(origin)
        if type(origin) is Deny:
            return False
        why_not = await remembers.come_back(visit)
        if why_not is None:
            return True
        visit.back[remembers.realm] = why_not
    if why_not not in trace:
        trace.append(why_not)
    return False


def _who_remembers(visit: Visit, guard: Guard, silence: Verdict) -> Remembers | None:
    if not isinstance(guard, SessionGuard) or silence.reason not in GONE:
        return None
    remembers = visit.parts.remembering.get(guard.realm or "")
    if remembers is None or remembers.provider != guard.provider:
        return None
    came = visit.parts.remember_cookie.values(visit.facts.lines(b"cookie"))
    return remembers if came else None
