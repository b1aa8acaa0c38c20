"""How the journey logs in: with credentials as people do, or by a login that the house hands out at the route's answer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

from guardhouse.core.answer import Refusal
from guardhouse.core.facts import Facts
from guardhouse.doctor.browser.fetching import Reply
from guardhouse.doctor.explanation import Explanation
from guardhouse.doctor.sending import Asked
from guardhouse.gate.refused import Refused
from guardhouse.gate.visit import Visit
from guardhouse.guards.session import SessionGuard
from guardhouse.house import Guardhouse

_HANDED_OUT = 200
_NO_ROUTE = frozenset({404, 405})
_ERROR, _BROKEN = 400, 500


class LoginError(Exception):
    """Nobody can be logged in: no credentials, no user, or no guard that keeps a login."""


@runtime_checkable
class KnowsSomebody(Protocol):
    """An optional power of a provider: to name a user where any will do."""

    def somebody(self) -> Any | None:  # noqa: ANN401 - the application's own user
        """Return any user."""
        ...


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A login without credentials: as whom, and at which guard."""

    guard: str
    user_id: str
    user: Any = field(repr=False)


async def choose_user(house: Guardhouse[Any], user_id: str | None) -> HandedOut:
    """Find the user to log in without a password, and the guard. Raises `LoginError`."""
    guards = {name: guard for name, guard in house.guards.items() if isinstance(guard, SessionGuard)}
    if not guards:
        raise LoginError("this house has no session guard, so there is no login for a browser to keep")
    name = house.default if house.default in guards else next(iter(guards))
    provider = house.parts.providers[guards[name].provider or ""]
    if user_id is not None:
        user = await provider.by_id(user_id)
    else:
        user = provider.somebody() if isinstance(provider, KnowsSomebody) else None
    if user is None:
        what = f"there is no user {user_id!r}" if user_id is not None else "nobody says who logs in"
        raise LoginError(f"{what}: give --credentials email=... --credentials password=..., or --user ID")
    return HandedOut(name, provider.id_of(user), user)


async def hand_out(house: Guardhouse[Any], asked: Asked, reply: Reply, handed: HandedOut) -> Reply:
    """Let the house log the user in at this request, and put its cookies into the answer of the login route.

    The route itself was asked without credentials; what middleware wrote into its answer, CORS above all, stays.
    A route that is not there, or that breaks, is what it is.
    """
    if reply.status in _NO_ROUTE or reply.status >= _BROKEN:
        return reply
    parts = urlsplit(asked.url)
    headers = ((b"host", parts.netloc.encode()), *asked.headers)
    visit = Visit(house.parts, Facts(asked.method, parts.path, headers, parts.scheme))
    try:
        await house.desk(visit, handed.guard).login(handed.user)
    except Refused as error:
        return replace(reply, status=error.status_code, explanation=_refused(reply, error.refusal))
    own = tuple(
        (name, value) for name, value in reply.headers if name not in ("set-cookie", "guardhouse-reason")
    )
    cookies = tuple(("set-cookie", line.decode("ascii")) for line in visit.cookies())
    return replace(reply, status=_HANDED_OUT, headers=(*own, *cookies), explanation=None)


def _refused(reply: Reply, refusal: Refusal) -> Explanation:
    explanation = reply.explanation
    if (
        explanation is not None
        and explanation.refusal is not None
        and explanation.refusal.reason is refusal.reason
    ):
        return explanation
    return Explanation("refused", refusal.status, refusal, None, (), None)
