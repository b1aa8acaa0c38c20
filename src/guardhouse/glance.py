"""The first glance at a request: enough for nearly all of them, and it comes to what the long way comes to.

One session guard, a good login, a store that has it at hand: then no visit is made and nothing is waited for. Whatever
is out of the ordinary is left to the visit, with what was found so far; a test holds that both ways decide alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from guardhouse.core.facts import NOTHING_PRESENTED, CookieState, Header, Presented, by_name
from guardhouse.core.origin import SAFE, plainly_same
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Allow, Decision, Identity, Pass
from guardhouse.errors import StoreError
from guardhouse.guards.session import SESSION_LOGIN, SessionGuard
from guardhouse.parts import Parts
from guardhouse.state.record import UNKNOWN, Loaded, UnreadableRecordError

_PRESENT = CookieState.PRESENT


class Glance(Struct, frozen=True, eq=False):
    """What a glance found. Without an identity it only spares the visit what is read already."""

    vary: frozenset[bytes] = frozenset()
    origin: Pass | None = None
    lines: tuple[bytes, ...] | None = None
    """The Cookie lines; None when they were not looked for."""
    presented: Presented = NOTHING_PRESENTED
    loaded: Loaded | None = None
    """What the store holds, not yet weighed; None when it was not asked."""
    identity: Identity | None = None
    stack: str = ""

    def __repr__(self) -> str:
        return f"Glance({self.presented!r})"

    @property
    def decision(self) -> Decision | None:
        """What the visit would have decided; None where it has to."""
        if self.identity is None or self.origin is None:
            return None
        allow = Allow(self.identity.guard, SESSION_LOGIN, self.identity)
        return Decision(self.stack, allow, (self.origin, allow))


NOTHING_SEEN = Glance()


def glance(  # noqa: C901 - one way straight on, and every turn off it is a return
    parts: Parts, stack: Stack, headers: Sequence[Header], *, safe: bool
) -> Glance:
    """Look at a request for a stack, as the visit would; `safe` is what its method promises."""
    guard, load_now = stack.sole, parts.load_now
    if type(guard) is not SessionGuard or load_now is None:
        return NOTHING_SEEN
    lines: tuple[bytes, ...] = ()
    if safe:
        # As in `Facts.lines`, on purpose: one function for both was measured to break the instruction budget.
        origin, vary = SAFE, stack.ambient_vary
        for name, value in headers:
            if name == b"cookie":
                lines += (value,)
    else:
        single = by_name(headers)
        same, vary = plainly_same(single, parts.hosts), stack.unsafe_vary
        if same is None or single is None:
            return NOTHING_SEEN
        origin = same
        if b"cookie" in single:
            lines = (single[b"cookie"],)
    presented = parts.session_cookie.present(lines)
    if presented.state is not _PRESENT:  # nobody asks where it comes from, then
        return Glance(stack.ambient_vary, None, lines, presented)
    try:
        record = load_now(presented.key)
    except (StoreError, UnreadableRecordError):
        return Glance(vary, None, lines, presented)
    if record is None:
        return Glance(vary, origin, lines, presented, UNKNOWN)
    now, seen = parts.clock(), record.seen
    if not (now < record.ends and now < seen + record.idle and now - seen < parts.sessions.least_touch):
        return Glance(vary, origin, lines, presented, record)
    return Glance(vary, origin, lines, presented, record, guard.identity_in(record), stack.name)
