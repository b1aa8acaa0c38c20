"""How a refusal is worded: the problem document of RFC 9457, as much of it as the reader may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct

from guardhouse.core.causes import Cause, cause_document, hint_of
from guardhouse.core.reasons import REASONS, Reason, ReasonEntry
from guardhouse.core.verdict import NO_EVIDENCE, Abstain, Decision, Deny, Verdict

Explain: TypeAlias = Literal["full", "code", "off"]
EXPLAIN: tuple[Explain, ...] = ("full", "code", "off")

REASON_HEADER = "Guardhouse-Reason"

URN = "urn:guardhouse:reason:"
"""What the type of a problem document begins with; `guardhouse reason` takes it as it stands."""


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
    causes: tuple[Cause, ...] = ()
    """All that must be mended, in its order; this reason is among them, unless another says why."""
    request_id: str = ""

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


FOLDED: Mapping[Reason, Reason] = {
    Reason.SESSION_UNKNOWN: Reason.SESSION_ENDED,
    Reason.SESSION_EXPIRED: Reason.SESSION_ENDED,
    Reason.SESSION_UNREADABLE: Reason.SESSION_ENDED,
}
"""What outsiders are told in place of codes that would tell whether a session was ever there."""


def public(reason: Reason, explain: Explain) -> Reason:
    """Name the reason as its reader may see it; only a developer, with *full*, is told which of the folded ones it is."""
    return reason if explain == "full" else FOLDED.get(reason, reason)


def title_of(refusal: Refusal, explain: Explain) -> str:
    """Return the one sentence that the reader may see; with *off* it is the name of the status."""
    return (
        STATUS_TITLES[refusal.status] if explain == "off" else REASONS[public(refusal.reason, explain)].title
    )


def headers_of(refusal: Refusal, explain: Explain) -> dict[str, str]:
    """Write the headers that every form of this refusal carries; the code is one only where it may be seen."""
    headers = {} if explain == "off" else {REASON_HEADER: str(public(refusal.reason, explain))}
    headers["Cache-Control"] = "no-store"
    if refusal.challenges:
        headers["WWW-Authenticate"] = ", ".join(refusal.challenges)
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return headers


def problem(refusal: Refusal, explain: Explain) -> dict[str, object]:
    """Write the problem document. *full* adds hint, evidence, trace and causes; *off* leaves nothing but the status."""
    title = title_of(refusal, explain)
    if explain == "off":
        return {"type": "about:blank", "title": title, "status": refusal.status}
    code = public(refusal.reason, explain)
    document: dict[str, object] = {
        "type": f"{URN}{code}",
        "title": title,
        "status": refusal.status,
        "detail": title,
        "code": str(code),
    }
    if explain == "code":
        return document
    causes = {"causes": cause_document(refusal.causes)} if _says_more(refusal) else {}
    return {
        **document,
        "detail": f"{refusal.by}: {title}",
        "hint": hint_of(refusal),
        "evidence": dict(refusal.evidence),
        **causes,
        "stack": refusal.stack,
        "trace": [line(verdict) for verdict in refusal.trace],
    }


def _says_more(refusal: Refusal) -> bool:
    """Whether the causes are not just this refusal again."""
    return any(cause.reason is not refusal.reason for cause in refusal.causes)


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
    410: "Gone",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    503: "Service Unavailable",
}
