"""A login at somebody else's login server: `begin` writes where to go, `finish` says who came back.

Nothing is kept here but addresses and keys. What was begun is a value that the session of that browser keeps
(`state.started`), and who came back is one that a flow decides about (`flows.foreign`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from typing import Any

from msgspec import Struct

from guardhouse.core.intended import local_path
from guardhouse.core.reason import Reason
from guardhouse.errors import ConfigError, IssuerUnavailableError
from guardhouse.issuers.answer import Answer, judge_answer
from guardhouse.issuers.discovery import Discovery, Endpoints
from guardhouse.issuers.exchange import Tokens, authorize_url, exchange
from guardhouse.issuers.id_token import Expected, judge_id_token
from guardhouse.issuers.jwks import JWKS
from guardhouse.issuers.profile import (
    of_claims,
    of_userinfo,
    subject_in,
    verified_address,
)
from guardhouse.issuers.providers import ForeignProvider, OAuth2Provider, OpenIdProvider, secure
from guardhouse.issuers.wire import Wire, object_of, refuse_missing, value_of
from guardhouse.state.foreign import ForeignIdentity, ForeignRefusal
from guardhouse.state.started import LIFETIME, Started
from guardhouse.vault import jws

__all__ = ["Begun", "ForeignLogin"]

_FLAWS: Mapping[jws.Flaw, str] = {"malformed": "form", "algorithm": "alg", "signature": "signature"}


class Begun(Struct, frozen=True):
    """Where the browser goes, and what its session keeps meanwhile."""

    url: str
    started: Started

    def __repr__(self) -> str:
        return f"Begun({self.started!r})"


class ForeignLogin:
    """One foreign login server, ready to be used; one for the life of the application."""

    def __init__(
        self,
        provider: ForeignProvider,
        *,
        wire: Wire | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], str] = lambda: token_urlsafe(32),
    ) -> None:
        refuse_missing()
        self.provider = provider
        self._wire = wire or Wire()
        self._clock = clock
        self._monotonic = monotonic
        self._random = random
        self._discovery = Discovery(provider.issuer, self._wire.get, monotonic)
        self._keys: JWKS | None = None

    async def begin(
        self, redirect_uri: str, *, intended: str = "/", owner: str | None = None
    ) -> Begun | ForeignRefusal:
        """Write the address of a login, and what the browser's session must keep until it comes back.

        `redirect_uri` is this application's own address for this login server and no other, as it is registered there: one made
        of `public_url`. `owner` is who is logged in and wants the login linked to himself.
        """
        if not secure(redirect_uri):
            fix = "It is an https address of this application, made of its public_url; http only on this machine."
            raise ConfigError(f"{self.provider.name} redirect_uri", redirect_uri, fix)
        try:
            endpoints = await self._endpoints()
        except IssuerUnavailableError as error:
            return _away(error)
        now = self._clock()
        started = Started(
            provider=self.provider.name,
            issuer=self.provider.issuer,
            state=self._random(),
            nonce=self._random(),
            verifier=self._random(),
            redirect_uri=redirect_uri,
            intended=local_path(intended) or "/",
            began=now,
            ends=now + LIFETIME,
            owner=owner,
        )
        return Begun(authorize_url(self.provider, endpoints, started), started)

    async def finish(self, answer: Answer, started: Started | None) -> ForeignIdentity | ForeignRefusal:
        """Say who came back; `started` is what this browser's session gave out for the answer's state, None for nothing."""
        if started is None or not self._begun_here(answer, started):
            return ForeignRefusal(Reason.FOREIGN_STATE)
        try:
            return await self._finish(answer, started)
        except (IssuerUnavailableError, OSError, ValueError) as error:
            return _away(error)

    def _begun_here(self, answer: Answer, started: Started) -> bool:
        named = (started.provider, started.issuer, started.state)
        mine = named == (self.provider.name, self.provider.issuer, answer.state)
        return mine and started.began <= self._clock() < started.ends

    async def _finish(self, answer: Answer, started: Started) -> ForeignIdentity | ForeignRefusal:
        endpoints = await self._endpoints()
        objection = judge_answer(answer, started, endpoints)
        if objection is not None:
            return objection
        tokens = await exchange(self.provider, endpoints, started, answer.code or "", self._wire)
        if isinstance(tokens, ForeignRefusal):
            return tokens
        if isinstance(self.provider, OAuth2Provider):
            return await self._told(self.provider, tokens)
        return await self._proven(self.provider, endpoints, started, tokens)

    async def _endpoints(self) -> Endpoints:
        provider = self.provider
        if isinstance(provider, OpenIdProvider):
            return await self._discovery.endpoints()
        return Endpoints(provider.issuer, provider.authorize, provider.token, userinfo=provider.userinfo)

    # -- OpenID Connect -----------------------------------------------------------------------------------------

    async def _proven(
        self, provider: OpenIdProvider, endpoints: Endpoints, started: Started, tokens: Tokens
    ) -> ForeignIdentity | ForeignRefusal:
        """Believe the ID token, and ask for the address where it has none."""
        max_age = provider.max_age.total_seconds() if provider.max_age is not None else None
        expected = Expected(
            provider.issuer, provider.client_id, started.nonce, tokens.access, max_age, provider.acr
        )
        try:
            claims = await self._verified(provider, endpoints, tokens, expected)
        except jws.JWSError as error:
            return _disbelieved(_FLAWS[error.flaw])
        if isinstance(claims, str):
            return _disbelieved(claims)
        more: Mapping[str, Any] = {}
        if "email" not in claims and "email" in provider.scopes and endpoints.userinfo is not None:
            more = object_of(await self._wire.get(endpoints.userinfo, tokens.access))
            if more.get("sub") != claims["sub"]:  # OpenID Connect Core 5.3.2: another person's
                return _disbelieved("sub of userinfo")
        return of_claims(provider.name, claims, more)

    async def _verified(
        self, provider: OpenIdProvider, endpoints: Endpoints, tokens: Tokens, expected: Expected
    ) -> Mapping[str, Any] | str:
        """Return the claims, or the name of what is wrong."""
        if tokens.id is None:
            return "id_token"
        token = jws.read(tokens.id.encode())
        protected = token.protected
        if protected.alg not in self._algorithms(provider, endpoints):
            return "alg"
        found = self._jwks(provider, endpoints).find(protected.kid, protected.alg)
        key = found if found is None or isinstance(found, jws.Key) else await found
        if key is None:
            return "kid"
        key.verify(token)
        claims = token.claims()
        problem = judge_id_token(protected, claims, expected, self._clock())
        return claims if problem is None else problem

    def _algorithms(self, provider: OpenIdProvider, endpoints: Endpoints) -> frozenset[str]:
        """Take what both sides name; what the token says chooses among these and no others."""
        ours = frozenset(provider.algorithms)
        return ours if endpoints.algorithms is None else ours & frozenset(endpoints.algorithms)

    def _jwks(self, provider: OpenIdProvider, endpoints: Endpoints) -> JWKS:
        url = endpoints.jwks or ""
        if self._keys is None or self._keys.url != url:
            self._keys = JWKS(
                url, algorithms=provider.algorithms, fetch=self._wire.get, clock=self._monotonic
            )
        return self._keys

    # -- OAuth 2.0 ----------------------------------------------------------------------------------------------

    async def _told(self, provider: OAuth2Provider, tokens: Tokens) -> ForeignIdentity | ForeignRefusal:
        """Ask whose token it is. It came straight from there over TLS, for our code and our verifier."""
        profile = object_of(await self._wire.get(provider.userinfo, tokens.access))
        subject = subject_in(profile, provider.subject)
        if subject is None:
            return _disbelieved(f"{provider.subject} of userinfo")
        address = None
        if provider.emails is not None:
            address = verified_address(value_of(await self._wire.get(provider.emails, tokens.access)))
        return of_userinfo(provider.name, provider.issuer, subject, profile, address)


def _disbelieved(problem: str) -> ForeignRefusal:
    return ForeignRefusal(Reason.FOREIGN_TOKEN, {"problem": problem})


def _away(error: Exception) -> ForeignRefusal:
    trouble = getattr(error, "trouble", None) or str(error) or type(error).__name__
    return ForeignRefusal(Reason.FOREIGN_UNAVAILABLE, {"trouble": trouble})
