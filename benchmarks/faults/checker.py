"""Holds a history against the invariants, after the fact: pure functions from calls to complaints.

I1  no session is used after an acknowledged logout or revocation of it, nor after it was said to be gone
I2  nobody gets another's data
I3  what was acknowledged is there later, unless it was ended or overwritten
I4  what may be used once is used once
I6  a call without a clear answer may have been done or not: both are allowed everywhere
(I5 is about families of refresh tokens, which are not part of these histories.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import inf

from benchmarks.faults.history import Call, Outcome

RULES = ("I1", "I2", "I3 login", "I3 write", "I4", "odd")
_ENDING = frozenset({"logout", "revoke"})
_USING = frozenset({"read", "write"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """One broken promise, and the call that shows it."""

    rule: str
    says: str
    call: Call


def complaints(history: Iterable[Call]) -> list[Complaint]:
    """Find everything in the history that must not be."""
    calls = sorted(history, key=lambda call: call.start)
    sessions, users = _grouped(calls)
    found = [_session(own, users[own[0].user]) for own in sessions.values()]
    return [*chain.from_iterable(found), *_used_once(calls), *_odd(calls)]


def forgiven(history: Iterable[Call], spans: Sequence[tuple[float, float]]) -> list[Call]:
    """Take what was answered within these spans as not answered: a store that promises less may undo it."""

    def undone(call: Call) -> bool:
        return any(begins <= call.end <= ends for begins, ends in spans)

    return [replace(call, outcome=Outcome.MAYBE) if undone(call) else call for call in history]


def _grouped(calls: Sequence[Call]) -> tuple[Mapping[int, list[Call]], Mapping[str, list[Call]]]:
    """Put together what belongs to a session, and what ends all sessions of a user."""
    sessions: dict[int, list[Call]] = defaultdict(list)
    users: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.kind not in {"once", "guess"}:
            sessions[call.session].append(call)
        if call.kind == "revoke":
            users[call.user].append(call)
    return sessions, users


def _session(own: Sequence[Call], revocations: Sequence[Call]) -> Iterator[Complaint]:
    began = next((call for call in own if call.kind == "login"), None)
    born = began.end if began is not None else -inf
    # A revocation that began before the login was acknowledged may have come before it.
    ends = [call for call in own if call.kind == "logout"]
    ends += [call for call in revocations if call.start > born]
    yield from _used_after_end(own, ends)
    yield from _of_another(own)
    maybe_ended = [
        *ends,
        *(call for call in revocations if call.lasts_until > (began.start if began else -inf)),
    ]
    yield from _lost_login(own, began, maybe_ended)
    yield from _lost_writes(own)


def _used_after_end(own: Sequence[Call], ends: Sequence[Call]) -> Iterator[Complaint]:
    dead = min((call.end for call in ends if call.done), default=inf)
    gone = min((call.end for call in own if call.outcome is Outcome.GONE), default=inf)
    for call in own:
        if call.kind not in _USING or not call.done:
            continue
        if call.start > dead:
            yield Complaint("I1", f"used {call.start - dead:.3f} s after its end was acknowledged", call)
        elif call.start > gone:
            yield Complaint("I1", f"used {call.start - gone:.3f} s after it was said to be gone", call)


def _of_another(own: Sequence[Call]) -> Iterator[Complaint]:
    for call in own:
        if call.done and call.answered and call.answered != call.user:
            yield Complaint("I2", f"answered for {call.answered}", call)


def _lost_login(own: Sequence[Call], began: Call | None, ends: Sequence[Call]) -> Iterator[Complaint]:
    """Complain once of a session that went away although nobody can have ended it."""
    if began is not None and not began.done:
        return
    may_end = min((call.start for call in ends if call.outcome is not Outcome.ODD), default=inf)
    for call in own:
        if call.outcome is Outcome.GONE and call.kind in _USING and call.end < may_end:
            yield Complaint("I3 login", "gone, and nobody ended it", call)
            return


def _lost_writes(own: Sequence[Call]) -> Iterator[Complaint]:
    """Each key is a register whose values are all different, so a read names the write that it saw."""
    written: dict[str, list[Call]] = defaultdict(list)
    for call in own:
        if call.kind == "write" and call.outcome in {Outcome.DONE, Outcome.MAYBE}:
            written[call.key].append(call)
    for read in own:
        if read.kind == "read" and read.done and read.key:
            yield from _stale(read, written[read.key])


def _stale(read: Call, writes: Sequence[Call]) -> Iterator[Complaint]:
    seen = next((write for write in writes if write.value == read.found), None)
    if read.found is not None and (seen is None or seen.start > read.end):
        yield Complaint("I2", f"found {read.found!r}, which was not written there", read)
        return
    since = seen.lasts_until if seen is not None else -inf
    for write in writes:
        if write is not seen and write.done and write.end < read.start and write.start > since:
            yield Complaint("I3 write", f"found {read.found!r} instead of {write.value!r}", read)
            return


def _used_once(calls: Iterable[Call]) -> Iterator[Complaint]:
    used: set[str] = set()
    for call in calls:
        if call.kind == "once" and call.done:
            if call.key in used:
                yield Complaint("I4", f"{call.key} was used before", call)
            used.add(call.key)


def _odd(calls: Iterable[Call]) -> Iterator[Complaint]:
    for call in calls:
        if call.outcome is Outcome.ODD:
            yield Complaint("odd", call.said, call)
