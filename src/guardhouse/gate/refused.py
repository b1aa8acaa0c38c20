"""A refusal as an exception: the answer on its way out of a handler or a dependency.

It is Starlette's `HTTPException`, so that where no handler of ours is reached (a mounted sub-application, a user's
own 401 page) it degrades to a plain refusal and never to a 500. What it carries there says no more than the house may:
the code rides in a header, or with `explain="off"` nothing but the status.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException

from guardhouse.core import events
from guardhouse.core.answer import Refusal, headers_of, title_of
from guardhouse.core.stack import Stack
from guardhouse.gate.parts import Parts
from guardhouse.gate.reasoning import reasoned, route_of
from guardhouse.gate.visit import Visit


class Refused(HTTPException):
    """The gate says no. `refusal` holds the reason, the evidence and the trace; `parts` are those of its house."""

    def __init__(self, refusal: Refusal, parts: Parts | None = None) -> None:
        explain = parts.explain if parts is not None else "off"
        super().__init__(refusal.status, title_of(refusal, explain), headers=headers_of(refusal, explain))
        self.refusal = refusal
        self.parts = parts

    def __str__(self) -> str:
        return f"{self.status_code} {self.refusal.reason}"


async def refused(visit: Visit, refusal: Refusal, stack: Stack | None = None) -> Refused:
    """Find all causes, tell the listeners, and return the exception to raise. Every refusal is told of once, here."""
    refusal = await reasoned(visit, refusal, stack)
    facts = visit.facts
    method = "WEBSOCKET" if facts.websocket else facts.method
    event = events.Refused(
        code=str(refusal.reason),
        by=refusal.by,
        stack=refusal.stack,
        method=method,
        path=facts.path,
        status=refusal.status,
        evidence=refusal.evidence,
        causes=refusal.causes,
        guards=stack.names if stack is not None else (),
        route=route_of(visit),
        request_id=refusal.request_id,
        at=visit.parts.clock(),
    )
    await visit.parts.emit(event)
    return Refused(refusal, visit.parts)
