"""Test hooks: move the clock, stop the store, let users come and go, and read what can be counted. Never in public.

Offered under `/__test__/` only when the demo was started with `--test-controls TOKEN`, and only to requests that name
the token in the header `Test-Controls`; everybody else gets the 404 of a path that is not there. One page is for anybody:
it says whether a key is in his session.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from guardhouse.demo.books import PEOPLE, Books
from guardhouse.demo.controlled import Clock, ControlledStore, Fault
from guardhouse.demo.controlled_cookies import ControlledCookies
from guardhouse.demo.issuer import Issuing
from guardhouse.demo.people import People
from guardhouse.demo.token import NAME
from guardhouse.fastapi import Guardhouse
from guardhouse.limits import Limits
from guardhouse.mail.memory import MemoryMailer
from guardhouse.users.memory import User
from guardhouse.users.passwords import Passwords

HEADER = "Test-Controls"


class Moved(msgspec.Struct, forbid_unknown_fields=True):
    """How far the clock is moved, in seconds."""

    offset: float


class Faulty(msgspec.Struct, forbid_unknown_fields=True):
    """What the store suffers from; `seconds` is how slow *slow* is."""

    fault: Fault = "none"
    seconds: float = 2.0


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """A user to add; `password_hash` instead of `password` for one who comes from elsewhere."""

    email: str
    password: str | None = None
    password_hash: str | None = None
    disabled: bool = False


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """A password to change, past every session."""

    email: str
    password: str


class Unsigned(msgspec.Struct, forbid_unknown_fields=True):
    """The first two parts of a token."""

    message: str


class NewKeys(msgspec.Struct, forbid_unknown_fields=True):
    """Whether what the old keys have signed is believed after the next start."""

    keep_old: bool


class Revoked(msgspec.Struct, forbid_unknown_fields=True):
    """A claim, and the value whose tokens are taken back."""

    claim: str
    value: str


@dataclass(slots=True)
class Controls:
    """What the hooks act on."""

    store: ControlledStore | ControlledCookies
    clock: Clock
    users: People
    books: Books
    limits: Limits
    issuing: Issuing
    passwords: Passwords
    mailer: MemoryMailer
    made: list[str] = field(default_factory=list[str])
    at_start: Mapping[str, User] = field(init=False)

    def __post_init__(self) -> None:
        self.at_start = {user.id: user for user in self.users.everybody()}

    async def reset(self) -> dict[str, Any]:
        """Begin anew: no sessions, faults, counts, tries and letters, the clock right and the users as at the start."""
        self.clock.offset = 0.0
        await self.store.empty()
        await self.limits.forget()
        await self._forget_tokens()
        for user_id in (*(key for key, _, _ in PEOPLE), *self.made):
            await self.store.enrolments.withdraw_all(f"users:{user_id}")
        self.issuing.forget()
        self.books.forget_done()
        self.mailer.clear()
        self._bring_back()
        self.made.clear()
        return await self.state()

    async def state(self) -> dict[str, Any]:
        """Say what can be counted."""
        store = {"reads": self.store.reads, "writes": self.store.writes, "rows": len(self.store.rows)}
        return {
            "store": store,
            "done": self.books.all_done(),
            "users": len(self.users.everybody()),
            "clock": self.clock.offset,
            "fault": self.store.fault,
        }

    async def move_clock(self, asked: Moved) -> dict[str, Any]:
        """Move the clock of house and throttle."""
        self.clock.offset = asked.offset
        return await self.state()

    async def break_store(self, asked: Faulty) -> dict[str, Any]:
        """Let the store fail, or work again."""
        self.store.fault, self.store.seconds = asked.fault, asked.seconds
        return await self.state()

    async def letters(self) -> dict[str, Any]:
        """Show what was sent, oldest first: what a mail server would have been handed."""
        shown = (
            {"kind": str(letter.kind), "to": letter.to, "link": str(letter.values.get("link", ""))}
            for letter in self.mailer.letters
        )
        return {"letters": [*shown]}

    async def add_user(self, asked: NewUser) -> dict[str, Any]:
        """Let a user come, or one who is let in nowhere."""
        user_id = f"test-{len(self.made) + 1}"
        stored = asked.password_hash
        if asked.password is not None:
            stored = await self.passwords.hash(asked.password)
        user = User(id=user_id, email=asked.email, password_hash=stored, disabled=asked.disabled)
        self.users.add(user)
        self.made.append(user_id)
        return {"id": user_id}

    async def delete_user(self, user_id: str) -> dict[str, Any]:
        """Take a user away while his sessions live; `reset` brings him back."""
        user = await self.users.by_id(user_id)
        if user is None:
            raise LookupError(user_id)
        self.users.remove(user_id)
        if user_id in self.made:
            self.made.remove(user_id)
        return {"deleted": user_id}

    async def change_password(self, asked: NewPassword) -> dict[str, Any]:
        """Change a password as another device would; `reset` changes it back."""
        user = await self.users.by_credentials({"email": asked.email})
        if user is None:
            raise LookupError(asked.email)
        self.users.replace(replace(user, password_hash=await self.passwords.hash(asked.password)))
        self.issuing.changed[user.id] = self.clock()
        return {"id": user.id, "now": self.clock()}

    async def sign(self, asked: Unsigned) -> dict[str, Any]:
        """Sign what a test has written, as only the issuer of this demo can."""
        signature = urlsafe_b64encode(self.issuing.key.sign(asked.message.encode())).rstrip(b"=")
        return {
            "alg": self.issuing.key.algorithm,
            "kid": self.issuing.key.kid,
            "signature": signature.decode(),
        }

    async def renew_keys(self, asked: NewKeys) -> dict[str, Any]:
        """Write a new secret down, which counts from the next start on."""
        if not self.books.outlives:
            raise ValueError("the keys of this demo lie in memory, and no restart finds them")
        self.books.renew_secret(keep_old=asked.keep_old)
        return await self.state()

    async def revoke(self, asked: Revoked) -> dict[str, Any]:
        """Take back every signed token with that claim."""
        self.issuing.revoked.add((asked.claim, asked.value))
        return {"revoked": asked.value}

    async def _forget_tokens(self) -> None:
        for user_id in (*(key for key, _, _ in PEOPLE), *self.made):
            for record in await self.store.tokens.tokens_of(f"users:{user_id}"):
                if record.name != NAME:
                    await self.store.tokens.revoke_token(record.owner, record.id)

    def _bring_back(self) -> None:
        """Let those be there who were at the start, as they were: on the ways in people come, too, and change."""
        now = {user.id: user for user in self.users.everybody()}
        for user_id in now.keys() - self.at_start.keys():
            self.users.remove(user_id)
        for user in self.at_start.values():
            if user.id not in now:
                self.users.add(user)
            elif now[user.id] != user:
                self.users.replace(user)


def add_controls(app: FastAPI, controls: Controls, token: str, house: Guardhouse[Any]) -> None:
    """Put the hooks into the application."""
    hooks: dict[tuple[str, str], Callable[[Request], Awaitable[dict[str, Any]]]] = {
        ("GET", "state"): lambda _: controls.state(),
        ("GET", "letters"): lambda _: controls.letters(),
        ("POST", "reset"): lambda _: controls.reset(),
        ("POST", "clock"): _asking(controls.move_clock, Moved),
        ("POST", "store"): _asking(controls.break_store, Faulty),
        ("POST", "users"): _asking(controls.add_user, NewUser),
        ("POST", "password"): _asking(controls.change_password, NewPassword),
        ("POST", "sign"): _asking(controls.sign, Unsigned),
        ("POST", "keys"): _asking(controls.renew_keys, NewKeys),
        ("POST", "revoked"): _asking(controls.revoke, Revoked),
        ("DELETE", "users/{user_id}"): lambda request: controls.delete_user(request.path_params["user_id"]),
    }
    for (method, name), hook in hooks.items():
        endpoint = house.public(_guarded(hook, token))
        app.add_api_route(f"/__test__/{name}", endpoint, methods=[method], include_in_schema=False)

    @app.get("/__test__/in-session", include_in_schema=False)
    @house.public
    async def in_session(request: Request) -> dict[str, bool]:
        # No more than `in`: in other houses an answer of that kind did not vary by the cookie (CVE-2026-27205).
        return {"there": "theme" in await house.session(request)}


def _asking(hook: Callable[[Any], Awaitable[dict[str, Any]]], shape: type[Any]) -> Callable[[Request], Any]:
    async def read(request: Request) -> dict[str, Any]:
        return await hook(msgspec.json.decode(await request.body() or b"{}", type=shape))

    return read


def _guarded(hook: Callable[[Request], Awaitable[dict[str, Any]]], token: str) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        if not compare_digest(request.headers.get(HEADER, "").encode(), token.encode()):
            return JSONResponse({"detail": "Not Found"}, 404)
        try:
            return JSONResponse(await hook(request))
        except LookupError as missing:
            return JSONResponse({"detail": f"no user {missing}"}, 404)
        except ValueError as wrong:
            return JSONResponse({"detail": str(wrong)}, 422)

    return endpoint
