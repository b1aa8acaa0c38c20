"""The expected fields about what happened: the status, who was let in, what was counted, and for how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.attack.cases import Failure, Finding, Remark, SkippedError, Unchecked
from tests.attack.observation import Check, Observation
from tests.attack.placeholders import expand
from tests.attack.scene import SUCCESS
from tests.attack.wire import Answer

LATENCY_PAUSES = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between one try and the next: a burst of work beside us ends within them."""


def matches(status: int, pattern: str) -> bool:
    """Whether a status is `401`, of the class `4xx`, or `none` at all."""
    if pattern == "none":
        return status == 0
    return len(pattern) == len(str(status)) and all(
        p in ("x", s) for p, s in zip(pattern, str(status), strict=True)
    )


def _status(allowed: list[str], seen: Observation) -> Iterable[Finding]:
    for answer in seen.answers:
        if not any(matches(answer.status, one) for one in allowed):
            yield Failure("status", " or ".join(allowed), _said(answer))


def _status_not(forbidden: list[str], seen: Observation) -> Iterable[Finding]:
    for answer in seen.answers:
        if any(matches(answer.status, one) for one in forbidden):
            yield Failure("status_not", f"not {' or '.join(forbidden)}", _said(answer))


def _should(preferred: str, seen: Observation) -> Iterable[Finding]:
    if not matches(seen.answers[-1].status, preferred.split(maxsplit=1)[0]):
        yield Remark("should", f"{preferred} is preferred, got {seen.answers[-1].status}")


def _authenticated(expected: bool, seen: Observation) -> Iterable[Finding]:
    acted = seen.identity()
    if expected and not acted and seen.answers[-1].status in SUCCESS:
        acted = seen.scene.who(seen.scene.jar.cookies)
    if bool(acted) != expected:
        yield Failure("authenticated", expected, acted or "nobody")


def _authenticated_as(allowed: list[str] | str, seen: Observation) -> Iterable[Finding]:
    names = [allowed] if isinstance(allowed, str) else allowed
    users = {name: user.marker for name, user in seen.scene.target.users.items()}
    by_username = {user.username: user.marker for user in seen.scene.target.users.values()}
    known = [expand(name, seen.scene.value) if name else "" for name in names]
    markers = {users.get(name) or by_username.get(name) or name for name in known}
    acted = seen.identity()
    if acted not in markers and not (acted == "" and {"nobody", "anonymous", ""} & set(known)):
        yield Failure("authenticated_as", " or ".join(sorted(markers)), acted or "nobody")


def _side_effect(expected: bool | str, seen: Observation) -> Iterable[Finding]:
    if expected == "allowed":
        return
    if seen.effects is None:
        yield Unchecked("side_effect", "the target shows no counter")
    elif bool(seen.effects) != expected:
        yield Failure("side_effect", expected, f"the counter moved by {seen.effects}")


def _verdict(expected: str, seen: Observation) -> Iterable[Finding]:
    for answer in seen.answers:
        denied = answer.status in range(400, 500)
        if expected == "deny" and (not denied or seen.effects):
            yield Failure("verdict", "deny", _said(answer))
        if expected == "allow" and (answer.status in (401, 403, 419) or not answer.status):
            yield Failure("verdict", "allow", _said(answer))


def _store_reads_max(limit: int, seen: Observation) -> Iterable[Finding]:
    if seen.before is None or seen.after is None:
        yield Unchecked("store_reads_max", "the target shows no counter")
    elif seen.after.reads - seen.before.reads > limit * len(seen.answers):
        yield Failure(
            "store_reads_max",
            limit,
            f"{seen.after.reads - seen.before.reads} for {len(seen.answers)} requests",
        )


def _store_delta_rows(expected: int, seen: Observation) -> Iterable[Finding]:
    if seen.before is None or seen.after is None:
        yield Unchecked("store_delta_rows", "the target shows no counter")
    elif seen.after.rows - seen.before.rows != expected:
        yield Failure("store_delta_rows", expected, seen.after.rows - seen.before.rows)


def _max_latency(limit: int, seen: Observation) -> Iterable[Finding]:
    """Ask again where it was slow: what the application costs is there each time, what a busy machine adds is not."""
    slowest = _slowest(seen.answers)
    for pause in LATENCY_PAUSES:
        if slowest <= limit:
            return
        time.sleep(pause)
        slowest = min(slowest, _slowest(seen.again()))
    if slowest > limit:
        yield Failure("max_latency_ms", limit, slowest)


def _slowest(answers: Iterable[Answer]) -> int:
    return round(max(answer.seconds for answer in answers) * 1000)


def _eventually(expected: str, seen: Observation) -> Iterable[Finding]:
    if not matches(seen.answers[-1].status, expected):
        yield Failure(
            "eventually_status", expected, f"{seen.answers[-1].status} after {len(seen.answers)} requests"
        )


def _successes(field: str, holds: Callable[[int, int], bool]) -> Check:
    def check(limit: int, seen: Observation) -> Iterable[Finding]:
        won = sum(answer.status in SUCCESS for answer in seen.answers)
        if not holds(won, limit):
            yield Failure(field, limit, f"{won} of {len(seen.answers)} succeeded")

    return check


def _server_alive(expected: bool, seen: Observation) -> Iterable[Finding]:
    with seen.scene.calm():
        alive = seen.scene.application.alive()
    if alive != expected:
        yield Failure("server_alive", expected, alive)


def _evaluated(most: int, seen: Observation) -> Iterable[Finding]:
    """What is turned away with 429 or 503 was not weighed at all."""
    weighed = [answer for answer in seen.answers if answer.status not in (429, 503)]
    if len(weighed) > most:
        yield Failure("evaluated_max", most, len(weighed))


def _outbound(limit: int, seen: Observation) -> Iterable[Finding]:
    hits = seen.scene.application.callback.hits[seen.hits :]
    if len(hits) > limit:
        yield Failure("outbound_requests", limit, hits)


def _said(answer: Answer) -> str:
    return f"{answer.status} {answer.text[:120]}".strip()


def cautious(check: Check, field: str) -> Check:
    """Let a check that misses something say so, instead of ending the case."""

    def run(expected: Any, seen: Observation) -> Iterable[Finding]:
        try:
            return list(check(expected, seen))
        except SkippedError as missing:
            return [Unchecked(field, str(missing))]

    return run


def _accounts_created(expected: int, seen: Observation) -> Iterable[Finding]:
    if seen.before is None or seen.after is None or seen.before.users is None or seen.after.users is None:
        yield Unchecked("accounts_created", "the target shows no users")
    elif seen.after.users - seen.before.users != expected:
        yield Failure("accounts_created", expected, seen.after.users - seen.before.users)


CHECKS: Mapping[str, Check] = {
    "status": _status,
    "status_not": _status_not,
    "should": _should,
    "authenticated": _authenticated,
    "authenticated_as": _authenticated_as,
    "side_effect": _side_effect,
    "verdict": _verdict,
    "store_reads_max": _store_reads_max,
    "store_delta_rows": _store_delta_rows,
    "accounts_created": _accounts_created,
    "max_latency_ms": _max_latency,
    "eventually_status": _eventually,
    "success_count": _successes("success_count", lambda won, limit: won == limit),
    "success_count_max": _successes("success_count_max", lambda won, limit: won <= limit),
    "success_min": _successes("success_min", lambda won, limit: won >= limit),
    "server_alive": _server_alive,
    "evaluated_max": _evaluated,
    "outbound_requests": _outbound,
    "outbound_requests_max": _outbound,
}
