"""The desk of what a user has elsewhere: his sessions, with the devices that stay logged in, those that are trusted, and his tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from guardhouse.desks.desk import Desk
from guardhouse.flows import devices as flow
from guardhouse.flows.plan import Again, Next
from guardhouse.state.enrolment import Enrolment, Kind, alive
from guardhouse.state.remembered import public_name
from guardhouse.tokens import desks_of

__all__ = ["End", "end", "shown"]

_NOTHING = Again("session", "Say what to end: a session, a device, a token, all others or all tokens.")


class End(Struct, frozen=True):
    """What to end, one thing at a time: a session, a device or a token by its public id; all other sessions; all tokens."""

    session: str = ""
    device: str = ""
    token: str = ""
    others: bool = False
    tokens: bool = False


async def end(desk: Desk[Any], handed: End) -> Next:
    """End it, at once and everywhere. What is gone already is no matter."""
    user = await desk.inside()
    whose = desk.whose(user)
    if handed.others:
        return await desk.perform(flow.others(whose))
    if handed.tokens:
        return await desk.perform(flow.tokens(whose))
    if handed.token:
        return await desk.perform(flow.token(whose, handed.token))
    if handed.device:
        known = await _trusted(desk, user)
        found = next((one for one in known if public_name(one.name) == handed.device), None)
        return await desk.perform(flow.forgotten(found))
    if not handed.session:
        return _NOTHING
    present = any(one.current and one.id == handed.session for one in await desk.auth.devices())
    return await desk.perform(flow.session(handed.session, present=present))


async def shown(desk: Desk[Any], request: Any) -> Mapping[str, object]:  # noqa: ANN401 - a request, of which only the query is read
    """List everything, and say what was done a moment ago."""
    user = await desk.inside()
    sessions = await desk.auth.devices()
    trusted = await _trusted(desk, user)
    tokens = [one for at in desks_of(desk.kit.house, desk.kit.guard.provider) for one in await at.list(user)]
    return {
        "sessions": [
            {"id": one.id, "device": one.device, "place": one.address, "current": one.current}
            | {"remembered": one.remembered}
            | _moments(since=one.logged_in, seen=one.seen, until=one.until if one.remembered else None)
            for one in sessions
        ],
        "devices": [
            {"id": public_name(one.name), "device": one.label}
            | _moments(since=one.created, seen=one.used, until=one.ends)
            for one in trusted
        ],
        "tokens": [
            {"id": one.id, "name": one.name, "abilities": list(one.abilities)}
            | _moments(since=one.created, seen=one.used, until=one.expires)
            for one in tokens
        ],
        "now": _moment(desk.now),
        "what": request.query_params.get("what", ""),
    }


async def _trusted(desk: Desk[Any], user: Any) -> Sequence[Enrolment]:  # noqa: ANN401 - the application's own user
    if desk.kit.enrolments is None:
        return ()
    found = await desk.kit.enrolments.enrolled(desk.owner_of(user), Kind.TRUSTED)
    return [one for one in found if alive(one, desk.now)]


def _moments(**moments: float | None) -> dict[str, object]:
    return {name: _moment(moment) for name, moment in moments.items()}


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
