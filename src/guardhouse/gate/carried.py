"""What one visitor carries during one visit: the session, loaded when asked for and stored before the answer leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from secrets import token_bytes, token_hex, token_urlsafe
from typing import Self

from msgspec import Struct

from guardhouse.core.facts import NOTHING_PRESENTED, CookieState, Facts, Presented
from guardhouse.gate.parts import Parts, resolve
from guardhouse.gate.rows import ID_BYTES
from guardhouse.state import csrf, familiar, remembered
from guardhouse.state.keeper import Handed
from guardhouse.state.record import (
    EXPIRED,
    PUBLIC_ID_BYTES,
    UNKNOWN,
    UNREADABLE,
    Changes,
    Loaded,
    Login,
    Record,
    Unloadable,
    UnreadableRecordError,
    merged,
    passed,
)
from guardhouse.state.session import Session

_PRESENT = CookieState.PRESENT


class Carried(Struct, eq=False):
    """The session side of a visit: one presented cookie, one load, one store."""

    _parts: Parts
    _cookie_lines: Sequence[bytes]
    presented: Presented
    _at_hand: Loaded | None = None
    """What a glance has found in the store, not yet weighed."""
    _loaded: Loaded | None = None
    _session: Session | None = None
    _handed: Session | None = None
    """What the application holds in its hands."""
    _visitor: bytes | None = None
    _touch: float | None = None
    _offered: bool = False
    _cookies: dict[str, bytes] = {}
    _late: Callable[[str], None] | None = None
    """Whom to tell of a change that comes after the answer has left."""
    clean: bool = True
    """Whether leaving needs neither a store nor a cookie."""

    @classmethod
    def by(cls, facts: Facts, parts: Parts) -> Self:
        """Read the cookie of a request."""
        lines = facts.lines(b"cookie")
        return cls(parts, lines, parts.session_cookie.present(lines))

    def __repr__(self) -> str:
        return f"Carried({self.presented!r})"

    # -- reading ------------------------------------------------------------------------------------------------

    def load(self) -> Loaded | Awaitable[Loaded]:
        """Load what the cookie names, once per visit; at once where the store can, else as an awaitable."""
        if self._loaded is not None:
            return self._loaded
        if self.presented.state is not _PRESENT:
            return UNKNOWN
        load_now = self._parts.load_now
        try:
            if self._at_hand is not None:
                return self._weigh(self._at_hand)
            return self._load() if load_now is None else self._weigh(load_now(self.presented.key))
        except UnreadableRecordError:
            return self._weigh(UNREADABLE)

    async def _load(self) -> Loaded:
        try:
            record = await self._parts.keeper.load(self.presented.key)
        except UnreadableRecordError:
            return await resolve(self._weigh(UNREADABLE))
        return await resolve(self._weigh(record))

    def _weigh(self, found: Loaded | None) -> Loaded | Awaitable[Loaded]:
        if type(found) is not Record:
            self._loaded = found or UNKNOWN
            return self._loaded
        loaded = self._loaded = self._in_time(found)
        return self._bury(loaded) if type(loaded) is Unloadable else loaded

    async def _bury(self, loaded: Loaded) -> Loaded:
        """See that what has expired stays dead, although the clock may be set back."""
        await self._parts.keeper.bury(self.presented.key)
        return loaded

    def _in_time(self, record: Record) -> Loaded:
        now, policy = self._parts.clock(), self._parts.sessions
        deadline = passed(record, now)
        if deadline is not None:
            return EXPIRED[deadline]
        if now - record.seen >= policy.touch_after(record.idle):
            self._touch, self.clean = now, False
        return record

    async def open(self) -> Session:
        """Return the session to read and write; nothing is stored until something is written."""
        if self._session is None:
            loaded = await resolve(self.load())
            self._session = Session(loaded if isinstance(loaded, Record) else None)
            self.clean = False
            if self._late is not None:
                self._session.leave(self._late)
        self._handed = self._session
        return self._session

    def leave(self, late: Callable[[str], None]) -> None:
        """Note that the answer has left, with what was changed until now."""
        self._late = late
        if self._handed is not None:
            self._handed.leave(late)

    # -- logging in and out -------------------------------------------------------------------------------------

    async def log_in(self, realm: str, login: Login, *, remember: bool, series: str | None = None) -> None:
        """Write a login under a new id. What another user left in the session goes with his login.

        `series` is what it goes with where the browser stays logged in by a cookie of its own.
        """
        session = await self.open()
        before = session.login(realm)
        if before is not None and (before.provider, before.user_id) != (login.provider, login.user_id):
            session.flush()
        session.set_login(realm, login)
        remembered.link(session, realm, series)
        idle, absolute = self._parts.sessions.lengths(remember=remember)
        with self._whole():
            changes = self._changes(session, idle=idle, ends=login.at + absolute)
            if not await self._move(session, changes, max_age=absolute if remember else None):
                await self._create(changes, max_age=absolute if remember else None)

    async def log_out(self, realm: str) -> Login | None:
        """Drop the login of one realm; the record ends with its last login. The id is dead either way."""
        session = await self.open()
        login = session.login(realm)
        if login is None or session.record is None:
            return login
        session.set_login(realm, None)
        others = set(session.record.logins) - {realm}
        with self._whole():
            if not (others and await self._move(session, self._changes(session), max_age=None)):
                await self._end()
        return login

    async def end(self) -> None:
        """End the session with all its logins, whoever they belong to."""
        await self._end()

    async def renew(self) -> None:
        """Go on under a new id, with new CSRF tokens, as after every proof of who one is; a remembered login stays one."""
        session = await self.open()
        if session.record is not None:
            if self._late is not None:
                self._late("the id of the session")
            with self._whole():
                await self._move(session, self._changes(session), max_age=self._left(session.record))

    def _left(self, record: Record) -> float | None:
        """Say for how long a remembered login stays, which survives the closing of the browser; None for any other."""
        (plain, _), (remembered, _) = (self._parts.sessions.lengths(remember=long) for long in (False, True))
        return record.ends - self._parts.clock() if plain != remembered == record.idle else None

    @contextmanager
    def _whole(self) -> Generator[None, None, None]:
        """Forget the changes when they could not be made: stored on leaving, they would be a login under the old id."""
        try:
            yield
        except BaseException:
            self._session = None
            raise

    def _changes(self, session: Session, *, idle: float | None = None, ends: float | None = None) -> Changes:
        session.refuse_oversize(self._parts.sessions.max_bytes)
        made = session.changes() or Changes()
        return Changes(made.put, made.drop, made.logins, self._parts.clock(), idle, ends)

    async def _move(self, session: Session, changes: Changes, *, max_age: float | None) -> bool:
        """Put the session under a new id, if it is still there; the old id is dead in the same step."""
        if session.record is None:
            return False
        handed = await self._parts.keeper.move(self.presented.key, session.record, changes)
        if handed is None:
            return False
        self._go_on(handed, max_age)
        return True

    async def _create(self, changes: Changes, *, max_age: float | None) -> None:
        now = changes.seen or 0.0
        empty = Record(token_hex(PUBLIC_ID_BYTES), now, now, changes.idle or 0.0, changes.ends or 0.0, {}, {})
        self._go_on(await self._parts.keeper.create(merged(empty, changes)), max_age)

    def _go_on(self, handed: Handed, max_age: float | None) -> None:
        """Go on under the new id; the tokens and the visitor cookie of before prove nothing any more."""
        self._become(Presented(CookieState.PRESENT, handed.key), handed.record)
        self._hand_out(handed, max_age)
        policy = self._parts.cookie
        if self._parts.visitor_cookie.values(self._cookie_lines):
            self._cookies[policy.visitor] = policy.erase(policy.visitor)
        self.offer_csrf_cookie()

    def _hand_out(self, handed: Handed, max_age: float | None) -> None:
        policy = self._parts.cookie
        age = None if max_age is None else int(max_age)
        self._cookies[policy.session] = policy.write(policy.session, handed.value, max_age=age)

    async def _end(self) -> None:
        await self._parts.keeper.end(self.presented.key)
        policy = self._parts.cookie
        self._become(NOTHING_PRESENTED, UNKNOWN)
        self._cookies[policy.session] = policy.erase(policy.session)
        self.offer_csrf_cookie()

    def _become(self, presented: Presented, loaded: Loaded) -> None:
        self.presented, self._loaded = presented, loaded
        self._session = Session(loaded if isinstance(loaded, Record) else None)
        self._touch, self.clean = None, False

    # -- CSRF tokens --------------------------------------------------------------------------------------------

    def owns_token(self, token: bytes) -> bool:
        """Whether this CSRF token was made for this visitor."""
        binding = self._binding()
        return binding is not None and csrf.genuine(self._parts.csrf, binding, token)

    def leave_untouched(self) -> None:
        """Let this request not count as one of the visitor: another site may have sent it, and was refused for that."""
        self._touch = None

    def renew_token(self) -> None:
        """Offer another CSRF token with the refusal of a stale one, to whoever has something to bind it to."""
        if self._binding() is not None:
            self.offer_csrf_cookie()

    @property
    def logins(self) -> Collection[Login]:
        """The logins of the session, as far as it was loaded."""
        return self._loaded.logins.values() if isinstance(self._loaded, Record) else ()

    def csrf_token(self) -> str:
        """Make a token; a visitor without a session is given a cookie to bind it to."""
        binding = self._binding()
        self.clean = False
        if binding is None:
            policy = self._parts.cookie
            visitor = token_urlsafe(ID_BYTES)
            self._visitor = visitor.encode("ascii")
            self._cookies[policy.visitor] = policy.write(policy.visitor, visitor)
            binding = csrf.visitor_binding(sha256(self._visitor).digest())
        return csrf.mint(self._parts.csrf, binding, token_bytes(csrf.RANDOM_BYTES))

    def offer_csrf_cookie(self) -> None:
        """Let the response set the cookie that axios and Angular send back as a header."""
        self._offered, self.clean = True, False

    def _binding(self) -> bytes | None:
        if self.presented.state is _PRESENT:
            binding = self._parts.keeper.binding(self.presented.key)
            if binding is not None:
                return binding
        if self._visitor is None:
            sent = set(self._parts.visitor_cookie.values(self._cookie_lines))
            self._visitor = sent.pop() if len(sent) == 1 else None
        return csrf.visitor_binding(sha256(self._visitor).digest()) if self._visitor else None

    # -- the device -----------------------------------------------------------------------------------------------

    def known_device(self, account: str) -> str | None:
        """Name the device, if its cookie says that this account was logged in on it before."""
        return familiar.known(self._parts.devices, account, self._familiar(), self._parts.clock())

    def know_device(self, account: str) -> None:
        """Let the response say so from now on."""
        policy, signer = self._parts.cookie, self._parts.devices
        mark = familiar.mint(signer, account, token_bytes(familiar.RANDOM_BYTES), self._parts.clock())
        marks = familiar.with_mark(signer, account, self._familiar(), mark)
        self._cookies[policy.familiar] = policy.write(policy.familiar, marks, max_age=familiar.LIFETIME)
        self.clean = False

    def _familiar(self) -> str:
        sent = set(self._parts.familiar_cookie.values(self._cookie_lines))
        return sent.pop().decode("ascii", "replace") if len(sent) == 1 else ""

    # -- leaving ------------------------------------------------------------------------------------------------

    async def settle(self) -> bool:
        """Store what the request changed; False when the session ended meanwhile and nothing was stored."""
        if self._session is not None and self._session.changes() is not None:
            return await self._store_changes(self._session)
        if self._touch is not None and self.presented.state is _PRESENT:
            await self._save(Changes(seen=self._touch))
        return True

    async def _store_changes(self, session: Session) -> bool:
        changes = self._changes(session)
        if session.record is not None:
            self._loaded = merged(session.record, changes)
            self._session = None
            return await self._save(changes)
        if changes.put:
            idle, absolute = self._parts.sessions.lengths(remember=False)
            ends = (changes.seen or 0.0) + absolute
            await self._create(Changes(changes.put, seen=changes.seen, idle=idle, ends=ends), max_age=None)
        return True

    async def _save(self, changes: Changes) -> bool:
        saved = await self._parts.keeper.save(self.presented.key, changes)
        if isinstance(saved, Handed):
            self._pass_on(saved)
        return saved is not False

    def go_on_as(self, handed: Handed | None) -> None:
        """Go on with the same id in another cookie; None where the session was ended meanwhile."""
        if handed is None:
            self._become(NOTHING_PRESENTED, UNKNOWN)
        else:
            self._pass_on(handed)

    def _pass_on(self, handed: Handed) -> None:
        self.presented, self.clean = Presented(CookieState.PRESENT, handed.key), False
        self._hand_out(handed, self._left(handed.record))

    def set_cookie(self, name: str, written: bytes) -> None:
        """Let the response carry one more cookie of ours, written by the policy."""
        self._cookies[name] = written
        self.clean = False

    def cookies(self) -> list[bytes]:
        """Return the Set-Cookie values that the response must carry."""
        if self._offered:
            policy = self._parts.cookie
            self._cookies[policy.csrf] = policy.write(policy.csrf, self.csrf_token(), script=True)
        return list(self._cookies.values())
