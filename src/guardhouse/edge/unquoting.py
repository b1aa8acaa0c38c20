"""A request whose cookies would take long to unquote is refused before anything of the application reads them.

FastAPI unquotes all of them by `http.cookies` before any guard is asked; on Starlette the application says when. Before Python 3.11.10 and 3.12.6 that takes a time
that grows with the square of the backslashes (CVE-2024-7592): 60 KB of them hold a worker for four seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

from guardhouse.core.answer import Refusal
from guardhouse.core.reasons import Reason
from guardhouse.edge.answers import Closing, answer
from guardhouse.gate.refused import refused

if TYPE_CHECKING:
    from guardhouse.core.facts import Header
    from guardhouse.edge.asgi import Passage
    from guardhouse.gate.visit import Visit

__all__ = ["MOST_BACKSLASHES", "backslashes", "turned_away"]

MOST_BACKSLASHES = 1000
"""No cookie has any (RFC 6265 4.1.1), but those that `http.cookies` has quoted itself; so many are unquoted in 5 ms at most."""


def backslashes(headers: Sequence[Header]) -> int:
    """Count them in all Cookie lines."""
    count = 0
    for name, value in headers:
        if name == b"cookie" and b"\\" in value:
            count += value.count(b"\\")
    return count


async def turned_away(passage: Passage, visit: Visit) -> Response:
    """Tell of the refusal, and write the answer."""
    evidence = {"backslashes": backslashes(visit.facts.headers), "most": MOST_BACKSLASHES}
    refusal = (await refused(visit, Refusal(Reason.COOKIE_COSTLY, "cookies", evidence))).refusal
    if passage.deniable:
        return answer(refusal, visit.facts, passage.house)
    return Closing(refusal, passage.house.explain)
