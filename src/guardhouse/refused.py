"""A refusal as an exception: the answer on its way out of a handler or a dependency.

It is Starlette's `HTTPException`, so that where no handler of ours is reached (a mounted sub-application, a user's
own 401 page) it degrades to a plain refusal and never to a 500. The code rides in a header too.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException

from guardhouse.core import events
from guardhouse.core.answer import REASON_HEADER, Refusal
from guardhouse.parts import Parts
from guardhouse.visit import Visit


class Refused(HTTPException):
    """The gate says no. `refusal` holds the reason, the evidence and the trace; `parts` are those of its house."""

    def __init__(self, refusal: Refusal, parts: Parts | None = None) -> None:
        super().__init__(refusal.status, refusal.entry.title, headers=refusal_headers(refusal))
        self.refusal = refusal
        self.parts = parts

    def __str__(self) -> str:
        return f"{self.status_code} {self.refusal.reason}"


async def refused(visit: Visit, refusal: Refusal) -> Refused:
    """Tell the listeners, and return the exception to raise. Every refusal is told of once, here."""
    facts = visit.facts
    method = "WEBSOCKET" if facts.websocket else facts.method
    await visit.parts.emit(
        events.Refused(
            str(refusal.reason),
            refusal.by,
            refusal.stack,
            method,
            facts.path,
            refusal.status,
            refusal.evidence,
        )
    )
    return Refused(refusal, visit.parts)


def refusal_headers(refusal: Refusal) -> dict[str, str]:
    """Write the headers that every form of this refusal carries."""
    headers = {REASON_HEADER: str(refusal.reason), "Cache-Control": "no-store"}
    if refusal.challenges:
        headers["WWW-Authenticate"] = ", ".join(refusal.challenges)
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return headers
