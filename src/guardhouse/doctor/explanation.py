"""What one request came to: read from the visit and the log record of the refusal, not from what a visitor is shown."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from guardhouse.core.answer import Refusal, line
from guardhouse.core.causes import Cause, cause_document, hint_of
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Allow, Caller, Client, Decision, Deny, Verdict
from guardhouse.doctor.listing import lines_of
from guardhouse.doctor.sending import Answered
from guardhouse.gate import log

Outcome: TypeAlias = Literal["allowed", "refused", "guest", "public", "undecided", "no route", "failed"]

HIDDEN = "(hidden)"

_NOT_FOUND, _NOT_ALLOWED = 404, 405

_SHOWN = (
    *(
        "content-type",
        "location",
        "www-authenticate",
        "guardhouse-reason",
        "retry-after",
        "cache-control",
        "vary",
    ),
    *("set-cookie", "access-control-allow-origin", "access-control-allow-credentials"),
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one request came to, and why."""

    outcome: Outcome
    status: int | None
    refusal: Refusal | None
    decision: Decision | None
    headers: tuple[tuple[str, str], ...]
    failure: Exception | None

    @property
    def passed(self) -> bool:
        """Whether the gate let the request through."""
        if self.failure is not None:
            return self.outcome == "allowed"
        return self.outcome in ("allowed", "guest", "public", "undecided")

    @property
    def identity(self) -> Caller | None:
        """Whom the gate believed."""
        verdict = self.decision.verdict if self.decision else None
        return verdict.identity if isinstance(verdict, Allow) and self.refusal is None else None

    @property
    def trace(self) -> Sequence[Verdict]:
        """Every verdict in its order."""
        if self.refusal is not None:
            return self.refusal.trace
        return self.decision.trace if self.decision is not None else ()

    @property
    def _stack(self) -> str | None:
        return self.decision.stack if self.decision is not None else None  # a Decision that says no is falsy

    @property
    def document(self) -> dict[str, object]:
        """Write it for programs."""
        refusal, identity = self.refusal, self.identity
        by = identity.guard if identity else None
        return {
            "outcome": self.outcome,
            "status": self.status,
            "code": str(refusal.reason) if refusal else _code(self.decision),
            "by": refusal.by if refusal else by,
            "says": refusal.entry.title if refusal else None,
            "hint": hint_of(refusal) if refusal else None,
            "evidence": dict(refusal.evidence) if refusal else {},
            "causes": cause_document(refusal.causes) if refusal else [],
            "stack": refusal.stack if refusal else self._stack,
            "trace": [line(verdict) for verdict in self.trace],
            "identity": _identity(identity),
            "headers": [{"name": name, "value": value} for name, value in self.headers],
            "failure": type(self.failure).__name__ if self.failure else None,
        }


class Records(logging.Handler):
    """Keeps the log records of refusals: each names its reason whatever the visitor is told."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.refusals: list[Mapping[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        fields = getattr(record, "guardhouse", None)
        if isinstance(fields, dict) and "code" in fields:
            self.refusals.append(cast("Mapping[str, Any]", fields))

    @contextmanager
    def kept(self) -> Generator[None]:
        """Listen, and keep the records from being written elsewhere."""
        logger = log.logger
        before = (logger.level, logger.propagate, logger.disabled)
        logger.addHandler(self)
        logger.setLevel(logging.INFO)
        logger.propagate = logger.disabled = False
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.level, logger.propagate, logger.disabled = before


def explain_answer(app: Any, answered: Answered, records: Records) -> Explanation:  # noqa: ANN401 - any application
    """Put together what the visit, the log and the answer say."""
    visits = [passage.visit(answered.scope) for passage in answered.passages]
    decisions = {name: decision for visit in visits for name, decision in visit.decisions.items()}
    refusal = _refusal(records.refusals[-1], decisions) if records.refusals else None
    decision = _deciding(decisions)
    return Explanation(
        outcome=_outcome(app, answered, refusal, decision),
        status=answered.status,
        refusal=refusal,
        decision=decision,
        headers=tuple(_shown(answered)),
        failure=answered.failure,
    )


def _refusal(record: Mapping[str, Any], decisions: Mapping[str, Decision]) -> Refusal:
    """Read the refusal, with the trace of its stack; what was refused after the stack ends the trace."""
    reason, by, stack = Reason(record["code"]), str(record["by"]), str(record["stack"])
    trace = list(decisions[stack].trace) if stack in decisions else []
    if not any(verdict.reason is reason for verdict in trace):
        trace.append(Deny(by, reason, record["evidence"]))
    causes = tuple(Cause(Reason(one["code"]), one["evidence"]) for one in record["causes"])
    return Refusal(reason, by, record["evidence"], stack, trace, causes=causes)


def _deciding(decisions: Mapping[str, Decision]) -> Decision | None:
    """Choose among several decisions the last one that let somebody in, else the last."""
    every = list(decisions.values())
    found = [decision for decision in every if decision] or every
    return found[-1] if found else None


def _outcome(app: Any, answered: Answered, refusal: Refusal | None, decision: Decision | None) -> Outcome:  # noqa: ANN401 - as above
    if refusal is not None:
        return "refused"
    if decision is not None:
        return "allowed" if decision else "guest"
    if answered.failure is not None or answered.status is None:
        return "failed"
    endpoint = answered.scope.get("endpoint")
    if answered.status == _NOT_ALLOWED or (endpoint is None and answered.status == _NOT_FOUND):
        return "no route"
    lines = [one for one in lines_of(app) if one.info.endpoint is endpoint]
    return "public" if any(one.public for one in lines) else "undecided"


def _code(decision: Decision | None) -> str | None:
    return str(decision.verdict.reason) if decision is not None else None


def _identity(caller: Caller | None) -> dict[str, object] | None:
    if caller is None:
        return None
    names = ("client_id", "issuer") if isinstance(caller, Client) else ("user_id", "provider")
    return {name: getattr(caller, name) for name in (*names, "guard", "how")}


# -- headers, without what they keep secret ---------------------------------------------------------------------


def _shown(answered: Answered) -> Iterator[tuple[str, str]]:
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in answered.headers]
    for wanted in _SHOWN:
        for name, value in headers:
            if name == wanted:
                yield name, _HIDING.get(name, str)(value)


def _cookie(line: str) -> str:
    """Keep a cookie's name and attributes."""
    pair, semicolon, attributes = line.partition(";")
    name, _, value = pair.partition("=")
    return f"{name}={HIDDEN if value else ''}{semicolon}{attributes}"


def _location(value: str) -> str:
    """Keep the address and the page that is wanted; codes and tokens travel in the other parameters."""
    parts = urlsplit(value)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [f"{name}={text.partition('?')[0] if name == 'next' else HIDDEN}" for name, text in pairs]
    address = f"{parts.scheme}://{parts.hostname}" if parts.netloc else ""
    return f"{address}{parts.path}{'?' if kept else ''}{'&'.join(kept)}"


_HIDING = {"set-cookie": _cookie, "location": _location}
