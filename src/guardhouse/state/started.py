"""A login that was begun elsewhere and has not come back: kept in the session of the browser that began it, taken once.

What comes back is believed only in that session, so nobody can hand his own login, or his own link, to another's browser
(CVE-2025-68481, CVE-2025-14546), nor find it in a place that all browsers share (CVE-2025-68158, CVE-2026-41425). Every login
has a key of its own, because a session merges by keys: two tabs that begin at once both come back.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

__all__ = ["LIFETIME", "LONGEST_INTENDED", "MOST", "ROOM", "Started", "put", "spent_name", "take"]

LIFETIME = 600.0
"""Seconds for a person to log in elsewhere (ASVS 10.1.2, and the usual life of such a record)."""
MOST = 5
"""Tabs of one browser that may be at it; the oldest goes first."""
ROOM = 1800
"""Bytes that all of them take together: a session may lie in a cookie, beside what the application keeps there."""
LONGEST_INTENDED = 512
"""Letters of where somebody wanted to go; from further away he comes back to the beginning. Strangers write it."""
PREFIX = "_foreign."


class Started(Struct, frozen=True):
    """What must come back, and what for. Moments are epoch seconds; `state`, `nonce` and `verifier` are in no repr."""

    provider: str
    issuer: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    intended: str
    began: float
    ends: float
    owner: str | None = None
    """Who, as `provider:id`, is logged in and wants this login linked to himself; None is a login."""

    def __repr__(self) -> str:
        return f"Started({self.provider}, {'a login' if self.owner is None else 'a link'})"


def put(session: MutableMapping[str, Any], started: Started, now: float) -> None:
    """Keep it. What is past its time is dropped, and the oldest of too many, or of what would take too much room."""
    if len(started.intended) > LONGEST_INTENDED:
        started = replace(started, intended="")
    kept = sorted(_kept(session), key=lambda found: -found[1].began)
    alive = [key for key, one in kept if _in_time(one, now)][: MOST - 1]
    sizes = {key: _size(one) for key, one in kept}
    while alive and _size(started) + sum(sizes[key] for key in alive) > ROOM:
        alive.pop()
    for key in [one for one in session if one.startswith(PREFIX) and one not in alive]:
        del session[key]
    session[_key(started.state)] = msgspec.to_builtins(started)


def take(session: MutableMapping[str, Any], state: str, now: float) -> Started | None:
    """Take out what was begun under this state; None where this browser began nothing of it, or too long ago.

    Two requests at once may both read it before one of them has stored the session; `spent_name` is for the store, which
    knows the first.
    """
    found = _read(session.pop(_key(state), None))
    if found is None or not _in_time(found, now):
        return None
    return found if found.state == state else None


def spent_name(started: Started) -> bytes:
    """Name it for a store's `once`, until `started.ends`: the login counts for the first who says it."""
    return sha256(b"foreign login state " + started.state.encode()).digest()


def _size(started: Started) -> int:
    return len(msgspec.msgpack.encode(started))


def _in_time(started: Started, now: float) -> bool:
    """Whether it may still come back; one from the future is of a clock that was set back."""
    return started.began <= now < started.ends <= started.began + LIFETIME


def _kept(session: MutableMapping[str, Any]) -> Iterator[tuple[str, Started]]:
    for key in session:
        if key.startswith(PREFIX):
            found = _read(session[key])
            if found is not None:
                yield key, found


def _key(state: str) -> str:
    """Name it in the session by a hash: what comes from outside is no key, and what is listed there is no state."""
    return PREFIX + sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(value: object) -> Started | None:
    try:
        return msgspec.convert(value, Started)
    except msgspec.ValidationError:
        return None
