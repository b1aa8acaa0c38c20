"""Every route against every visitor: who is let in, decided by the stacks themselves, without running an endpoint.

The real checks decide, over a session in a store made for the question and with stand-ins where a look-up would need a
credential. Steps are not run; those that may refuse afterwards are named as conditions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from starlette.routing import PARAM_REGEX

from guardhouse.core.events import Event
from guardhouse.core.facts import SAFE_METHODS, WEBSOCKET, Facts
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.doctor.listing import Line, lines_of, means_of
from guardhouse.doctor.visitors import (
    NAVIGATION,
    SESSION_ID,
    VISITORS,
    Visitor,
    headers_of,
    own_origin,
    session_of,
    standing_in,
)
from guardhouse.edge.answers import answer
from guardhouse.gate.parts import Parts
from guardhouse.gate.visit import Visit
from guardhouse.state.crumbs import key_of
from guardhouse.stores.memory import MemoryStore

_SEE_OTHER = 303
_ALL = "any"
_SAMPLES = {"int": "1", "float": "1.0", "uuid": "00000000-0000-0000-0000-000000000000"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one visitor at one route; `allowed` under conditions is what steps have yet to say."""

    allowed: bool
    says: str
    conditions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.says} if {', '.join(self.conditions)}" if self.conditions else self.says


@dataclass(frozen=True, slots=True)
class Row:
    """One route with one method, and what becomes of each visitor."""

    method: str
    path: str
    where: str
    outcomes: Mapping[Visitor, Outcome]

    @property
    def name(self) -> str:
        """Write it as a line of a listing."""
        return f"{self.method} {self.path}"


Matrix: TypeAlias = Sequence[Row]

OPEN, PUBLIC, GUEST = Outcome(True, "open"), Outcome(True, "public"), Outcome(True, "guest")  # noqa: FBT003 - the first word of an outcome


async def matrix_of(app: Any, house: Any) -> list[Row]:  # noqa: ANN401 - any application, a house of any users
    """Ask every route of an application in the name of every visitor."""
    rows: list[Row] = []
    for line in lines_of(app):
        for method in methods_of(line):
            outcomes: dict[Visitor, Outcome] = {
                visitor: await _outcome(_Question(line, method, visitor, house)) for visitor in VISITORS
            }
            rows.append(Row(method, line.info.path, line.info.where, outcomes))
    return sorted(rows, key=lambda row: (row.path, row.method))


def methods_of(line: Line) -> tuple[str, ...]:
    """Name the methods; where any is taken, one that changes nothing and one that does stand for all."""
    return ("GET", "POST") if line.methods == (_ALL,) else line.methods


def sample_path(path: str) -> str:
    """Fill the parameters of a path in."""
    return PARAM_REGEX.sub(lambda found: _SAMPLES.get((found[2] or "").removeprefix(":"), "1"), path)


@dataclass(frozen=True, slots=True)
class _Question:
    """One visitor at one route with one method."""

    line: Line
    method: str
    visitor: Visitor
    house: Any

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """The stacks of this house that the route asks."""
        return tuple(one.stack for one in self.line.info.guards if one.house is self.house)


async def _outcome(question: _Question) -> Outcome:
    guards = question.line.info.guards
    if question.line.undecided:
        return OPEN
    if not guards:
        return PUBLIC
    conditions: list[str] = []
    believed = False
    for guarding in guards:
        if guarding.house is not question.house:
            return Outcome(allowed=False, says="another house decides")
        refused = await _refused(question, guarding.stack)
        if refused is None:
            believed = True
            conditions += _conditions(guarding.stack)
        elif not (means_of(guarding) == "optional" and refused.says.startswith("401")):
            return refused
    return Outcome(True, "allowed", tuple(dict.fromkeys(conditions))) if believed else GUEST  # noqa: FBT003 - as above


async def _refused(question: _Question, stack: Stack) -> Outcome | None:
    """Ask one stack; None lets the visitor in."""
    house, facts = question.house, _facts(question)
    decision = await Visit(await _parts(question), facts).decide(standing_in(stack, question.visitor))
    if stack.guests:
        csrf = decision.verdict.reason.startswith("csrf_")
        if not csrf:
            return Outcome(allowed=False, says=f"403 {Reason.GUESTS_ONLY}") if decision else None
    if decision:
        return None
    refusal = house.refusal(decision)
    said = answer(refusal, facts, house) if facts.navigation else None
    if said is not None and said.status_code == _SEE_OTHER:
        return Outcome(allowed=False, says=f"to {said.headers['location'].partition('?')[0]}")
    return Outcome(allowed=False, says=f"{refusal.status} {refusal.reason}")


async def _parts(question: _Question) -> Parts:
    """Take the parts of the house, with a store that holds this visitor's session and nothing else."""
    store, house = MemoryStore(), question.house
    parts: Parts = replace(house.parts, store=store, emit=_unheard, heard=())
    record = session_of(question.visitor, question.stacks, house, parts.clock())
    await store.create(key_of(SESSION_ID.encode("ascii")), record)
    return parts


async def _unheard(event: Event) -> None:
    """Tell nobody of an event that did not happen."""


def _facts(question: _Question) -> Facts:
    """Write the request; people open a page that answers people, everything else is asked by a script."""
    own = own_origin(question.house)
    scheme, _, host = own.decode("ascii").partition("://")
    websocket, safe = question.method == WEBSOCKET, question.method in SAFE_METHODS
    cookie = question.house.parts.cookie.session
    headers = (*headers_of(question.visitor, cookie, own), (b"host", host.encode("ascii")))
    people = any(guarding.stack.answers == "page" for guarding in question.line.info.guards)
    if people and safe and question.visitor != "token":
        headers += NAVIGATION
    method = "GET" if websocket else question.method
    path = sample_path(question.line.info.path)
    return Facts(method, path, headers, scheme, "192.0.2.1", websocket=websocket)


def _conditions(stack: Stack) -> list[str]:
    """Name the steps that may still refuse whoever was let in; a throttle refuses nobody in particular."""
    return [step.name for step in (*stack.before, *stack.after) if not step.name.startswith("throttle")]
