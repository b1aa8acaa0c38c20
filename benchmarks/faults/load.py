"""The load: sessions that were made beforehand, and clients who read, write, log in, log out and revoke at random."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, cast

from benchmarks.faults.app import Settings, house_of
from benchmarks.faults.client import Client, Told
from benchmarks.faults.history import Call, Kind, Outcome
from guardhouse.state import fingerprint
from guardhouse.state.crumbs import key_of
from guardhouse.state.record import Login, Record

MIX: dict[Kind, int] = {"read": 80, "write": 12, "login": 4, "logout": 3, "revoke": 1}
IDLE, ABSOLUTE = 7200.0, 86400.0
KEYS = ("cart", "theme")
OF_THE_DEAD = 0.1
"""So many reads and writes are tried with a session that was ended."""
AT_ONCE = 32
MORE_LOGINS = 0.15
"""The share of calls that are logins besides, while there are too few sessions: the mix ends more than it begins."""


@dataclass(eq=False, slots=True)
class Visitor:
    """A cookie, and whose it is."""

    number: int
    user: str
    cookie: str


@dataclass
class World:
    """All visitors, and what was done so far."""

    users: int
    chance: Random
    live: list[Visitor] = field(default_factory=list)
    dead: list[Visitor] = field(default_factory=list)
    history: list[Call] = field(default_factory=list)
    numbered: int = 0
    least: int = 0
    """How many sessions there shall be: while there are fewer, more people log in."""
    fewest: int = 0
    """How many there were when there were fewest."""

    def visitor(self, user: str, cookie: str) -> Visitor:
        """Give a new cookie its number."""
        self.numbered += 1
        return Visitor(self.numbered, user, cookie)

    def pick(self, *, also_dead: bool) -> Visitor:
        """Choose whose turn it is."""
        if self.dead and (not self.live or (also_dead and self.chance.random() < OF_THE_DEAD)):
            return self.dead[self.chance.randrange(max(0, len(self.dead) - 500), len(self.dead))]
        return self.chance.choice(self.live)

    def next_kind(self) -> Kind:
        """Choose what is done next."""
        there = len(self.live)
        self.fewest = min(self.fewest, there)
        if there < self.least and self.chance.random() < MORE_LOGINS:
            return "login"
        return self.chance.choices(list(MIX), list(MIX.values()))[0]

    def bury(self, visitor: Visitor) -> None:
        """Note that this session was ended, or tried to."""
        if visitor in self.live:
            self.live.remove(visitor)
            self.dead.append(visitor)


async def populate(settings: Settings, world: World, sessions: int) -> None:
    """Make sessions in the store itself, as logins would, before anything is measured."""
    house = house_of(replace(settings, store=_patient(settings.store)))
    store: Any = house.parts.store
    now = time.time()
    taken = fingerprint.take(house.parts.logins, settings.password_hash)
    line = asyncio.Semaphore(AT_ONCE)

    async def make(number: int) -> None:
        user, cookie = str(number % settings.users), secrets.token_urlsafe(32)
        login = Login(user, "users", "web", now, taken)
        record = Record(secrets.token_urlsafe(8), now, now, IDLE, now + ABSOLUTE, {"users": login}, {})
        async with line:
            await store.create(key_of(cookie.encode()), record)
        world.live.append(world.visitor(user, cookie))

    await asyncio.gather(*map(make, range(sessions)))
    world.least = world.fewest = sessions
    await cast("Any", store).close()


def _patient(url: str) -> str:
    """Wait for a server as long as it takes: here nothing is measured, and the machine may be busy."""
    if url.startswith("sqlite"):
        return url
    patience = "timeout=10" if url.startswith("redis") else "timeout=10&connect_timeout=10"
    return f"{url}{'&' if '?' in url else '?'}{patience}"


async def client(ports: list[int], world: World, until: float) -> None:
    """Be one of many clients until that moment, over connections of its own."""
    line = Client(ports)
    try:
        while time.monotonic() < until:
            kind = world.next_kind()
            if kind == "login":
                await log_in(line, world)
            else:
                await use(line, world, kind, world.pick(also_dead=kind in {"read", "write"}))
    finally:
        line.close()


async def log_in(line: Client, world: World, worker: int | None = None) -> Visitor | None:
    """Log a user in; return the new visitor."""
    user = str(world.chance.randrange(world.users))
    told = await line.ask(
        world.chance.randrange(2) if worker is None else worker, "POST", f"/login?user={user}"
    )
    visitor = world.visitor(user, told.cookie or "")
    outcome = told.outcome
    if outcome is Outcome.DONE and not (told.cookie and told.body.get("user") == user):
        outcome = Outcome.ODD
    world.history.append(_call("login", visitor, told, outcome=outcome))
    if outcome is not Outcome.DONE:
        return None
    world.live.append(visitor)
    return visitor


async def use(  # noqa: PLR0913 - what is done, by whom and where
    line: Client, world: World, kind: Kind, visitor: Visitor, *, worker: int | None = None, more: str = ""
) -> Told:
    """Let a visitor do something, at any worker."""
    if kind in {"logout", "revoke"}:
        # Whatever comes of it, nothing that starts later counts on these sessions.
        for one in [visitor] if kind == "logout" else [one for one in world.live if one.user == visitor.user]:
            world.bury(one)
    at = world.chance.randrange(2) if worker is None else worker
    key, value = world.chance.choice(KEYS), f"v{world.chance.getrandbits(48):x}"
    told = await line.ask(at, *_request(kind, key, value, more), visitor.cookie)
    written = value if kind == "write" else None
    world.history.append(
        _call(kind, visitor, told, key=key if kind in {"read", "write"} else "", value=written)
    )
    return told


def _request(kind: Kind, key: str, value: str, more: str) -> tuple[str, str]:
    if kind == "read":
        return "GET", f"/read?key={key}"
    if kind == "write":
        return "POST", f"/write?key={key}&value={value}{more}"
    return "POST", f"/{kind}"


async def renew(line: Client, world: World, visitor: Visitor, worker: int) -> Visitor | None:
    """Log a visitor in who is logged in: he goes on under a new id, and the old one is dead in the same step."""
    if visitor in world.live:
        world.live.remove(visitor)  # nobody may write into it meanwhile: what is in it goes along
    told = await line.ask(worker, "POST", f"/login?user={visitor.user}", visitor.cookie)
    world.dead.append(visitor)
    renewed = world.visitor(visitor.user, told.cookie or "")
    world.history += [_call("logout", visitor, told), _call("login", renewed, told)]
    if told.outcome is not Outcome.DONE:
        return None
    world.live.append(renewed)
    return renewed


async def guess(line: Client, world: World, user: str, address: str, worker: int) -> Told:
    """Guess the password of an account, from some address."""
    told = await line.ask(worker, "POST", f"/guess?user={user}&from={address}")
    world.history.append(Call("guess", 0, "", told.start, told.end, told.outcome, key=user, said=told.said))
    return told


async def use_up(line: Client, world: World, name: str, worker: int) -> Told:
    """Use a name that may be used once."""
    told = await line.ask(worker, "POST", f"/once?name={name}")
    call = Call("once", 0, "", told.start, told.end, told.outcome, key=name, said=told.said)
    world.history.append(call)
    return told


def _call(  # noqa: PLR0913 - the fields of a call
    kind: Kind,
    visitor: Visitor,
    told: Told,
    *,
    outcome: Outcome | None = None,
    key: str = "",
    value: str | None = None,
) -> Call:
    return Call(
        kind=kind,
        session=visitor.number,
        user=visitor.user,
        start=told.start,
        end=told.end,
        outcome=outcome or told.outcome,
        key=key,
        value=value,
        answered=str(told.body.get("user", "")),
        found=told.body.get("value") if kind == "read" else None,
        said=told.said,
    )
