"""The first glance at a request: enough for nearly all of them, and it comes to what the long way comes to.

One guard, a good login or token, a store that has it at hand: then no visit is made and nothing is waited for. Whatever
is out of the ordinary is left to the visit, with what was found so far; tests hold that both ways decide alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from guardhouse.core.facts import NOTHING_PRESENTED, CookieState, Facts, Header, Presented, by_name
from guardhouse.core.origin import SAFE, plainly_same
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Abstain, Allow, Decision, Deny, Identity, Pass
from guardhouse.errors import StoreError
from guardhouse.gate.parts import Parts
from guardhouse.guards.jwt import Handed, JWTGuard
from guardhouse.guards.session import SESSION_LOGIN, SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.state.record import UNKNOWN, Loaded, UnreadableRecordError
from guardhouse.state.token import weigh

_PRESENT = CookieState.PRESENT


class Glance(Struct, frozen=True, eq=False, gc=False):
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
    verdict: Allow | Deny | Abstain | None = None
    """What the one guard says that reads a token."""

    def __repr__(self) -> str:
        return f"Glance({self.presented!r})"

    @property
    def decision(self) -> Decision | None:
        """What the visit would have decided; None where it has to."""
        if self.identity is None:
            return None
        if type(self.verdict) is Allow:
            return Decision(self.stack, self.verdict, (self.verdict,))
        if self.origin is None:
            return None
        allow = Allow(self.identity.guard, SESSION_LOGIN, self.identity)
        return Decision(self.stack, allow, (self.origin, allow))


NOTHING_SEEN = Glance()


def glance(  # noqa: C901 - one way straight on, and every turn off it is a return
    parts: Parts, stack: Stack, headers: Sequence[Header], *, safe: bool
) -> Glance:
    """Look at a request for a stack, as the visit would; `safe` is what its method promises."""
    guard, load_now = stack.sole, parts.load_now
    if type(guard) is not SessionGuard:
        return _of_token(parts, stack, headers)
    if load_now is None:
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


def _of_token(parts: Parts, stack: Stack, headers: Sequence[Header]) -> Glance:
    """Hear a guard that reads Authorization and nothing else. What it says of a bad token is said for good."""
    guard, verdict = stack.sole, None
    if type(guard) is TokenGuard:
        verdict = _handed_out(parts, guard, Facts("", "", headers))
    elif type(guard) is JWTGuard and not guard.asks:
        verdict = _signed(parts, guard, Facts("", "", headers))
    if verdict is None:
        return NOTHING_SEEN
    identity = verdict.identity if type(verdict) is Allow and type(verdict.identity) is Identity else None
    return Glance(stack.explicit_vary, None, None, NOTHING_PRESENTED, None, identity, stack.name, verdict)


def _handed_out(parts: Parts, guard: TokenGuard, facts: Facts) -> Allow | Deny | Abstain | None:
    """Weigh a token of the house; None where its record must be waited for, or its use be noted."""
    claim = guard.claim(facts)
    if not isinstance(claim, tuple):
        return claim
    if parts.token_now is None:
        return None
    try:
        record = parts.token_now(claim[0])
    except StoreError:
        return None
    now = parts.clock()
    if record is not None and guard.stale(record, now):
        return None
    return guard.judge(claim, (record, weigh(record, claim[1], guard.policy, now)))


def _signed(parts: Parts, guard: JWTGuard, facts: Facts) -> Allow | Deny | Abstain | None:
    """Weigh a token of an issuer; None where its signature must be verified first."""
    claim = guard.claim(facts)
    if not isinstance(claim, Handed):
        return claim
    found = guard.remembered(claim, parts.clock())
    return None if found is None else guard.judge(claim, found)
