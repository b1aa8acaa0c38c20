"""What the reference application keeps and whom it believes; the bugs of sessions are seeded here."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from tests.attack import reference_rules as rules

IDLE, ABSOLUTE = 3600.0, 6 * 3600.0
PASSWORDS = {"ada@example.com": "the password of ada", "grace@example.com": "the password of grace"}
CHALLENGE = {"WWW-Authenticate": 'Cookie realm="reference", Bearer realm="reference"'}


@dataclass(slots=True)
class Session:
    """Who is logged in, since when, and when he was last seen."""

    user: str
    created: float
    seen: float


class RefusedError(Exception):
    """A no on its way out."""

    def __init__(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.headers = status, code, dict(headers or {})


@dataclass(slots=True)
class World:
    """Everything that the application keeps."""

    own: str
    trusted: str
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    bug: str = ""
    offset: float = 0.0
    fault: str = "none"
    reads: int = 0
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    passwords: dict[str, str] = field(default_factory=PASSWORDS.copy)
    done: dict[str, int] = field(default_factory=dict[str, int])
    tries: dict[str, int] = field(default_factory=dict[str, int])
    disabled: set[str] = field(default_factory=set[str])
    old_hashes: set[str] = field(default_factory=set[str])
    letters: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    changes: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """By the token of a letter: whose address shall be which."""
    asked_last: dict[str, str] = field(default_factory=dict[str, str])

    def now(self) -> float:
        """Return the moved time."""
        return time.time() + self.offset

    def refuse(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> RefusedError:
        """Make a refusal, and write it down."""
        if not (self.bug == "a refusal is not logged" and code.startswith("csrf")):
            print(json.dumps({"event": "refused", "code": code}), file=sys.stderr, flush=True)
        return RefusedError(status, code, headers)

    async def touch_store(self, *, writing: bool = False) -> None:
        """Ask the store, as far as it works."""
        self.reads += not writing
        if self.bug == "the store is read twice":
            self.reads += 1
        if self.fault == "slow":
            await asyncio.sleep(0.2)
        if self.fault == "down" or (writing and self.fault == "full"):
            raise self.refuse(503, "store_unavailable", {"Retry-After": "5"})

    async def user(self, request: Request, *, keep_alive: bool = True) -> str:
        """Return who calls, or refuse."""
        headers = request.scope["headers"]
        explicit = rules.values(headers, "authorization")
        if explicit and self.bug != "a session id is believed as a bearer":
            named = rules.bearer(explicit[0], self.bug)
            if named in self.passwords:
                return named
            if self.bug != "a forged bearer falls through to the cookie":
                raise self.refuse(401, "bearer_invalid", CHALLENGE)
        claimed = rules.values(headers, "x-forwarded-user") or rules.values(
            headers, "x-middleware-subrequest"
        )
        if claimed and self.bug == "a header says who calls":
            return "ada@example.com"
        session = rules.session_id(headers, request.query_params, self.bug)
        if session is None:
            raise self.refuse(401, "session_duplicate", CHALLENGE)
        found = await self.load(session)
        if found is None:
            headers = {} if self.bug == "a 401 has no challenge" else CHALLENGE
            raise self.refuse(401, "no_session", headers)
        if keep_alive:
            found.seen = self.now()
        return found.user

    async def load(self, session: str) -> Session | None:
        """Find a live session; what is over is deleted, so that no clock brings it back."""
        if not session:
            return None
        await self.touch_store()
        if self.fault == "corrupt":
            if self.bug == "a broken record breaks the application":
                raise ValueError("unreadable")
            self.refuse(401, "session_unreadable")
            return None
        found = self.sessions.get(session)
        if found is None or (found.user not in self.passwords and self.bug != "a user who is gone stays in"):
            return None
        idle = self.bug == "the idle deadline is ignored" or self.now() - found.seen < IDLE
        absolute = self.bug == "the absolute deadline is ignored" or self.now() - found.created < ABSOLUTE
        if idle and absolute:
            return found
        if self.bug != "an expired session is kept":
            self.sessions.pop(session)
        return None
