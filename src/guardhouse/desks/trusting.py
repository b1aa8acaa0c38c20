"""Browsers that are not asked for the second proof again: whether this is one, and how it becomes one."""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from guardhouse.flows.plan import Cookie
from guardhouse.flows.second_factor import Trust
from guardhouse.state import handed, trusted
from guardhouse.state.enrolment import Kind
from guardhouse.state.trusted import Trusted

if TYPE_CHECKING:
    from guardhouse.desks.desk import Desk

__all__ = ["trust", "trusts"]


async def trusts(desk: Desk[Any], user: Any) -> bool:  # noqa: ANN401 - the application's own user
    """Whether this browser was told not to ask this user again, and his password is the one that it was."""
    sent = set(desk.parts.trusted_cookie.values(desk.visit.facts.lines(b"cookie")))
    presented = handed.read(sent.pop()) if len(sent) == 1 else None
    if presented is None:
        return False
    found = await desk.enrolments.enrolment(Kind.TRUSTED, presented.name)
    kept = None if found is None else trusted.Trust.of(found)
    if found is None or kept is None:
        return False
    same = desk.still_bound(user, kept.fingerprint or "")
    return trusted.weigh(found, presented, desk.owner_of(user), desk.now, same_password=same) is Trusted.YES


def trust(desk: Desk[Any], user: Any) -> Trust:  # noqa: ANN401 - as above
    """Make what is needed to trust this browser: a row with the hash, and the cookie with the value."""
    lifetime = desk.kit.lifetimes.trusted.total_seconds()
    value, kept = trusted.trust(
        desk.owner_of(user),
        desk.binding_of(user),
        token_bytes(trusted.CHANCE),
        desk.now,
        lifetime=lifetime,
    )
    return Trust(kept, Cookie(desk.parts.cookie.trusted, value, int(lifetime)))
