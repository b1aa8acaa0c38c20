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
from guardhouse.core.verdict import Allow, Decision, Pass
from guardhouse.errors import StoreError
from guardhouse.guards.session import SessionGuard
from guardhouse.parts import Parts
from guardhouse.state.record import UNKNOWN, Loaded, UnreadableRecordError

_PRESENT = CookieState.PRESENT


class Glance(Struct, frozen=True, eq=False):
    """What a glance found. Without a decision it only spares the visit what is read already."""

    vary: frozenset[bytes] = frozenset()
    origin: Pass | None = None
    lines: tuple[bytes, ...] | None = None
    """The Cookie lines; None when they were not looked for."""
    presented: Presented = NOTHING_PRESENTED
    loaded: Loaded | None = None
    """What the store holds, not yet weighed; None when it was not asked."""
    decision: Decision | None = None


NOTHING_SEEN = Glance()


def glance(parts: Parts, stack: Stack, headers: Sequence[Header], *, safe: bool) -> Glance:
    """Look at a request for a stack; `safe` is what its method promises."""
    if safe:
        return _look(parts, stack, SAFE, stack.ambient_vary, _cookies(headers))
    single = by_name(headers)
    origin = plainly_same(single, parts.hosts)
    if origin is None or single is None:
        return NOTHING_SEEN
    line = single.get(b"cookie")
    return _look(parts, stack, origin, stack.unsafe_vary, () if line is None else (line,))


def _cookies(headers: Sequence[Header]) -> tuple[bytes, ...]:
    lines: tuple[bytes, ...] = ()
    for name, value in headers:
        if name == b"cookie":
            lines += (value,)
    return lines


def _look(
    parts: Parts, stack: Stack, origin: Pass, vary: frozenset[bytes], lines: tuple[bytes, ...]
) -> Glance:
    """Ask the only guard of the stack, whose origin check has passed, as the visit would."""
    guard, load_now = stack.sole, parts.load_now
    if type(guard) is not SessionGuard or load_now is None:
        return NOTHING_SEEN
    presented = parts.session_cookie.present(lines)
    if presented.state is not _PRESENT:  # nobody asks where it comes from, then
        return Glance(stack.ambient_vary, None, lines, presented)
    try:
        record = load_now(presented.key)
    except (StoreError, UnreadableRecordError):
        return Glance(vary, None, lines, presented)
    if record is None or not parts.sessions.at_ease(record, parts.clock()):
        return Glance(vary, origin, lines, presented, record or UNKNOWN)
    verdict = guard.judge(presented.key, record)
    if type(verdict) is not Allow:
        return Glance(vary, origin, lines, presented, record)
    return Glance(vary, origin, lines, presented, record, Decision(stack.name, verdict, (origin, verdict)))
