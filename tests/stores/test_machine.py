"""Whatever browsers do, in whatever order: the dead stay dead, the acknowledged stays, and nobody reads another's.

Random histories are played on each store beside a model of a few lines. Moments are bounded rather than modelled: a
session may end when it was idle long enough by the last write, and must end by the last sign of life.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import timedelta
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule

from guardhouse.core.facts import Facts
from guardhouse.core.origin import Origins
from guardhouse.core.reasons import Reason
from guardhouse.gate.carried import Carried
from guardhouse.gate.parts import Parts
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.crumbs import key_of
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.record import Loaded, Login, Record, Unloadable, passed
from guardhouse.state.session import Session
from guardhouse.state.store import Closable, EndsOne
from guardhouse.users.passwords import Passwords
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.secret import generate_secret

from .histories import play
from .kinds import KINDS

T = TypeVar("T")

IDLE, ABSOLUTE = 100.0, 1000.0
POLICY = SessionPolicy(idle=timedelta(seconds=IDLE), absolute=timedelta(seconds=ABSOLUTE))
RING = Keyring(generate_secret())

BROWSERS = st.sampled_from(["phone", "laptop", "kiosk"])
USERS = st.sampled_from(["ada", "bob"])
REALMS = st.sampled_from(["users", "staff"])
KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.integers(0, 9)


@dataclass
class Expected:
    """What the model knows of one session."""

    began: float
    written: float
    used: float
    logins: dict[str, str] = field(default_factory=dict)
    data: dict[str, int] = field(default_factory=dict)
    dead: bool = False
    swept: bool = False
    """Whether a sweep came by when it was over, although the clock may have been set back since."""

    def over(self, now: float) -> bool:
        """Whether it may have ended."""
        return self.swept or now >= self.written + IDLE or now >= self.began + ABSOLUTE

    def moved(self, now: float, logins: dict[str, str], data: dict[str, int]) -> Expected:
        """Return what it is under a new id; when it was last seen goes along."""
        return Expected(self.began, max(self.written, now), max(self.used, now), logins, data)


@dataclass
class Slow:
    """A request at work: it has read, and will write when it is done."""

    session_id: str
    carried: Carried
    session: Session


def can_end(store: object) -> bool:
    return isinstance(store, EndsOne)


async def _no_listener(event: object) -> None:
    return None


async def resolved(found: Loaded | Awaitable[Loaded]) -> Loaded:
    return await found if isawaitable(found) else found


class History(RuleBasedStateMachine):
    """Three browsers, two users, two realms, one store."""

    kind = "memory"
    slow: Bundle[Slow] = Bundle("slow")
    gone: Bundle[str] = Bundle("gone")

    def __init__(self) -> None:
        super().__init__()
        self.now = 10_000.0
        self.jars: dict[str, str] = {}
        self.sessions: dict[str, Expected] = {}
        self.folder = tempfile.TemporaryDirectory()
        self.store = KINDS[self.kind].make(Path(self.folder.name))
        self.runner = asyncio.Runner()
        self.parts = Parts(
            store=self.store,
            sessions=POLICY,
            cookie=CookiePolicy(),
            keys=RING,
            providers={},
            passwords=Passwords(),
            clock=lambda: self.now,
            emit=_no_listener,
            heard=(),
            origins=Origins(),
        )

    def teardown(self) -> None:
        if isinstance(self.store, Closable):
            self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def loaded(self, carried: Carried) -> Loaded:
        return self.run(resolved(carried.load()))

    # -- requests ---------------------------------------------------------------------------------------------------

    def request(self, session_id: str | None) -> Carried:
        cookies = [(b"cookie", f"__Host-gh={session_id}".encode())] if session_id else []
        return Carried.by(Facts("POST", "/", cookies), self.parts)

    def expected(self, session_id: str | None) -> Expected | None:
        """Return the living session behind an id, once a request has found it to be so or not."""
        expected = self.sessions.get(session_id or "")
        return None if expected is None or expected.dead else expected

    def checked(self, session_id: str | None) -> Carried:
        """Begin a request and hold what it finds against the model."""
        carried = self.request(session_id)
        found, expected = self.loaded(carried), self.expected(session_id)
        if expected is None:
            assert isinstance(found, Unloadable), "what is dead, or never was, came back"
        elif isinstance(found, Unloadable):
            self.check_ended(found, expected)
        else:
            self.check_found(found, expected)
        return carried

    def check_ended(self, found: Unloadable, expected: Expected) -> None:
        assert expected.over(self.now), "a session ended before its time"
        assert expected.swept or found.reason is Reason.SESSION_EXPIRED
        expected.dead = True

    def check_found(self, found: Record, expected: Expected) -> None:
        assert self.now < expected.used + IDLE, "a session was idle for too long"
        assert self.now < expected.began + ABSOLUTE, "a session outlived its end"
        assert {realm: login.user_id for realm, login in found.logins.items()} == expected.logins
        assert dict(Session(found)) == expected.data
        expected.used = max(expected.used, self.now)

    def leave(self, browser: str, carried: Carried) -> bool:
        """End a request as the edge does: store, then hand out cookies."""
        stored = self.run(carried.settle())
        for line in carried.cookies() if stored else []:
            if found := re.match(rb"__Host-gh=([^;]*)", line):
                self.jars[browser] = found[1].decode()
        return stored

    def begin(self, browser: str, logins: dict[str, str], data: dict[str, int]) -> None:
        self.sessions[self.jars[browser]] = Expected(self.now, self.now, self.now, logins, data)

    # -- what browsers do -------------------------------------------------------------------------------------------

    @rule(browser=BROWSERS)
    def read(self, browser: str) -> None:
        self.leave(browser, self.checked(self.jars.get(browser)))

    @rule(browser=BROWSERS, user=USERS, realm=REALMS, target=gone)
    def log_in(self, browser: str, user: str, realm: str) -> str:
        before = self.jars.get(browser)
        carried = self.checked(before)
        self.run(carried.log_in(realm, Login(user, realm, "web", self.now), remember=False))
        assert self.leave(browser, carried)
        assert self.jars[browser] != before, "a login must renew the id"
        known = self.expected(before)
        logins, data = (dict(known.logins), dict(known.data)) if known else ({}, {})
        if logins.get(realm, user) != user:
            data = {}
        logins[realm] = user
        if known:
            known.dead = True
            self.sessions[self.jars[browser]] = replace(known.moved(self.now, logins, data), began=self.now)
        else:
            self.begin(browser, logins, data)
        return before or "A" * 43

    @rule(browser=BROWSERS, realm=REALMS, target=gone)
    def log_out(self, browser: str, realm: str) -> str:
        before = self.jars.get(browser)
        carried = self.checked(before)
        known = self.expected(before)
        ended = self.run(carried.log_out(realm))
        assert self.leave(browser, carried)
        if known is None or realm not in known.logins:
            assert ended is None
            return "A" * 43
        known.dead = True
        rest = {held: user for held, user in known.logins.items() if held != realm}
        if rest:
            self.sessions[self.jars[browser]] = known.moved(self.now, rest, dict(known.data))
        else:
            assert self.jars[browser] == ""
        return before or ""

    @rule(browser=BROWSERS, key=KEYS, value=VALUES)
    def write(self, browser: str, key: str, value: int) -> None:
        carried = self.checked(self.jars.get(browser))
        session = self.run(carried.open())
        session[key] = value
        assert self.leave(browser, carried)
        self.wrote(browser, {key: value})

    @rule(browser=BROWSERS, keys=st.permutations(["a", "b", "c"]), value=VALUES)
    def write_in_parallel(self, browser: str, keys: list[str], value: int) -> None:
        """Several requests that have all read before any of them writes; what each says it stored is stored."""
        if self.expected(self.jars.get(browser)) is None:
            return
        at_work = [self.checked(self.jars[browser]) for _ in keys]
        if self.expected(self.jars[browser]) is None:
            return
        for carried, key in zip(at_work, keys, strict=True):
            self.run(carried.open())[key] = value

        async def all_at_once() -> list[bool]:
            return await asyncio.gather(*(carried.settle() for carried in at_work))

        assert self.run(all_at_once()) == [True, True, True]
        self.wrote(browser, dict.fromkeys(keys, value))

    @rule(browser=BROWSERS, key=KEYS)
    def drop(self, browser: str, key: str) -> None:
        carried = self.checked(self.jars.get(browser))
        self.run(carried.open()).pop(key, None)
        assert self.leave(browser, carried)
        expected = self.expected(self.jars.get(browser))
        if expected is not None and expected.data.pop(key, None) is not None:
            expected.written = max(expected.written, self.now)

    def wrote(self, browser: str, data: dict[str, int]) -> None:
        expected = self.expected(self.jars[browser])
        if expected is None:
            self.begin(browser, {}, data)
        else:
            expected.data |= data
            expected.written = max(expected.written, self.now)
            expected.used = max(expected.used, self.now)

    # -- slow requests and old cookies ------------------------------------------------------------------------------

    @rule(browser=BROWSERS, target=slow)
    def begin_slow_request(self, browser: str) -> Slow:
        session_id = self.jars.get(browser) or "A" * 43
        carried = self.checked(session_id)
        return Slow(session_id, carried, self.run(carried.open()))

    @rule(request=consumes(slow), key=KEYS, value=VALUES)
    def finish_slow_request(self, request: Slow, key: str, value: int) -> None:
        if request.session.record is None:
            return
        request.session[key] = value
        stored = self.run(request.carried.settle())
        expected = self.sessions[request.session_id]
        if expected.dead:
            assert not stored, "a late save reached a session that is dead"
        elif stored:
            expected.data[key] = value
            expected.written = max(expected.written, self.now)
            expected.used = max(expected.used, self.now)
        else:
            assert expected.over(self.now), "a save was lost although nobody ended the session"
            expected.dead = True

    @rule(session_id=gone)
    def come_back_with_an_old_cookie(self, session_id: str) -> None:
        if self.expected(session_id) is None:
            self.checked(session_id)

    # -- from elsewhere ---------------------------------------------------------------------------------------------

    def record_of(self, session_id: str) -> Record | None:
        record: Record | None = self.run(self.store.load(key_of(session_id.encode())))
        return record

    @rule(user=USERS, realm=REALMS)
    def list_devices(self, user: str, realm: str) -> None:
        """What a user is shown is every session that is his and lives, by its name, and nothing else."""
        owned = self.run(self.store.owned(f"{realm}:{user}"))
        listed = {record.public_id for record in owned if passed(record, self.now) is None}
        his: set[str] = set()
        for session_id, expected in self.sessions.items():
            record = self.record_of(session_id)
            assert record is None or not expected.dead, "what was ended lies in the store again"
            if record is not None and expected.logins.get(realm) == user:
                his.add(record.public_id)
                assert expected.over(self.now) or record.public_id in listed, "a session is not in the list"
        assert listed <= his, "the list shows what is not his"

    @rule(browser=BROWSERS, realm=REALMS, target=gone)
    def end_one(self, browser: str, realm: str) -> str:
        session_id = self.jars.get(browser) or "A" * 43
        expected, record = self.expected(session_id), self.record_of(session_id)
        if expected is None or record is None or realm not in expected.logins or not can_end(self.store):
            return "A" * 43
        other = "bob" if expected.logins[realm] == "ada" else "ada"
        assert not self.run(self.store.end(f"{realm}:{other}", record.public_id)), "another user ended it"
        assert self.run(self.store.end(f"{realm}:{expected.logins[realm]}", record.public_id))
        expected.dead = True
        return session_id

    @rule(browser=BROWSERS, realm=REALMS)
    def end_others(self, browser: str, realm: str) -> None:
        expected = self.expected(self.jars.get(browser))
        if expected is None or realm not in expected.logins:
            return
        user = expected.logins[realm]
        keep = key_of(self.jars[browser].encode())
        self.run(self.store.revoke(f"{realm}:{user}", keep=keep))
        for other in self.sessions.values():
            if other is not expected and other.logins.get(realm) == user:
                other.dead = True

    # -- time -------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, 40.0, 55.0, 99.0, 101.0, 500.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([10.0, 300.0]))
    def the_clock_is_set_back(self, seconds: float) -> None:
        self.now -= seconds

    @rule()
    def sweep(self) -> None:
        for expected in self.sessions.values():
            expected.swept = expected.swept or expected.over(self.now)
        self.run(self.store.prune(self.now))

    @initialize(browser=BROWSERS, user=USERS)
    def somebody_is_logged_in(self, browser: str, user: str) -> None:
        self.log_in(browser, user, "users")


HISTORIES = {
    "memory": 300,
    "sqlite": 80,
    "redis": 40,
    "sentinel": 10,
    "cluster": 10,
    "postgres": 40,
    "mariadb": 15,
    "sqlalchemy-postgres": 10,
    "sqlalchemy-sqlite": 10,
}
"""How many are played on each kind of store: as many as the time allows."""


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "examples"), HISTORIES.items())
def test_histories(kind: str, examples: int):
    play(History, kind, examples)


def test_every_kind_of_store_is_played():
    assert set(HISTORIES) == set(KINDS), "add the new kind to HISTORIES"
