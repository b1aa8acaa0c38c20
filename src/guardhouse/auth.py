"""The desk of one session guard during one visit: hand in credentials, log in, log out, ask who is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from guardhouse.core.answer import Refusal
from guardhouse.core.events import Attempting, Authenticated, Event, Failed, Login, Logout
from guardhouse.core.provider import Provider
from guardhouse.core.reasons import Reason
from guardhouse.core.stack import Stack
from guardhouse.core.verdict import Allow, Deny, Identity
from guardhouse.devices import Device, Devices
from guardhouse.errors import StoreError
from guardhouse.gate.authentication import authenticate, named
from guardhouse.gate.coming_back import Remembers
from guardhouse.gate.outage import OUTAGES
from guardhouse.gate.parts import resolve
from guardhouse.gate.refused import refused
from guardhouse.gate.visit import Visit
from guardhouse.guards.session import SessionGuard
from guardhouse.state import fingerprint, record
from guardhouse.state.device import described, network_from
from guardhouse.state.session import CONFIRMED

U = TypeVar("U")

REMEMBERED = "remembered"
"""The one proof of a login that came back by itself: it counts for nothing where a proof is asked for."""


class Auth(Generic[U]):
    """What an application does at a session guard: `attempt`, `login`, `logout`, `once`, `validate`, `user`.

    Login and logout check where the request comes from by themselves, so that a page of another site can neither
    log a visitor in as somebody else nor log him out.
    """

    def __init__(self, visit: Visit, guard: SessionGuard, stack: Stack) -> None:
        self._visit = visit
        self._guard = guard
        self._stack = stack
        self._parts = visit.parts
        self._provider: Provider[U] = visit.parts.providers[guard.provider or ""]

    async def identity(self) -> Identity | None:
        """Return who is logged in, without looking the user up; None for a guest."""
        verdict = (await self._visit.decide(self._stack)).verdict
        if isinstance(verdict, Allow):
            return verdict.identity if isinstance(verdict.identity, Identity) else None
        if verdict.reason in OUTAGES:
            # Broken is not absent: nobody becomes a guest by it.
            raise StoreError(str(verdict.evidence["trouble"]))
        return None

    async def user(self) -> U | None:
        """Return the user who is logged in, None for a guest or a login that is no longer good."""
        identity = await self.identity()
        found = await self._visit.user(identity) if identity else None
        return None if isinstance(found, Deny) else found

    async def impersonator(self) -> U | None:
        """Return who acts in the place of who is logged in; None where he came himself. Show it on every page."""
        identity = await self.identity()
        found = await self._visit.user(identity.behind) if identity is not None and identity.behind else None
        return None if isinstance(found, Deny) else found

    async def check(self) -> bool:
        """Whether a user is logged in."""
        return await self.user() is not None

    async def validate(self, credentials: Mapping[str, str]) -> bool:
        """Whether the credentials are right; nobody is logged in."""
        return await self._proven(credentials) is not None

    async def attempt(self, credentials: Mapping[str, str], *, remember: bool = False) -> U | None:
        """Log the user in whom the credentials prove; None when they do not.

        `credentials` holds the password under `password` and whatever names the user. A wrong password and an
        unknown user take the same time and look the same. Raises `Refused` when another site sent the request.
        """
        await self.check_origin()
        await self._emit(Attempting(self._guard.name, named(credentials), remember))
        user = await self._proven(credentials)
        if user is not None:
            await self.login(user, remember=remember, proofs=("password",))
        return user

    async def proven(self, credentials: Mapping[str, str], *, remember: bool = False) -> U | None:
        """Return the user whom the credentials prove, for a way in that goes on from there; nobody is logged in."""
        await self.check_origin()
        await self._emit(Attempting(self._guard.name, named(credentials), remember))
        return await self._proven(credentials)

    async def once(self, credentials: Mapping[str, str]) -> U | None:
        """Take the credentials for this request only: no session, no cookie."""
        await self._emit(Attempting(self._guard.name, named(credentials)))
        user = await self._proven(credentials)
        if user is not None:
            self._visit.believe(self._guard, self._identity_of(user))
            await self._know(user, None)
        return user

    async def login(self, user: U, *, remember: bool = False, proofs: Sequence[str] = ()) -> None:
        """Log a user in: a new session id, the old one dead in the same step, new CSRF tokens.

        `proofs` say by what he proved himself, such as `password` or `totp`, for steps that ask for more than one.
        Raises `Refused` for a user who is disabled, whatever he has proven himself by.
        """
        await self.check_origin()
        await self._check_disabled(user)
        remembers = self._remembers
        if remembers is not None:
            await remembers.leave(self._visit)
        begun = await remembers.begin(self._visit, user, proofs) if remembers and remember else None
        series = begun.name if begun else None
        await self._enter(user, proofs, remember=remember and not remembers, series=series)
        if begun:
            self._visit.carried.set_cookie(self._parts.cookie.remember, begun.cookie)
        await self._entered(user, remember=remember)

    async def come_back(self, user: U, series: str) -> None:
        """Log in a user whose browser stays logged in, under a new session id. He proves nothing by it anew."""
        await self.check_origin()
        await self._check_disabled(user)
        await self._enter(user, (REMEMBERED,), remember=False, series=series)
        await self._entered(user, remember=True)

    async def _enter(self, user: U, proofs: Sequence[str], *, remember: bool, series: str | None) -> None:
        """Write the login."""
        stored = self._provider.password_of(user)
        login = record.Login(
            user_id=self._provider.id_of(user),
            provider=self._guard.provider or "",
            guard=self._guard.name,
            at=self._parts.clock(),
            fingerprint=None if stored is None else fingerprint.take(self._parts.logins, stored),
            device=described(b"".join(self._visit.facts.lines(b"user-agent")[:1])),
            address=network_from(self._visit.facts.peer),
            proofs=" ".join(proofs),
        )
        await self._visit.carried.log_in(self._guard.realm or "", login, remember=remember, series=series)
        self._visit.forget()
        self._visit.know(self._identity_of(user, login.fingerprint), user)

    async def _entered(self, user: U, *, remember: bool) -> None:
        await self._emit(Login(self._guard.name, user, remember))
        await self._emit(Authenticated(self._guard.name, user))

    async def confirm(self, password: str) -> bool:
        """Check the password of who is logged in once more, which counts where a step asks for that.

        The session goes on under a new id (ASVS 7.2.4). A wrong password changes nothing; throttle it as a login.
        """
        await self.check_origin()
        user = await self.user()
        if user is None:
            return False
        checked = await self._parts.passwords.check(password, self._provider.password_of(user))
        if not checked.ok:
            await self._emit(Failed(self._guard.name, user, {}))
            return False
        session = await self._visit.carried.open()
        owner = f"{self._guard.provider}:{self._provider.id_of(user)}"
        session[CONFIRMED] = {**session.get(CONFIRMED, {}), owner: self._parts.clock()}
        await self._visit.carried.renew()
        self._visit.forget()
        return True

    async def logout(self) -> None:
        """Log out of this guard's realm. The session id is dead at once, on every machine that shares the store."""
        await self.check_origin()
        identity = await self.identity()
        await self._leave()
        await self._visit.carried.log_out(self._guard.realm or "")
        self._visit.forget()
        await self._emit(Logout(self._guard.name, identity))

    async def devices(self) -> Sequence[Device]:
        """List the sessions that the user has anywhere, this one first; a guest has none."""
        user = await self.user()
        return [] if user is None else await self._devices.list(user, current=await self._current())

    async def end_device(self, public_id: str) -> bool:
        """End one session of the user, at once and everywhere; False when he has none of that id. This one is logged out."""
        await self.check_origin()
        user = await self.user()
        if user is None:
            return False
        current = await self._current()
        if current is not None and current.public_id == public_id:
            await self._end_this()
            return True
        return await self._devices.end(user, public_id)

    async def end_other_devices(self) -> int | None:
        """End every session of the user but this one, at once and everywhere.

        Return how many there were; None where they lie in cookies, and nobody can count them.
        """
        await self.check_origin()
        user = await self.user()
        if user is None:
            return 0
        if await self._current() is None:
            return await self._devices.end_all(user)
        return await self._devices.end_others(user, self._visit.carried)

    async def _end_this(self) -> None:
        """End the session of this request with the logins of all its realms, as it would be ended from elsewhere."""
        identity = await self.identity()
        await self._leave()
        await self._visit.carried.end()
        self._visit.forget()
        await self._emit(Logout(self._guard.name, identity))

    async def _leave(self) -> None:
        """Let this browser stay logged in no more, before its session ends: nothing may bring it back."""
        if self._remembers is not None:
            await self._remembers.leave(self._visit)

    @property
    def _remembers(self) -> Remembers | None:
        return self._parts.remembering.get(self._guard.realm or "")

    @property
    def _devices(self) -> Devices[U]:
        return Devices(self._parts, self._guard)

    async def _current(self) -> record.Record | None:
        """Return the session of this request, if the user is in it: one who was believed for a moment has none."""
        identity = await self.identity()
        loaded = await resolve(self._visit.session())
        by_session = identity is not None and identity.how == "session"
        return loaded if by_session and isinstance(loaded, record.Record) else None

    async def _proven(self, credentials: Mapping[str, str]) -> U | None:
        return await authenticate(self._parts, self._guard.name, self._provider, credentials)

    async def _know(self, user: U, fingerprint: str | None) -> None:
        self._visit.know(self._identity_of(user, fingerprint), user)
        await self._emit(Authenticated(self._guard.name, user))

    async def check_origin(self) -> None:
        """Raise `Refused` when another site sent the request. `attempt`, `login` and `logout` begin with this."""
        verdict = await self._visit.check_origin()
        if isinstance(verdict, Deny):
            raise await self._refused(verdict, {"endpoint": self._parts.csrf_url, **verdict.evidence})

    async def _check_disabled(self, user: U) -> None:
        disabled = self._parts.disabled.get(self._guard.provider or "")
        if disabled is not None and disabled(user):
            evidence = {"provider": self._guard.provider}
            raise await self._refused(Deny(self._guard.name, Reason.USER_DISABLED, evidence), evidence)

    async def _refused(self, verdict: Deny, evidence: Mapping[str, object]) -> Exception:
        refusal = Refusal(verdict.reason, verdict.by, evidence, self._stack.name, (verdict,))
        return await refused(self._visit, refusal, self._stack)

    async def _emit(self, event: Event) -> None:
        await self._parts.emit(event)

    def _identity_of(self, user: U, fingerprint: str | None = None) -> Identity:
        provider, name = self._guard.provider or "", self._guard.name
        return Identity(self._provider.id_of(user), provider, name, "once", fingerprint=fingerprint)
