"""What the gate would say to a request, and nothing else: no endpoint runs, no dependency of the application, no write.

A request that somebody pasted was real, and may have paid for something; so it is weighed against the real store,
which is only read. What the application's own middleware would change about the request is not seen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.types import Message

from guardhouse.doctor.explanation import Explanation, Outcome
from guardhouse.doctor.listing import Line, lines_of
from guardhouse.doctor.matching import Match, match
from guardhouse.doctor.reading import reading
from guardhouse.doctor.sending import Asked, started
from guardhouse.edge.asgi import facts_of
from guardhouse.edge.form import FormReader
from guardhouse.edge.routes import Guarding
from guardhouse.gate.refused import Refused
from guardhouse.gate.visit import Visit
from guardhouse.house import Guardhouse

OPTIONAL = "optional"


async def rehearse(asgi: Any, app: Any, asked: Asked) -> Explanation:  # noqa: ANN401 - any ASGI application, and the one with routes in it
    """Start the application, weigh the request at the guards of the route that it would reach, and stop."""
    async with started(asgi):
        return await weigh(app, asked)


async def weigh(app: Any, asked: Asked) -> Explanation:  # noqa: ANN401 - as above
    """Weigh a request at an application that is started."""
    try:
        found = match(lines_of(app), asked)
    except (
        ValueError
    ):  # as Starlette's router fails at a parameter that cannot be read, such as an int of 5000 digits
        return _concluded("failed", 500)
    if not isinstance(found, Match):
        return _concluded("no route", found)
    trial = _Trial(asked, found.params)
    refused: Refused | None = None
    try:
        for guarding in found.line.info.guards:
            await trial.enter(guarding)
    except Refused as error:
        refused = error
    return trial.concluded(found.line, refused)


class _Trial:
    """One request before the guards of one route, which may be of several houses."""

    def __init__(self, asked: Asked, params: Mapping[str, object]) -> None:
        self._asked = asked
        self._params = params
        self._visits: dict[int, Visit] = {}

    async def enter(self, guarding: Guarding) -> None:
        """Ask one stack, as what stands at the route does. Raises the refusal."""
        house, visit = guarding.house, self._visit(guarding.house)
        admit = house.admit_optional if guarding.means == OPTIONAL else house.enter_user
        await admit(visit, guarding.stack)

    def _visit(self, house: Guardhouse[Any]) -> Visit:
        visit = self._visits.get(id(house))
        if visit is None:
            scope = self._asked.scope()
            form = None if scope["type"] == "websocket" else FormReader(self._receive, scope["headers"])
            visit = self._visits[id(house)] = Visit(reading(house.parts), facts_of(scope, house), form)
            visit.stand_at(self._params)
        return visit

    async def _receive(self) -> Message:
        return {"type": "http.request", "body": self._asked.body, "more_body": False}

    def concluded(self, line: Line, refused: Refused | None) -> Explanation:
        """Say what came of it."""
        decisions = [decision for visit in self._visits.values() for decision in visit.decisions.values()]
        if refused is not None:
            decision = next((one for one in decisions if one.stack == refused.refusal.stack), None)
            return Explanation("refused", refused.status_code, refused.refusal, decision, (), None)
        if not decisions:
            return _concluded("public" if line.public else "undecided")
        passed = [one for one in decisions if one]
        return Explanation("allowed" if passed else "guest", None, None, (passed or decisions)[-1], (), None)


def _concluded(outcome: Outcome, status: int | None = None) -> Explanation:
    return Explanation(outcome, status, None, None, (), None)
