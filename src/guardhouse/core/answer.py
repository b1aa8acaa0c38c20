"""How a refusal is worded: the problem document of RFC 9457, as much of it as the reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from guardhouse.core.reasons import REASONS, Reason, ReasonEntry
from guardhouse.core.verdict import NO_EVIDENCE, Abstain, Decision, Deny, Verdict

Explain: TypeAlias = Literal["full", "code", "off"]
EXPLAIN: tuple[Explain, ...] = ("full", "code", "off")

REASON_HEADER = "Guardhouse-Reason"


class Refusal(Struct, frozen=True):
    """A refusal on its way out: its reason, who gave it, and what led to it. `stack` is empty outside of one."""

    reason: Reason
    by: str
    evidence: Mapping[str, object] = NO_EVIDENCE
    stack: str = ""
    trace: Sequence[Verdict] = ()
    challenges: tuple[str, ...] = ()
    """The values of WWW-Authenticate, one for each way in that the stack knows (RFC 9110 11.6.1)."""
    retry_after: int | None = None

    @property
    def entry(self) -> ReasonEntry:
        """The line of the table of reasons."""
        return REASONS[self.reason]

    @property
    def status(self) -> int:
        """The HTTP status to answer with."""
        return self.entry.status


def refusal_of(decision: Decision) -> Refusal:
    """Turn a decision that says no into the refusal of it."""
    verdict = decision.verdict
    evidence = verdict.evidence if isinstance(verdict, Deny) else NO_EVIDENCE
    return Refusal(verdict.reason, verdict.by, evidence, decision.stack, decision.trace)


def retry_seconds(evidence: Mapping[str, object]) -> int:
    """Read how long to wait; whoever refuses for too much says so."""
    seconds = evidence.get("retry_after")
    return seconds if isinstance(seconds, int) and seconds > 0 else 1


def hint_of(refusal: Refusal) -> str:
    """Fill the evidence into the hint; what the evidence does not say stays a plain word."""
    return refusal.entry.hint.format_map(_Evidence(refusal.evidence))


class _Evidence(dict[str, object]):
    def __missing__(self, key: str) -> _Word:
        return _Word(key)


class _Word(str):
    """An evidence that is not there, shown as its own name, with or without `!r`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def title_of(refusal: Refusal, explain: Explain) -> str:
    """Return the one sentence that the reader may see; with *off* it is the name of the status."""
    return STATUS_TITLES[refusal.status] if explain == "off" else refusal.entry.title


def headers_of(refusal: Refusal, explain: Explain) -> dict[str, str]:
    """Write the headers that every form of this refusal carries; the code is one only where it may be seen."""
    headers = {} if explain == "off" else {REASON_HEADER: str(refusal.reason)}
    headers["Cache-Control"] = "no-store"
    if refusal.challenges:
        headers["WWW-Authenticate"] = ", ".join(refusal.challenges)
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return headers


def problem(refusal: Refusal, explain: Explain) -> dict[str, object]:
    """Write the problem document. *full* adds hint, evidence and trace; *off* leaves nothing but the status."""
    if explain == "off":
        return {"type": "about:blank", "title": title_of(refusal, explain), "status": refusal.status}
    document: dict[str, object] = {
        "type": f"urn:guardhouse:reason:{refusal.reason}",
        "title": refusal.entry.title,
        "status": refusal.status,
        "detail": refusal.entry.title,
        "code": str(refusal.reason),
    }
    if explain == "code":
        return document
    return document | {
        "detail": f"{refusal.by}: {refusal.entry.title}",
        "hint": hint_of(refusal),
        "evidence": dict(refusal.evidence),
        "stack": refusal.stack,
        "trace": [line(verdict) for verdict in refusal.trace],
    }


def line(verdict: Verdict) -> dict[str, object]:
    """Write one verdict as a line of a trace."""
    evidence = NO_EVIDENCE if not isinstance(verdict, Deny | Abstain) else verdict.evidence
    return {
        "by": verdict.by,
        "verdict": type(verdict).__name__.lower(),
        "code": str(verdict.reason),
        "says": REASONS[verdict.reason].title,
        "evidence": dict(evidence),
    }


STATUS_TITLES: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    503: "Service Unavailable",
}
