"""The house: guards, users, store and areas become stacks, and every mistake in them an error before the first request."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Generic, Self, TypeVar

import anyio.lowlevel
from anyio import sleep
from msgspec.structs import replace
from starlette.exceptions import HTTPException

from guardhouse.auth import Auth
from guardhouse.config import document, settings
from guardhouse.core.answer import Explain, Refusal, refusal_of, retry_seconds
from guardhouse.core.area import UNDECLARED, Answers, Area, Undeclared
from guardhouse.core.challenge import challenges, scope_challenges
from guardhouse.core.events import EVENTS, Event, Refused
from guardhouse.core.guard import Guard, ambient
from guardhouse.core.origin import Origins
from guardhouse.core.provider import Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Allow, Caller, Client, Decision, Deny, Identity
from guardhouse.devices import Devices
from guardhouse.errors import ConfigError, StoreError
from guardhouse.gate import log
from guardhouse.gate.outage import unavailable
from guardhouse.gate.parts import Parts, resolve
from guardhouse.gate.recent import Recent
from guardhouse.gate.refused import refused
from guardhouse.gate.visit import Visit
from guardhouse.gate.watch import Watch
from guardhouse.guards.session import SessionGuard
from guardhouse.guards.token import TokenGuard
from guardhouse.limits import Limits
from guardhouse.rules import Rules
from guardhouse.stacks import Asked, Stacks
from guardhouse.state import signed
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.keeper import Storeless
from guardhouse.state.policy import SessionPolicy
from guardhouse.state.store import Closable, KeepsEnrolments, Openable, Prunable, SessionStore
from guardhouse.stores.opening import open_store
from guardhouse.tokens import Tokens
from guardhouse.users.passwords import Passwords
from guardhouse.vault.keyring import Keyring
from guardhouse.vault.secret import Secret

U = TypeVar("U")

_UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 401, 429, 503

_STALE = frozenset(
    {
        Reason.USER_MISSING,
        Reason.USER_DISABLED,
        Reason.PASSWORD_CHANGED,
        Reason.LOGIN_KEY_UNKNOWN,
        Reason.LOGIN_FORMAT_UNKNOWN,
    }
)

RETRY_SECONDS = 5

SWEEP_SECONDS = 300

KEPT_SECONDS = 24 * 3600
"""For so long an expired token or enrolment stays in the list of its user, who may wonder why it is refused."""

Listener = Callable[[Any], Awaitable[None] | None]


class Guardhouse(Generic[U]):
    """Authentication for one application.

    `secret` signs CSRF tokens and fingerprints: one key, or a list of which the first signs and all verify. `users`
    is a provider, or several by name. `store` keeps sessions: a URL (`memory:`, `sqlite:///file.db`) or a store.
    `public_url` is what browsers call this application; without it the Host header is compared, which is enough
    for CSRF but not behind a proxy that rewrites it. A route that is neither guarded nor public stops the start, unless
    `undeclared` says that silence means *open*. Raises `ConfigError` for everything that cannot work.
    """

    _frozen = False
    written: Mapping[str, str] = MappingProxyType({})
    """Which settings stand in a configuration, and where; for those who look at the house."""
    installed_on: Any = None
    """The application, once the house is installed."""

    def __init__(  # noqa: PLR0913 - the settings of a house; keyword-only, each with the safe default
        self,
        *,
        secret: str | bytes | Secret | Sequence[str | Secret],
        users: Provider[U] | Mapping[str, Provider[Any]],
        guards: Mapping[str, Guard] | None = None,
        areas: Mapping[str, Area] | None = None,
        default: str | None = None,
        store: str | SessionStore | Storeless = "memory:",
        public_url: str | Sequence[str] | None = None,
        trusted_origins: Sequence[str] = (),
        trusted_proxies: Sequence[str] = (),
        sessions: SessionPolicy | None = None,
        cookie: CookiePolicy | None = None,
        passwords: Passwords | None = None,
        login_url: str | None = None,
        home_url: str = "/",
        csrf_url: str = "/csrf-cookie",
        explain: Explain = "code",
        undeclared: Undeclared = "refuse",
        debug: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.recent = Recent()
        self.leads: dict[tuple[str, Reason], str] = {}  # where a guard's people give what is missing
        self._listeners: dict[type, list[Listener]] = {Refused: [log.write, self.recent]}
        own = settings.own_origins(public_url)
        self.parts = Parts(
            store=open_store(store) if isinstance(store, str) else settings.checked_store(store),
            sessions=sessions or SessionPolicy(),
            cookie=settings.allowed_cookie(cookie or CookiePolicy(), own, debug=debug),
            keys=Keyring(secret),
            csrf_url=csrf_url,
            watch=Watch(strict=debug),
            explain=settings.checked_explain(explain, debug=debug),
            providers=settings.checked_users(users),
            passwords=passwords or Passwords(),
            clock=clock,
            emit=self._emit,
            heard=self._listeners,
            origins=Origins(own, settings.trusted_origins(trusted_origins)),
        )
        self.proxies = settings.trusted_networks(trusted_proxies)
        self.guards, self.default = settings.checked_guards(guards, self.parts, default)
        self.areas = settings.checked_areas(areas or {}, self.guards)
        self.login_url, self.home_url = settings.checked_urls(login_url, home_url)
        self.debug, self.undeclared = debug, settings.checked_choice("undeclared", undeclared, UNDECLARED)
        self.stacks = Stacks(self.guards, self.areas, self.default)

    @classmethod
    def from_config(cls, source: document.Source, /, **parts: Any) -> Self:  # noqa: ANN401 - each part has its own type
        """Build a house from a mapping or a TOML file, written as in the thread; `parts` are objects, and go first.

        Users are always a part. `steps` are the functions that middleware groups name, `functions` the look-ups of
        guards of driver `function`. Raises `ConfigError` for every key that is not understood.
        """
        house = cls(**document.house_settings(source, parts))
        house.written = document.came_from(source, parts)
        return house

    def stack(self, *asked: Asked) -> Stack:
        """Return the stack of an area, of a guard, or of several guards of which any may answer.

        Aliases and steps may follow: `house.stack("api", "abilities:read", Throttle(60))`.
        """
        return self.stacks.of(*asked)

    @property
    def explain(self) -> Explain:
        """How much an answer says about a refusal."""
        return self.parts.explain

    @property
    def limits(self) -> Limits:
        """Define limits by name, count by hand, and throttle logins: `house.limits.define("uploads", ...)`."""
        return self.parts.limits

    def add_area(self, name: str, area: Area) -> Stack:
        """Add an area, before the house is installed."""
        if self._frozen:
            raise ConfigError(
                "area",
                name,
                "The house is installed; add areas, and mount packages, before house.install(app).",
            )
        stack = self.stacks.add(name, area)
        self.areas[name] = area
        return stack

    @property
    def rules(self) -> Rules:
        """What users may do: `@house.rules.define("view-admin")`, `house.rules.policy(Post, PostPolicy())`."""
        return self.parts.rules

    def listen(self, event: type[Event], listener: Listener) -> None:
        """Call the listener, plain or async, for every event of that type. Only before the house is installed."""
        if self._frozen:
            raise ConfigError(
                "listen", event.__name__, "The house is installed; listen before house.install(app)."
            )
        self._listeners.setdefault(event, []).append(listener)

    @contextmanager
    def overheard(self, listener: Listener) -> Generator[None]:
        """Call the listener for every event for a while, also when the house is at work: for tests."""
        for kind in EVENTS:
            self._listeners.setdefault(kind, []).append(listener)
        try:
            yield
        finally:
            for kind in EVENTS:
                self._listeners[kind].remove(listener)

    def known_stack(self, name: str) -> Stack | None:
        """Return the stack that a decision names; None where it was made outside of one, as at a login."""
        return self.stacks.known(name)

    def answers_of(self, stack: str) -> Answers:
        """Say how the area of that stack answers; outside of any area by what the request asks for."""
        known = self.stacks.known(stack)
        return known.answers if known is not None else "auto"

    def desk(self, visit: Visit, name: str | None = None) -> Auth[U]:
        """Return the desk of a session guard for this visit: log in, log out, ask."""
        guard = self._session_guard(name)
        return Auth(visit, guard, self.stacks.of_guard(guard.name))

    def _session_guard(self, name: str | None) -> SessionGuard:
        name = name or self.default
        guard = self.guards.get(name)
        if guard is None:
            raise settings.unknown("guard", name, self.guards)
        if not isinstance(guard, SessionGuard):
            able = [other for other, candidate in self.guards.items() if isinstance(candidate, SessionGuard)]
            fix = f"It keeps no login; the guards that do: {', '.join(able) or 'none in this house'}."
            raise ConfigError(f"guard {name}", type(guard).__name__, fix)
        return guard

    def devices(self, name: str | None = None) -> Devices[U]:
        """Return the list of devices of a session guard's users: see and end the sessions of any of them.

        Raises `ConfigError` where the store cannot.
        """
        return Devices(self.parts, self._session_guard(name))

    def tokens(self, name: str | None = None) -> Tokens[U]:
        """Return the desk of a token guard: issue, list and take back. A name is needed where there are several."""
        able = {key: guard for key, guard in self.guards.items() if isinstance(guard, TokenGuard)}
        if name is None and len(able) == 1:
            name = next(iter(able))
        if name not in able:
            fix = f"Name a token guard: {', '.join(able) or 'there is none in this house'}."
            raise ConfigError("tokens", name, fix)
        return Tokens(self.parts, able[name])

    def sign(self, path: str, *, expires: timedelta | float | None = None) -> str:
        """Sign a path with its query, for `Signed()` to ask for: nothing of it can be changed.

        `expires` is a length of time from now, or a moment in epoch seconds. Raises `ValueError` for what is no path.
        """
        ends = self.parts.clock() + expires.total_seconds() if isinstance(expires, timedelta) else expires
        return signed.sign(self.parts.urls, path, ends)

    async def enter(self, visit: Visit, stack: Stack) -> Caller | None:
        """Let somebody in, or raise the refusal: what stands at a route asks this. None is a guest among guests."""
        if stack.guests:
            await self.admit_guest(visit, stack)
            return None
        return await (self.admit_caller if stack.clients else self.admit)(visit, stack)

    async def enter_user(self, visit: Visit, stack: Stack) -> object:
        """Let somebody in as `enter` does, and see that a user is still there."""
        caller = await self.enter(visit, stack)
        return await self.admit_user(visit, stack) if isinstance(caller, Identity) else caller

    async def admit(self, visit: Visit, stack: Stack) -> Identity:
        """Return whom the stack believes, or raise the refusal; also for a program, which is no user."""
        caller = await self.admit_caller(visit, stack)
        if isinstance(caller, Client):
            raise await self.refused(visit, _no_user(visit, stack, caller))
        return caller

    async def admit_caller(self, visit: Visit, stack: Stack) -> Caller:
        """Return the user or the program that the stack believes, or raise the refusal."""
        decision = await visit.decide(stack)
        if type(decision.verdict) is Allow:
            return decision.verdict.identity
        raise await self.refused(visit, decision)

    async def admit_client(self, visit: Visit, stack: Stack) -> Client:
        """Return the program that the stack believes, or raise the refusal; also for a user."""
        caller = await self.admit_caller(visit, stack)
        if isinstance(caller, Client):
            return caller
        decision = visit.decisions[stack.name]
        denied = Deny(caller.guard, Reason.USER_NOT_CLIENT)
        raise await self.refused(visit, Decision(stack.name, denied, (*decision.trace, denied)))

    async def admit_guest(self, visit: Visit, stack: Stack) -> None:
        """Let a guest pass, and raise the refusal for everybody who is logged in."""
        if await self.admit_optional(visit, stack) is not None:
            decision = visit.decisions[stack.name]
            denied = Deny(decision.verdict.by, Reason.GUESTS_ONLY)
            raise await self.refused(visit, Decision(stack.name, denied, (*decision.trace, denied)))

    async def refused(self, visit: Visit, decision: Decision) -> HTTPException:
        """Tell the listeners of a no, and return the exception to raise."""
        return await refused(visit, self.refusal(decision), self.known_stack(decision.stack))

    async def admit_user(self, visit: Visit, stack: Stack) -> U:
        """Return the user whom the stack believes, or raise the refusal."""
        decision = await visit.decide(stack)
        if type(decision.verdict) is not Allow:
            raise await self.refused(visit, decision)
        identity = decision.verdict.identity
        if isinstance(identity, Client):
            raise await self.refused(visit, _no_user(visit, stack, identity))
        found = await self._user(visit, identity)
        if isinstance(found, Deny):
            raise await self.refused(visit, Decision(stack.name, found, (*decision.trace, found)))
        return found

    async def admit_optional(self, visit: Visit, stack: Stack) -> U | None:
        """Return the user, or None for a guest. What is bad, rather than missing, is refused all the same.

        A login that has lost its user or its password is stale: the browser sends it by itself, and a page that is
        open to guests stays open to this one.
        """
        decision = await visit.decide(stack)
        if not decision and not any(isinstance(verdict, Deny) for verdict in decision.trace):
            return None
        identity = decision.verdict.identity if isinstance(decision.verdict, Allow) else None
        if isinstance(identity, Identity) and ambient(self.guards[identity.guard]):
            found = await self._user(visit, identity)
            if isinstance(found, Deny) and found.reason in _STALE:
                return None
        return await self.admit_user(visit, stack)

    async def _user(self, visit: Visit, identity: Identity) -> U | Deny:
        try:
            found: U | Deny = await visit.user(identity)
        except StoreError as error:
            return unavailable(error)
        return found

    def refusal(self, decision: Decision) -> Refusal:
        """Turn a no into an answer."""
        refusal = refusal_of(decision)
        if refusal.status == _UNAUTHORIZED:
            return replace(refusal, challenges=challenges(self.known_stack(decision.stack), refusal))
        if refusal.reason is Reason.ABILITY_MISSING:
            return replace(refusal, challenges=scope_challenges(refusal))
        if refusal.reason.startswith("csrf_"):
            return replace(refusal, evidence={"endpoint": self.parts.csrf_url, **refusal.evidence})
        if refusal.status == _TOO_MANY:
            return replace(refusal, retry_after=retry_seconds(refusal.evidence))
        if refusal.status == _UNAVAILABLE:
            return replace(refusal, retry_after=RETRY_SECONDS)
        return refusal

    async def sweep(self) -> None:
        """Delete what has expired, slice by slice, for as long as the application runs.

        Deadlines hold without it; it only keeps the store small. A store that is down is swept again later.
        """
        store, beside = self.parts.store, self.parts.beside
        while isinstance(store, Prunable):
            await sleep(SWEEP_SECONDS)
            with suppress(StoreError):
                while await store.prune(self.parts.clock()):
                    await anyio.lowlevel.checkpoint()
                if self.parts.tokens is not None:
                    while await self.parts.tokens.prune_tokens(self.parts.clock() - KEPT_SECONDS):
                        await anyio.lowlevel.checkpoint()
                if isinstance(beside, KeepsEnrolments):
                    while await beside.enrolments.prune_enrolments(self.parts.clock() - KEPT_SECONDS):
                        await anyio.lowlevel.checkpoint()

    async def open(self) -> None:
        """Make the store ready. Raises `ConfigError` or `StoreError` for one that cannot work."""
        if isinstance(self.parts.store, Openable):
            await self.parts.store.open()

    async def close(self) -> None:
        """Let go of what the store holds open."""
        if isinstance(self.parts.store, Closable):
            await self.parts.store.close()

    async def _emit(self, event: Event) -> None:
        for listener in self._listeners.get(type(event), ()):
            await resolve(listener(event))

    def freeze(self) -> None:
        """Take no more listeners and rules: the house is at work."""
        self._frozen = True
        self.rules.freeze()


def _no_user(visit: Visit, stack: Stack, client: Client) -> Decision:
    """Refuse a program where a user is meant."""
    denied = Deny(client.guard, Reason.CLIENT_NOT_USER)
    return Decision(stack.name, denied, (*visit.decisions[stack.name].trace, denied))
