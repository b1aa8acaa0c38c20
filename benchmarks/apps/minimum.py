"""What cannot be saved, written by hand for this one application: cookie, digest, look-up, decoding, two deadlines.

It has no CSRF check beyond one header, no reasons, no renewal, no sweeping, no way to be wrong politely. It is here to
show how far a library can be pressed on the machine that measures.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NEEDLE = b"session="
MARKS = [(b"vary", b"Cookie"), (b"cache-control", b"no-store")]

Load = Callable[[bytes], bytes | None]
Keep = Callable[[bytes, bytes], object]


class Session(msgspec.Struct, array_like=True):
    """Who is logged in, and until when."""

    user_id: str
    seen: float
    idle: float
    ends: float


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Session).decode


class Marking:
    """Marks every answer as one visitor's own, once somebody was looked up."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:  # noqa: ANN401 - an awaitable
        """Hand on the inner coroutine."""
        return self.app(scope, receive, partial(_send, scope, send))


def _send(scope: Scope, send: Send, message: Message) -> Any:  # noqa: ANN401 - an awaitable
    if "visitor" in scope and message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *MARKS]
    return send(message)


def application(load: Load, keep: Keep) -> Starlette:
    """Build the application over two functions that stand for a store."""

    def visitor(scope: Scope) -> int | None:
        scope["visitor"] = True
        line = b""
        for name, value in scope["headers"]:
            if name == b"cookie":
                line = value
        at = line.find(NEEDLE)
        body = load(sha256(line[at + len(NEEDLE) :].partition(b";")[0]).digest()) if at >= 0 else None
        if body is None:
            return None
        session, now = decode(body), time.time()
        return int(session.user_id) if now < session.ends and now < session.seen + session.idle else None

    async def me(request: Request) -> Response:
        if (
            request.method == "POST"
            and dict(request.scope["headers"]).get(b"sec-fetch-site") != b"same-origin"
        ):
            return Response(status_code=403)
        found = visitor(request.scope)
        return Response(status_code=401) if found is None else JSONResponse({"id": found})

    async def answer(_: Request) -> Response:
        return JSONResponse({"id": 42})

    async def login(_: Request) -> Response:
        session_id, now = token_urlsafe(32), time.time()
        keep(sha256(session_id.encode()).digest(), encode(Session("42", now, 7200.0, now + 86400.0)))
        return JSONResponse({}, headers={"set-cookie": f"session={session_id}"})

    routes = [
        Route("/me", me),
        Route("/do", me, methods=["POST"]),
        Route("/open", answer),
        Route("/login", login, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Marking)])


def in_memory() -> Starlette:
    """Keep sessions in a dict."""
    store: dict[bytes, bytes] = {}
    return application(store.get, store.__setitem__)


def in_sqlite(path: str) -> Starlette:
    """Keep sessions in an SQLite file, read on the thread of the event loop."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE sessions (key BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")

    def load(key: bytes) -> bytes | None:
        row = connection.execute("SELECT body FROM sessions WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def keep(key: bytes, body: bytes) -> None:
        connection.execute("INSERT INTO sessions VALUES (?, ?)", (key, body))

    return application(load, keep)
