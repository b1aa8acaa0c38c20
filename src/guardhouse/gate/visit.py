"""One request at the gate: its facts, what the visitor carries, its decisions. Here await meets decisions."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from guardhouse.core.area import Step, verdict_of
from guardhouse.core.facts import SAFE_METHODS, Facts, Form, Header
from guardhouse.core.guard import SESSION, Guard
from guardhouse.core.origin import (
    ORIGIN_HEADERS,
    SAFE,
    STALE,
    TOKEN_HEADERS,
    AskToken,
    TokenState,
    own_origins,
    plainly_same,
    weigh,
    weigh_token,
    whence,
)
from guardhouse.core.provider import Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import (
    NO_EVIDENCE,
    Abstain,
    Allow,
    Caller,
    Decision,
    Deny,
    Identity,
    Pass,
    Verdict,
    conclude,
    unknown_kind,
)
from guardhouse.errors import ConfigError, StoreError
from guardhouse.gate.authentication import authenticate
from guardhouse.gate.carried import Carried
from guardhouse.gate.coming_back import came_back
from guardhouse.gate.glance import Glance
from guardhouse.gate.lookup import Users, name_of, user_of
from guardhouse.gate.outage import unavailable
from guardhouse.gate.parts import Parts, resolve
from guardhouse.state import csrf
from guardhouse.state.record import Loaded
from guardhouse.state.store import SingleUse, TokenStore

_COOKIE_NOT_READ = Pass("session", Reason.COOKIE_NOT_READ)
_SPOKEN = frozenset({Abstain, Deny})
_FINAL = frozenset({Allow, Deny})
_GONE = frozenset({Reason.SESSION_EXPIRED, Reason.SESSION_UNKNOWN})
_COOKIE = frozenset({b"Cookie"})


class Visit(Struct, eq=False):
    """One request at the gate. Everything about the visitor lives here and ends with the request."""

    parts: Parts
    facts: Facts
    _form: Form | None = None
    _users: Users = {}
    vary: frozenset[bytes] = frozenset()
    """The request headers on which the answer depends."""
    decisions: dict[str, Decision] = {}
    _carried: Carried | None = None
    _origin: Pass | Deny | None = None
    _verdicts: dict[str, Verdict] = {}
    params: Mapping[str, object] = NO_EVIDENCE
    """The path parameters of the route, as far as it is known where the question is asked."""
    endpoint: str = ""
    """What names the endpoint of the route, as far as it is known where the question is asked."""
    caller: Caller | None = None
    """Whom the guards have let in; there for the steps after them."""
    route: Any = None
    """The route itself, where the framework says which it is."""
    back: dict[str, Abstain] = {}
    """By realm, why a browser that stays logged in did not come back; asked once."""
    said: tuple[Header, ...] = ()
    """What the answer carries besides, whoever gives it."""
    _walked: tuple[tuple[Step, Verdict], ...] = ()

    def __repr__(self) -> str:
        return f"Visit({self.facts!r})"

    # -- the stack ----------------------------------------------------------------------------------------------

    def take_up(self, seen: Glance) -> None:
        """Go on from what a glance has found, so that nothing is read twice."""
        self.vary, self._origin = seen.vary, seen.origin
        if seen.verdict is not None:
            self._verdicts[seen.verdict.by] = seen.verdict
        if seen.lines is not None:
            self._carried = Carried(self.parts, seen.lines, seen.presented, seen.loaded)
        if (decision := seen.decision) is not None:
            self.decisions[decision.stack] = decision

    async def decide(self, stack: Stack) -> Decision:
        """Ask the checks of a stack in their order, once per visit.

        A store that cannot be reached is a refusal of its own (503), never a guest; it is asked again next time.
        """
        decision = self.decisions.get(stack.name)
        if decision is not None:
            return decision
        trace: list[Verdict] = []
        try:
            if stack.plain:
                await self._ask_ambient(stack, trace)
            elif not stack.before or await self._walk(stack.before, trace):
                await self._ask_all(stack, trace)
        except StoreError as error:
            return conclude(stack.name, [*trace, unavailable(error)])
        decision = self.decisions[stack.name] = conclude(stack.name, trace)
        return decision

    def identity_in(self, stack: Stack) -> Identity | None:
        """Return the user whom the stack was found to believe; None where it was not asked, or believes none."""
        decision = self.decisions.get(stack.name)
        allowed = decision.verdict if decision is not None else None
        identity = allowed.identity if isinstance(allowed, Allow) else None
        return identity if isinstance(identity, Identity) else None

    async def _ask_all(self, stack: Stack, trace: list[Verdict]) -> None:
        """Ask the guards, and walk the steps that come after a yes or a no."""
        if await self._ask_explicit(stack, trace):
            await self._ask_ambient(stack, trace)
        last = trace[-1]
        if type(last) is not Allow:
            await self._walk(stack.refused, [])
        elif stack.after:
            self.caller = last.identity
            trace.pop()
            if await self._walk(stack.after, trace):
                trace.append(last)

    async def _ask_explicit(self, stack: Stack, trace: list[Verdict]) -> bool:
        """Ask the explicit guards; return whether the ambient ones are to be asked."""
        self.vary |= stack.explicit_vary
        foreign: list[Abstain] = []
        for guard in stack.explicit:
            verdict = self._verdicts.get(guard.name)
            if verdict is None:
                claim = guard.claim(self.facts)
                verdict = claim if type(claim) in _SPOKEN else await self._judge(guard, claim)
                self._verdicts[guard.name] = verdict
            trace.append(verdict)
            if type(verdict) is not Abstain:
                if stack.session and self.parts.session_cookie.values(self.facts.lines(b"cookie")):
                    trace.insert(-1, _COOKIE_NOT_READ)
                return False
            if verdict.reason is Reason.CREDENTIAL_FOREIGN:
                foreign.append(verdict)
        if foreign:  # it was put there on purpose, so nothing weaker may be believed in its place
            trace.append(unknown_kind(foreign))
        return bool(stack.ambient) and not foreign

    async def _judge(self, guard: Guard, claim: object) -> Verdict:
        return guard.judge(claim, await resolve(guard.fetch(claim, self)))

    async def _ask_ambient(self, stack: Stack, trace: list[Verdict]) -> None:
        """Ask in turn. What claims to be proven by ambient facts is looked up only after the origin check.

        A request that claims nothing is not told about CSRF first: a program without a cookie has no business with
        it, and a person whose session is gone should hear just that.
        """
        self.vary = self.vary | stack.ambient_vary if self.vary else stack.ambient_vary
        if stack.session:
            self._present()
        origin: Pass | Deny | None = None
        for guard in stack.ambient:
            verdict = self._verdicts.get(guard.name)
            if verdict is None:
                claim = guard.claim(self.facts)
                if type(claim) in _SPOKEN:
                    verdict = claim
                else:
                    if origin is None:
                        origin = await self.check_origin()
                        trace.append(origin)
                        if type(origin) is Deny:
                            await self._say_who_first(guard, claim, origin, trace)
                            return
                    found = guard.fetch(claim, self)
                    verdict = guard.judge(claim, await found if hasattr(found, "__await__") else found)
                self._verdicts[guard.name] = verdict
            trace.append(verdict)
            if type(verdict) is not Abstain or (
                self.parts.remembering and await self._come_back(guard, trace)
            ):
                return
        if origin is None and not self.facts.safe:
            self._note_origin(trace)

    async def _come_back(self, guard: Guard, trace: list[Verdict]) -> bool:
        """Whether this was the last word: a login came back, or another site must not bring one."""
        if await came_back(self, guard, trace):
            verdict = self._verdicts[guard.name] = guard.judge(b"", await resolve(self.session()))
            trace.append(verdict)
        return type(trace[-1]) in _FINAL

    async def _say_who_first(self, guard: Guard, claim: object, origin: Deny, trace: list[Verdict]) -> None:
        """Where the token is stale because the session is gone, say that instead.

        A page that stood idle has both: told of its token, it would fetch another one and fail again.
        """
        if origin.reason in STALE and SESSION in guard.needs:
            verdict = await self._judge(guard, claim)
            self.carried.leave_untouched()
            if type(verdict) is Abstain and verdict.reason in _GONE:
                trace[-1] = Abstain(origin.by, origin.reason, origin.evidence)
                trace.append(verdict)

    def _note_origin(self, trace: list[Verdict]) -> None:
        """Nobody claimed anything; say all the same if the origin would have been refused, for that is next.

        A form may hold a token, but the body of somebody who claims nothing is not worth reading.
        """
        origin = self._origin or self._weigh_headers()
        if type(origin) is AskToken:
            if self._form is not None and self._form.is_form:
                return
            origin = weigh_token(origin, self._weigh_tokens(self._sent_tokens()))
        if isinstance(origin, Deny):
            trace.append(Abstain(origin.by, origin.reason, origin.evidence))

    async def _walk(self, steps: Sequence[Step], trace: list[Verdict]) -> bool:
        for step in steps:
            verdict = next((verdict for walked, verdict in self._walked if walked == step), None)
            if verdict is None:
                verdict = verdict_of(step, await resolve(step.run(self)))
                self._walked += ((step, verdict),)
            trace.append(verdict)
            if type(verdict) is Deny:
                return False
        return True

    def believe(self, guard: Guard, identity: Identity) -> None:
        """Take somebody's word for this request only: no session, no cookie."""
        self.decisions.clear()
        self._walked = ()
        self._verdicts[guard.name] = Allow(guard.name, Reason.CREDENTIAL_ACCEPTED, identity)

    def stand_at(self, params: Mapping[str, object]) -> None:
        """Take up the path parameters of a route; where it gives a name another value, steps are asked anew."""
        if any(params.get(name, value) != value for name, value in self.params.items()):
            self.decisions.clear()
            self._walked = ()
        self.params = params

    def know(self, identity: Identity, user: Any) -> None:  # noqa: ANN401 - the user is the application's own type
        """Keep a user who was just found, so that nobody looks him up again."""
        self._users[name_of(identity)] = user

    def forget(self) -> None:
        """Decide anew: the visitor has just logged in or out."""
        self.decisions.clear()
        self._verdicts.clear()
        self._users.clear()
        self._walked = ()
        self._present()

    # -- what look-ups may use ----------------------------------------------------------------------------------

    def now(self) -> float:
        """Read the clock of the house, in epoch seconds."""
        return self.parts.clock()

    def tokens(self) -> TokenStore:
        """Return where tokens lie. Raise `ConfigError` where the store keeps none."""
        if self.parts.tokens is None:
            kind = type(self.parts.beside).__name__
            raise ConfigError("store", kind, "It keeps no tokens; memory: and sqlite: do.")
        return self.parts.tokens

    def provider(self, name: str) -> Provider[Any]:
        """Return the users of that name."""
        return self.parts.providers[name]

    def authenticate(self, guard: str, provider: str, credentials: Mapping[str, str]) -> Awaitable[Any]:
        """Find the user whom the credentials prove, or None; an unknown user takes the time of a wrong password."""
        return authenticate(self.parts, guard, self.parts.providers[provider], credentials)

    async def once(self, name: bytes, until: float) -> bool:
        """Whether this name is heard for the first time; it is kept until that moment. One atomic step."""
        store = self.parts.beside
        if not isinstance(store, SingleUse):
            fix = "It cannot tell what was used before; memory: and sqlite: can."
            raise ConfigError("store", type(store).__name__, fix)
        return await store.once(name, until)

    # -- from where ---------------------------------------------------------------------------------------------

    async def check_origin(self) -> Pass | Deny:
        """Weigh where the request comes from, once per visit. Login and logout ask for this by themselves."""
        if self._origin is None:
            verdict = self._weigh_headers()
            if isinstance(verdict, AskToken):
                verdict = weigh_token(verdict, await self._token())
            self._origin = verdict
        return self._origin

    def _weigh_headers(self) -> Pass | Deny | AskToken:
        facts = self.facts
        if facts.method in SAFE_METHODS and not facts.websocket:
            return SAFE
        self.vary = _varying(self.vary)
        if not facts.websocket:
            same = plainly_same(facts.single, self.parts.hosts)
            if same is not None:
                return same
        origins = own_origins(facts, self.parts.origins, self.parts.hosts)
        return origins if type(origins) is Deny else weigh(whence(facts), origins)

    async def _token(self) -> TokenState:
        """Weigh the tokens that came: any genuine one will do, for nobody else can make one."""
        sent = self._sent_tokens()
        if not sent and self._form is not None:
            in_form = await self._form.token()
            sent = [in_form] if in_form else []
        return self._weigh_tokens(sent)

    def _sent_tokens(self) -> list[bytes]:
        return [value for name in TOKEN_HEADERS for value in self.facts.lines(name) if value]

    def _weigh_tokens(self, sent: Sequence[bytes]) -> TokenState:
        if not sent:
            return TokenState.ABSENT
        if any(self.carried.owns_token(token) for token in sent):
            return TokenState.VALID
        strange = any(csrf.unknown_key(self.parts.csrf, token) for token in sent)
        return TokenState.UNKNOWN_KEY if strange else TokenState.INVALID

    # -- what the visitor carries -------------------------------------------------------------------------------

    @property
    def carried(self) -> Carried:
        """The session side of this visit; asking for it reads the cookie."""
        if self._carried is None:
            self.vary |= _COOKIE
            self._carried = Carried.by(self.facts, self.parts)
        return self._carried

    def session(self) -> Loaded | Awaitable[Loaded]:
        """Load the session that the request presents, once per visit."""
        return (self._carried or self.carried).load()

    def _present(self) -> None:
        """Supply the need `session`: what the cookie says becomes one of the facts."""
        carried = self._carried
        if carried is None:
            carried = self._carried = Carried.by(self.facts, self.parts)
        was, presented = self.facts, carried.presented
        if presented is not was.presented:
            self.facts = Facts(
                was.method,
                was.path,
                was.headers,
                was.scheme,
                was.peer,
                was.websocket,
                was.query,
                presented,
                was.single,
            )

    def user(self, identity: Identity) -> Awaitable[Any]:
        """Find the user of an identity, once per visit; a `Deny` when the login has lost its user or password."""
        return user_of(self.parts, identity, self._users)

    # -- leaving ------------------------------------------------------------------------------------------------

    def answer_with(self, name: bytes, value: bytes) -> None:
        """Let the answer carry a header of ours, in place of one of that name said before."""
        self.said = (*(header for header in self.said if header[0] != name), (name, value))

    @property
    def clean(self) -> bool:
        """Whether leaving needs neither a store nor a header of ours."""
        return (self._carried is None or self._carried.clean) and not self.said

    async def settle(self) -> bool:
        """Store what the request changed, before the response leaves; False when its session ended meanwhile."""
        return self._carried is None or await self._carried.settle()

    def cookies(self) -> list[bytes]:
        """Return the Set-Cookie values that the response must carry."""
        return self._carried.cookies() if self._carried is not None else []


@lru_cache(maxsize=256)
def _varying(names: frozenset[bytes]) -> frozenset[bytes]:
    """Add what the origin check reads."""
    return names | ORIGIN_HEADERS
