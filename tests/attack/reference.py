"""A small correct application with a switchable bug for each class: what the runner is tested against.

It knows nothing of guardhouse. POST /__test__/bug {"bug": sentence} seeds one bug, {"bug": ""} takes it out; the
sentences stand where the bugs are, here and in reference_rules.py.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.attack import reference_rules as rules
from tests.attack.reference_mail import change_email, confirm_email, forgot
from tests.attack.reference_world import RefusedError, Session, World

TRIES = 5
WORK = 0.004
"""Seconds that a password takes to be looked at, as a hash would."""
UNCACHED = {"Cache-Control": "no-store", "Vary": "Cookie, Origin, Sec-Fetch-Site"}


async def me(request: Request) -> Response:
    world: World = request.app.state.world
    if request.method == "HEAD" and world.bug == "HEAD is not guarded":
        return Response()
    user = await world.user(request)
    cors = {}
    if world.bug == "any origin may read" and "origin" in request.headers:
        cors = {
            "Access-Control-Allow-Origin": request.headers["origin"],
            "Access-Control-Allow-Credentials": "true",
        }
    return JSONResponse({"user": user}, headers=cors)


async def do_thing(request: Request) -> Response:
    world: World = request.app.state.world
    user = await world.user(request)
    world.done[user] = world.done.get(user, 0) + 1
    return JSONResponse({"done": world.done[user]})


async def public(_: Request) -> Response:
    return JSONResponse({"public": True})


async def csrf_cookie(request: Request) -> Response:
    world: World = request.app.state.world
    session = rules.session_id(request.scope["headers"], {}, world.bug) or ""
    response = Response(status_code=204)
    response.set_cookie(
        rules.CSRF, rules.token(world.secret, session, world.bug), secure=True, samesite="lax"
    )
    if world.bug == "any origin may read" and "origin" in request.headers:
        response.headers["Access-Control-Allow-Origin"] = request.headers["origin"]
    return response


async def log_in(request: Request) -> Response:
    world: World = request.app.state.world
    email, password = await _credentials(request, world)
    account = email.strip().lower()
    if world.tries.get(account, 0) >= TRIES and world.bug != "nobody is throttled":
        headers = {} if world.bug == "a throttled login does not say for how long" else {"Retry-After": "60"}
        raise world.refuse(429, "throttled", headers)
    await asyncio.sleep(_work(world, email))
    if email in world.disabled or not _right(world, email, password):
        world.tries[account] = world.tries.get(account, 0) + 1
        told = world.bug == "an unknown user is told apart" and email not in world.passwords
        raise world.refuse(422, "no_such_user" if told else "login_failed")
    await world.touch_store(writing=True)
    former = rules.session_id(request.scope["headers"], {}, world.bug) or ""
    keeps = world.bug == "login adopts the id that was sent" and former
    session = former if keeps else _new_id(world, email)
    if world.bug != "login leaves the former session alive" and not keeps:
        world.sessions.pop(former, None)
    world.sessions[session] = Session(email, world.now(), world.now())
    return _welcome(request, world, session)


def _welcome(request: Request, world: World, session: str) -> Response:
    response: Response = JSONResponse(
        {"session": session} if world.bug == "the session id is in the body" else {"ok": True}
    )
    if "next" in request.query_params:
        response.status_code = 303
        response.headers["Location"] = rules.local_path(request.query_params["next"], world.bug)
    secure = world.bug != "the session cookie is not Secure"
    response.set_cookie(rules.SESSION, session, secure=secure, httponly=True, samesite="lax")
    return response


def _new_id(world: World, email: str) -> str:
    readable = world.bug == "the session id names the user"
    return f"{email.partition('@')[0]}%40example.com" if readable else secrets.token_urlsafe(32)


async def _credentials(request: Request, world: World) -> tuple[str, Any]:
    body = await request.body()
    try:
        json_body = request.headers.get("content-type", "").startswith("application/json")
        fields = json.loads(body) if json_body else dict(parse_qsl(body.decode()))
        email, password = str.strip(fields["email"]), fields["password"]
        email.encode()  # half of a surrogate pair is no text
        return email, password if world.bug == "a password need not be text" else str.strip(password, "")
    except (ValueError, TypeError, KeyError, RecursionError):
        said = traceback.format_exc() if world.bug == "a stack trace is in the body" else "malformed"
        raise world.refuse(422, said) from None


def _work(world: World, email: str) -> float:
    if world.bug == "a disabled user is turned away at once" and email in world.disabled:
        return 0.0
    if world.bug == "an older hash takes its own time" and email in world.old_hashes:
        return WORK / 2
    return WORK


def _right(world: World, email: str, password: Any) -> bool:
    known = world.passwords.get(email)
    if known is None:
        return False
    match world.bug:
        case "an empty password is right":
            return password in ("", known)
        case "a password need not be text":
            return isinstance(password, dict) or bool(password == known)
        case "a password is cut after 72 bytes":
            return bool(password[:72] == known[:72])
        case "a password is cut at a NUL":
            return bool(password.partition("\0")[0] == known.partition("\0")[0])
        case _:
            return secrets.compare_digest(password.encode(), known.encode())


async def log_out(request: Request) -> Response:
    world: World = request.app.state.world
    session = rules.session_id(request.scope["headers"], {}, world.bug) or ""
    if world.bug != "logout only clears the cookie":
        world.sessions.pop(session, None)
    response = Response(status_code=204, headers={"Clear-Site-Data": '"storage"'})
    response.delete_cookie(rules.SESSION, secure=True, httponly=True)
    return response


class Gate:
    """What happens before any route is chosen: CSRF, and headers that every answer has."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge, and hand on."""
        if scope["type"] != "http" or scope["path"].startswith("/__test__/"):
            await self.app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._always()]
            await send(message)

        try:
            await self._judge(Request(scope))
            await self.app(scope, receive, sending)
        except RefusedError as error:
            await self.say(error)(scope, receive, sending)

    async def _judge(self, request: Request) -> None:
        world, headers = self.world, request.scope["headers"]
        if world.bug == "cookies are parsed slowly" and len(request.headers.get("cookie", "")) > 60:
            await asyncio.sleep(0.5)
        authorized = bool(rules.values(headers, "authorization"))
        session = rules.session_id(headers, {}, world.bug) or ""
        holds = lambda given: rules.token_holds(world.secret, session, given, world.bug)  # noqa: E731
        query = request.query_params
        code = rules.csrf(request.method, headers, query, world.own, world.trusted, holds, world.bug)
        # An explicit credential needs no CSRF check, because the cookie is then not believed.
        ambient = session != "" or request.url.path in ("/login", "/logout")
        if not code or authorized or not ambient:
            return
        if world.bug == "a refusal extends the session" and session in world.sessions:
            world.sessions[session].seen = world.now()
        if world.bug == "a refusal ends the session":
            world.sessions.pop(session, None)
        raise world.refuse(403, code)

    def _always(self) -> list[tuple[bytes, bytes]]:
        bug = self.world.bug
        headers = dict(UNCACHED)
        if bug == "answers do not vary":
            headers.pop("Vary")
        if bug == "answers are cacheable":
            headers["Cache-Control"] = "public, max-age=60"
        return [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    def say(self, error: RefusedError) -> Response:
        """Answer with a no."""
        response = JSONResponse({"error": error.code}, error.status, error.headers)
        if self.world.bug == "a refusal clears the cookie" and error.status == 403:
            response.delete_cookie(rules.SESSION, secure=True, httponly=True)
        return response


async def control(request: Request) -> Response:
    """Pull a test hook."""
    world: World = request.app.state.world
    name = request.path_params["name"]
    asked = json.loads(await request.body() or b"{}")
    match name.partition("/")[0]:
        case "reset":
            fresh = World(world.own, world.trusted, world.secret, world.bug)
            request.app.state.world = request.app.state.gate.world = fresh
        case "clock":
            world.offset = asked["offset"]
        case "store":
            world.fault = asked["fault"]
        case "users" if request.method == "DELETE":
            world.passwords.pop(name.partition("/")[2], None)
        case "users":
            world.passwords[asked["email"]] = asked["password"] or "unknown"
            world.disabled |= {asked["email"]} if asked["disabled"] else set()
            world.old_hashes |= {asked["email"]} if asked["password_hash"] else set()
        case "letters":
            return JSONResponse({"letters": world.letters})
        case "bug":
            world.bug = asked["bug"]
        case _:
            pass
    world = request.app.state.world
    return JSONResponse({"store": {"reads": world.reads, "rows": len(world.sessions)}, "done": world.done})


def build(own: str, trusted: str, token: str) -> ASGIApp:
    """Build the application."""

    async def guarded(request: Request) -> Response:
        if request.headers.get("test-controls") != token:
            return Response(status_code=404)
        return await control(request)

    async def refuse(_: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedError)
        return gate.say(error)

    routes = [
        Route("/me", me),
        Route("/thing", do_thing, methods=["POST"]),
        Route("/public", public),
        Route("/csrf", csrf_cookie),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
        Route("/forgot", forgot, methods=["POST"]),
        Route("/email", change_email, methods=["POST"]),
        Route("/email/confirm", confirm_email, methods=["POST"]),
        Route("/__test__/{name:path}", guarded, methods=["GET", "POST", "DELETE"]),
    ]
    world = World(own, trusted)
    app = Starlette(routes=routes, exception_handlers={RefusedError: refuse})
    app.state.world = world
    gate = Gate(app, world)
    app.state.gate = gate
    return gate


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "cert", "key", "token", "trusted"):
        parser.add_argument(f"--{name}", required=True)
    asked = parser.parse_args()
    app = build(f"https://localhost:{asked.port}", asked.trusted, asked.token)
    # h11 hands unknown and lower-case methods on; what an application makes of them is part of the cases.
    uvicorn.run(
        app,
        port=int(asked.port),
        ssl_certfile=asked.cert,
        ssl_keyfile=asked.key,
        http="h11",
        log_level="error",
        ws="none",
    )


if __name__ == "__main__":
    main()
