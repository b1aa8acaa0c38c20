"""What the reference application mails: links to a new password, and to another address; their bugs are seeded here."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.attack.reference_world import World

__all__ = ["change_email", "confirm_email", "forgot"]


async def forgot(request: Request) -> Response:
    """Mail a link to a new password, and answer everybody alike."""
    world: World = request.app.state.world
    asked = json.loads(await request.body()).get("email")
    for address in _meant(world, asked):
        _mail(world, address, "reset")
    return JSONResponse({"ok": True})


def _meant(world: World, asked: object) -> Iterable[str]:
    """One stored address, if it is that; a list is none, whatever stands in it."""
    if world.bug != "a reset is mailed to every address that is named":
        return [asked] if isinstance(asked, str) and asked in world.passwords else []
    named = asked if isinstance(asked, list) else str(asked).split(",")
    return named if any(one in world.passwords for one in named) else []


async def change_email(request: Request) -> Response:
    """Mail a link to the address that shall count."""
    world: World = request.app.state.world
    user = await world.user(request)
    address = json.loads(await request.body())["email"]
    token = _mail(world, address, "confirm")
    world.changes[token] = user, address
    world.asked_last[user] = address
    return JSONResponse({"ok": True})


async def confirm_email(request: Request) -> Response:
    """Let the address count that the link went to; of two changes the first one wins."""
    world: World = request.app.state.world
    user, address = world.changes.pop(json.loads(await request.body())["token"], ("", ""))
    if world.bug == "the address that was asked for last is confirmed":
        address = world.asked_last.get(user, "")
    if user not in world.passwords:
        raise world.refuse(422, "link_spent")
    world.passwords[address] = world.passwords.pop(user)
    for session in world.sessions.values():
        session.user = address if session.user == user else session.user
    return JSONResponse({"ok": True})


def _mail(world: World, address: str, page: str) -> str:
    token = secrets.token_urlsafe(16)
    if world.bug != "no letter is sent":
        world.letters.append({"to": address, "link": f"{world.own}/{page}?token={token}"})
    return token
