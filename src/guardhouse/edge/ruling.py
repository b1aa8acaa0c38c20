"""Rules asked about whoever sends a connection: the house knows who that is, and words the refusal."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from guardhouse.core.rule import Answer, Denied, Granted, denial
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Allow, Client, Decision, Deny
from guardhouse.edge.asgi import passage_in, visit_of
from guardhouse.gate.visit import Visit
from guardhouse.house import Guardhouse


async def inspect(
    house: Guardhouse[Any],
    connection: HTTPConnection,
    ability: object,
    *about: Any,  # noqa: ANN401 - any things
) -> Answer:
    """Ask a rule about the user whom this connection's guard let in, or else about whom the default guard believes."""
    user = await _asker(house, visit_of(connection, house), _stack_of(house, connection))
    return await house.rules.inspect(user, ability, *about)


async def can(
    house: Guardhouse[Any],
    connection: HTTPConnection,
    ability: object,
    *about: Any,  # noqa: ANN401 - any things
) -> bool:
    """Whether whoever sends this connection may."""
    return bool(await inspect(house, connection, ability, *about))


async def authorize(
    house: Guardhouse[Any],
    connection: HTTPConnection,
    ability: object,
    *about: Any,  # noqa: ANN401 - any things
) -> Granted:
    """Ask as `inspect` does, and raise the refusal for a no, after telling the listeners.

    It is 403, or 404 where the rule hides the thing; somebody who is nobody is asked to log in instead (401).
    """
    visit, stack = visit_of(connection, house), _stack_of(house, connection)
    user = await _asker(house, visit, stack)
    answer = await house.rules.inspect(user, ability, *about)
    if isinstance(answer, Denied):
        raise await refused(house, visit, stack, answer, nobody=user is None)
    return answer


async def refused(
    house: Guardhouse[Any], visit: Visit, stack: Stack, denied: Denied, *, nobody: bool
) -> HTTPException:
    """Tell the listeners of a rule's no, and return the exception to raise."""
    deny, decision = denial(denied), await visit.decide(stack)
    trace = (*decision.trace, deny)
    if nobody and not denied.hidden:
        # Who is somebody may be allowed to: the answer is how to become it, and the trace says what the rule said.
        if isinstance(decision.verdict, Deny):
            return await house.refused(visit, Decision(stack.name, decision.verdict, trace))
        await house.admit_user(visit, stack)  # raises for a login that has lost its user
    return await house.refused(visit, Decision(stack.name, deny, trace))


def _stack_of(house: Guardhouse[Any], connection: HTTPConnection) -> Stack:
    return passage_in(connection.scope, house).by or house.stack()


async def _asker(house: Guardhouse[Any], visit: Visit, stack: Stack) -> Any:  # noqa: ANN401 - a user, a client or nobody
    """Find who asks. What is bad, rather than missing, is refused, and so is a program that nobody welcomes."""
    decision = await visit.decide(stack)
    allowed = decision.verdict
    if isinstance(allowed, Allow) and isinstance(allowed.identity, Client):
        return allowed.identity
    return await house.admit_optional(visit, stack)
