"""The JWT guard: a token that an issuer signed, believed without asking anybody, for as long as it lives."""

from __future__ import annotations

import inspect
import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal, Protocol, Self, TypeAlias, cast

from msgspec import Struct

from guardhouse.core.claims import ClaimsPolicy, Objection, judge_claims, scopes_of
from guardhouse.core.dpop import WINDOW, Expected, judge_proof
from guardhouse.core.facts import Facts
from guardhouse.core.guard import Need, Supply, header_need
from guardhouse.core.reasons import Reason
from guardhouse.core.verdict import Abstain, Allow, Client, Deny, Identity
from guardhouse.errors import ConfigError
from guardhouse.vault import jws

Claims: TypeAlias = Mapping[str, Any]
Hook: TypeAlias = Callable[[Claims], Any]

DPoP: TypeAlias = Literal["off", "accept", "require"]

_FLAWS: Mapping[jws.Flaw, Reason] = {
    "malformed": Reason.JWT_MALFORMED,
    "algorithm": Reason.JWT_ALGORITHM,
    "signature": Reason.JWT_SIGNATURE,
}
_AUTHORIZATION, _DPOP = b"authorization", b"dpop"
_BEARER = (b"Bearer", b"bearer")
_SEGMENTS = 3
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*[^\s/?#])?").fullmatch


class KeySource(Protocol):
    """Where the keys come from; see `guardhouse.issuers`."""

    def find(self, kid: str | None, algorithm: str) -> jws.Key | Awaitable[jws.Key | None] | None:
        """Find the key that a token names."""
        ...

    def holds(self, key: jws.Key) -> bool:
        """Whether a key that was found before is still one of the issuer's."""
        ...


class Handed(Struct, frozen=True):
    """A token as it came, the proof that came with it, and where to."""

    text: bytes
    scheme: str
    proofs: tuple[bytes, ...]
    method: str
    url: str

    def __repr__(self) -> str:
        return f"Handed({self.scheme}, {self.method})"


class Verified(Struct, frozen=True):
    """A token whose signature is good, and the key that said so."""

    typ: str | None
    claims: dict[str, Any]
    key: jws.Key

    def __repr__(self) -> str:
        return f"Verified({self.key!r})"


class Found(Struct, frozen=True):
    """What came of a token: whom it stands for, or what there is against it."""

    claims: Claims = {}
    user_id: str | None = None
    objection: Objection | None = None

    def __repr__(self) -> str:
        return f"Found({self.objection!r})"


@dataclass(frozen=True, slots=True)
class JWTGuard:
    """Believes `Authorization: Bearer` with an access token that one of `keys` signed.

    `issuer` and `audience` are compared exactly with `iss` and `aud`. A token of a program that calls in its own name
    becomes a `Client`, never a user. `user` says whom the other tokens stand for: by default their `sub`, which is
    right for tokens of your own only; for another issuer's look the user up by (issuer, sub) and return his id, or None.
    `revoked` is asked about every token of every request; without it a token is good until it ends. The signatures of
    `remember` tokens are not verified twice; everything else about them is.

    With `dpop` a token may, or must, be bound to a key of the client (RFC 9449); `url` is then what clients call this
    service, such as https://api.example.com, where the Host header cannot be believed.

    Several of these, each with an issuer of its own, may stand in one area: a token goes to the guard of the issuer that
    it names, and no other guard has a word in it.
    """

    keys: KeySource
    issuer: str
    audience: str | tuple[str, ...]
    types: tuple[str, ...] = ("at+jwt",)
    leeway: timedelta = timedelta(seconds=30)
    longest: timedelta | None = timedelta(days=1)
    user: Hook | None = None
    client: Callable[[Claims], str | None] | None = None
    revoked: Hook | None = None
    scope: str = "scope"
    dpop: DPoP = "off"
    url: str | None = None
    remember: int = 1024
    provider: str | None = None
    name: str = ""

    elsewhere: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The issuers of other guards in the same area, whose tokens are theirs."""

    policy: ClaimsPolicy = field(init=False, repr=False)
    _seen: dict[bytes, Verified] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        audience = (self.audience,) if isinstance(self.audience, str) else self.audience
        policy = ClaimsPolicy(self.issuer, audience, self.types, self.leeway, self.longest)
        object.__setattr__(self, "policy", policy)
        object.__setattr__(self, "_seen", {})
        if isinstance(self.keys, type) or not all(
            callable(getattr(self.keys, verb, None)) for verb in ("find", "holds")
        ):
            # What was handed in may be the secret itself, so its kind is all that is said of it.
            fix = "Hand in Keys.of(material, algorithm), Keys([Key.of(...), ...]) or JWKS(url)."
            raise ConfigError("guard keys", type(self.keys).__name__, fix)
        if self.url is not None and not _ADDRESS(self.url):
            fix = "Write what clients call this service, without a slash at its end: https://api.example.com."
            raise ConfigError("guard url", self.url, fix)
        if self.dpop not in ("off", "accept", "require"):
            raise ConfigError("guard dpop", self.dpop, "It is one of: off, accept, require.")
        if self.remember < 0:
            raise ConfigError("guard remember", self.remember, "Write how many tokens, or 0 for none.")

    @property
    def needs(self) -> tuple[Need, ...]:
        """Say which headers are read."""
        proof = () if self.dpop == "off" else (header_need("DPoP"),)
        return (header_need("Authorization"), *proof)

    @property
    def scheme(self) -> str:
        """Name the scheme of Authorization that tokens come with."""
        return "DPoP" if self.dpop == "require" else "Bearer"

    @property
    def schemes(self) -> tuple[str, ...]:
        """Name all of them."""
        return ("Bearer", "DPoP") if self.dpop == "accept" else (self.scheme,)

    @property
    def says(self) -> tuple[str, ...]:
        """Say how the reasons begin that this guard gives besides those of all guards."""
        return ("jwt_",) if self.dpop == "off" else ("jwt_", "dpop_")

    def named(self, name: str, provider: str) -> Self:
        """Return this guard under the name and provider it has in a house."""
        return replace(self, name=name, provider=provider)

    def beside(self, others: Sequence[object]) -> Self:
        """Return this guard as it is among others: tokens that name another one's issuer are left to that one."""
        issuers = frozenset(guard.issuer for guard in others if isinstance(guard, JWTGuard)) - {self.issuer}
        return replace(self, elsewhere=issuers) if issuers else self

    # -- claim --------------------------------------------------------------------------------------------------

    def claim(self, facts: Facts) -> Handed | Abstain | Deny:
        """Read the header. What has not three parts is a token of another kind."""
        lines = facts.lines(_AUTHORIZATION)
        if not lines:
            return Abstain(self.name, Reason.NO_CREDENTIAL, self._need())
        line, *more = lines
        if more:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
        scheme, _, text = line.partition(b" ")
        text = text.strip(b" ")
        if scheme != b"Bearer":
            scheme = scheme.lower()
        if scheme not in _BEARER and (scheme != b"dpop" or self.dpop == "off"):
            return Abstain(self.name, Reason.NO_CREDENTIAL, self._need())
        if not text:
            return Deny(self.name, Reason.CREDENTIAL_MALFORMED, self._need())
        if text.count(b".") != _SEGMENTS - 1 and not text.startswith(b"eyJ"):
            return Abstain(self.name, Reason.CREDENTIAL_FOREIGN, self._need())
        if self.elsewhere and jws.issuer_said(text) in self.elsewhere:
            return Abstain(self.name, Reason.CREDENTIAL_FOREIGN, self._need())
        if self.dpop == "off":
            return Handed(text, "bearer", (), "", "")
        return Handed(text, scheme.decode().lower(), facts.lines(_DPOP), facts.method, self._url(facts))

    def _url(self, facts: Facts) -> str:
        host = (facts.header(b"host") or b"").decode("latin-1")
        return f"{self.url or f'{facts.scheme}://{host}'}{facts.path}"

    def _need(self) -> dict[str, object]:
        return {"need": f"Authorization: {self.scheme} <JWT>"}

    # -- fetch --------------------------------------------------------------------------------------------------

    def fetch(self, claim: Handed, supply: Supply) -> Found | Awaitable[Found]:
        """Verify the signature, then all else; wait only for keys that must be fetched, for hooks, and for proofs."""
        digest = self._digest(claim)
        seen = self._seen.get(digest)
        if seen is not None and self.keys.holds(seen.key):
            return self._weighed(seen, claim, supply)
        try:
            token = jws.read(claim.text)
            key = self.keys.find(token.protected.kid, token.protected.alg)
            if key is None or isinstance(key, jws.Key):
                return self._weighed(self._verified(digest, token, key), claim, supply)
            return self._later(digest, token, key, claim, supply)
        except jws.JWSError as error:
            return Found(objection=(_FLAWS[error.flaw], {}))

    def remembered(self, claim: Handed, now: float) -> Found | None:
        """Weigh a token whose signature was verified before; None where there is more to ask than its claims."""
        seen = None if self.asks else self._seen.get(self._digest(claim))
        if seen is None or not self.keys.holds(seen.key):
            return None
        objection = judge_claims(seen.typ, seen.claims, self.policy, now)
        if objection is None and "cnf" in seen.claims:
            return None
        return Found(seen.claims, seen.claims.get("sub"), objection)

    @property
    def asks(self) -> bool:
        """Whether anything is asked about a token besides what it says itself."""
        return self.revoked is not None or self.user is not None or self.dpop != "off"

    def _digest(self, claim: Handed) -> bytes:
        """Name a token, so that none has to be kept; nothing where none is remembered."""
        return sha256(claim.text).digest() if self.remember else b""

    async def _later(
        self, digest: bytes, token: jws.Read, key: Awaitable[jws.Key | None], claim: Handed, supply: Supply
    ) -> Found:
        try:
            verified = self._verified(digest, token, await key)
        except jws.JWSError as error:
            return Found(objection=(_FLAWS[error.flaw], {}))
        found = self._weighed(verified, claim, supply)
        return found if isinstance(found, Found) else await found

    def _verified(self, digest: bytes, token: jws.Read, key: jws.Key | None) -> Verified | None:
        if key is None:
            return None
        key.verify(token)
        verified = Verified(token.protected.typ, token.claims(), key)
        if self.remember:
            while len(self._seen) >= self.remember:
                self._seen.pop(next(iter(self._seen)), None)
            self._seen[digest] = verified
        return verified

    def _weighed(self, verified: Verified | None, claim: Handed, supply: Supply) -> Found | Awaitable[Found]:
        if verified is None:
            return Found(objection=(Reason.JWT_KEY_UNKNOWN, {}))
        claims, now = verified.claims, supply.now()
        objection = judge_claims(verified.typ, claims, self.policy, now)
        if objection is not None:
            return Found(objection=objection)
        if not self.asks and "cnf" not in claims:
            return Found(claims, claims.get("sub"))
        return self._asked(claims, claim, supply)

    async def _asked(self, claims: Claims, claim: Handed, supply: Supply) -> Found:
        """Ask what only the application, or the client's proof, can say."""
        objection = await self._bound(claims, claim, supply)
        if objection is not None:
            return Found(objection=objection)
        if self.revoked is not None and await _said(self.revoked(claims)):
            return Found(objection=(Reason.JWT_REVOKED, {}))
        if self.user is None or self._client_in(claims) is not None:
            return Found(claims, claims.get("sub"))
        return Found(claims, await _said(self.user(claims)))

    # -- proofs of possession -----------------------------------------------------------------------------------

    async def _bound(self, claims: Claims, claim: Handed, supply: Supply) -> Objection | None:
        """Hold a bound token against its proof; a bound one as Bearer, and an unbound one as DPoP, is a mistake."""
        confirmed = claims.get("cnf")
        bound: object = cast("Claims", confirmed).get("jkt") if isinstance(confirmed, dict) else None
        if (bound is None) is not (claim.scheme == "bearer") or (bound is None and confirmed is not None):
            return Reason.DPOP_SCHEME, {"scheme": claim.scheme}
        if bound is None:
            return (Reason.DPOP_MISSING, {}) if self.dpop == "require" else None
        if len(claim.proofs) != 1:
            return Reason.DPOP_MISSING if not claim.proofs else Reason.DPOP_INVALID, {
                "proofs": len(claim.proofs)
            }
        return await self._proven(claim, bound, supply)

    async def _proven(self, claim: Handed, bound: object, supply: Supply) -> Objection | None:
        now = supply.now()
        try:
            proof = jws.read(claim.proofs[0], embedded=True)
            key = jws.Key.of(_public(proof.protected.jwk), proof.protected.alg)
            key.verify(proof)
            claims = proof.claims()
        except (jws.JWSError, ConfigError):
            return Reason.DPOP_INVALID, {"problem": "signature"}
        ath = urlsafe_b64encode(sha256(claim.text).digest()).rstrip(b"=").decode()
        problem = judge_proof(proof.protected.typ, claims, Expected(claim.method, claim.url, ath), now)
        if problem is None and (key.thumbprint is None or key.thumbprint != bound):
            problem = "jkt"
        if problem is not None:
            return Reason.DPOP_INVALID, {"problem": problem}
        used = sha256(f"dpop {key.thumbprint} {claims['jti']}".encode()).digest()
        fresh = await supply.once(used, now + 2 * WINDOW)
        return None if fresh else (Reason.DPOP_REPLAYED, {})

    # -- judge --------------------------------------------------------------------------------------------------

    def judge(self, claim: Handed, found: Found) -> Allow | Deny:  # noqa: ARG002 - weighed when it was looked up
        """Believe the user, or the client, whom the token is about."""
        if found.objection is not None:
            reason, evidence = found.objection
            return Deny(self.name, reason, evidence)
        claims = found.claims
        abilities, token = scopes_of(claims, self.scope), claims.get("jti")
        client = self._client_in(claims)
        if client is not None:
            caller = Client(client, self.issuer, self.name, "jwt", abilities, token)
            return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, caller)
        if not isinstance(found.user_id, str) or not found.user_id:
            return Deny(self.name, Reason.CREDENTIAL_REJECTED, {"need": "a subject that is a user here"})
        since = claims.get("auth_time", claims["iat"])
        since = float(since) if isinstance(since, (int, float)) else None
        identity = Identity(
            found.user_id, self.provider or "", self.name, "jwt", since, None, abilities, token
        )
        return Allow(self.name, Reason.CREDENTIAL_ACCEPTED, identity)

    def _client_in(self, claims: Claims) -> str | None:
        """Name the client whom a token is about, if it is about no user (RFC 9068 2.2: then it is its own subject).

        The id of a client that happens to be the id of a user must not become that user (CVE-2026-39976).
        """
        if self.client is not None:
            return self.client(claims)
        client: str | None = claims.get("client_id")
        return client if client is not None and claims.get("sub", client) == client else None


def _public(jwk: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if jwk is None or "d" in jwk or jwk.get("kty") == "oct":
        raise jws.JWSError("malformed")
    return jwk


async def _said(answer: Any) -> Any:  # noqa: ANN401 - an application's own function
    return await answer if inspect.isawaitable(answer) else answer
