"""What the claims of a signed token must say before anybody is believed (RFC 8725, RFC 9068), as one plain function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Any, cast

from guardhouse.core.reason import Reason
from guardhouse.errors import ConfigError

__all__ = ["ClaimsPolicy", "Objection", "judge_claims", "scopes_of"]

LONGEST_NAME = 255
"""How long `sub` may be (OpenID Connect Core 2)."""

_LAST = 1e12
_NUMBERS = frozenset({int, float})

Objection = tuple[Reason, Mapping[str, object]]
"""Why not, and what of the token led to it."""


@dataclass(frozen=True, slots=True)
class ClaimsPolicy:
    """Whose tokens, for whom, of which type, and for how long at most.

    `audience` are the names of this service; a token must carry one of them. `types` are accepted values of `typ`.
    `leeway` forgives clocks that differ. `longest` is the longest life of a token, from `iat` to `exp`; None accepts
    any.
    """

    issuer: str
    audience: tuple[str, ...]
    types: tuple[str, ...] = ("at+jwt",)
    leeway: timedelta = timedelta(seconds=30)
    longest: timedelta | None = timedelta(days=1)
    accepted: frozenset[str] = field(init=False, repr=False)
    """The types as they are compared: without `application/`, in small letters (RFC 7515 4.1.9)."""
    grace: float = field(init=False, repr=False)
    """The leeway in seconds."""
    life: float = field(init=False, repr=False)
    """The longest life in seconds."""

    def __post_init__(self) -> None:
        if not self.issuer:
            raise ConfigError("issuer", self.issuer, "Name the issuer exactly as its tokens do, in `iss`.")
        _refuse_no_names("audience", self.audience)
        _refuse_no_names("types", self.types)
        if not timedelta(0) <= self.leeway <= timedelta(minutes=5):
            raise ConfigError("leeway", self.leeway, "Forgive five minutes at most; mend the clocks instead.")
        object.__setattr__(self, "accepted", frozenset(map(_short, self.types)))
        object.__setattr__(self, "grace", self.leeway.total_seconds())
        object.__setattr__(self, "life", inf if self.longest is None else self.longest.total_seconds())


def judge_claims(
    typ: str | None, claims: Mapping[str, Any], policy: ClaimsPolicy, now: float
) -> Objection | None:
    """Say why a token is no good, or None. Its signature has been verified."""
    if typ not in policy.accepted and _short(typ or "") not in policy.accepted:
        return Reason.JWT_TYPE, {"typ": _short(typ or "")[:40], "accepted": ", ".join(policy.types)}
    if claims.get("iss") != policy.issuer:
        return Reason.JWT_ISSUER, {"expected": policy.issuer}
    return _wrong_audience(claims, policy) or _wrong_subject(claims) or _wrong_time(claims, policy, now)


def _short(typ: str) -> str:
    return typ.lower().removeprefix("application/")


def _refuse_no_names(key: str, names: tuple[str, ...]) -> None:
    """Refuse a text too, of which each character would be a name."""
    if type(names) is not tuple or not names or not all(names):
        raise ConfigError(key, repr(names), f"Name at least one, in a tuple: {key}=('...',).")


def scopes_of(claims: Mapping[str, Any], claim: str = "scope") -> frozenset[str]:
    """Read what a token is good for: exact words, as one text or as a list. No claim is nothing."""
    said = claims.get(claim)
    if isinstance(said, str):
        named = frozenset(said.split(" "))
        return named - {""} if "" in named else named
    words = cast("list[object]", said) if isinstance(said, list) else []
    return frozenset(word for word in words if isinstance(word, str))


def _wrong_audience(claims: Mapping[str, Any], policy: ClaimsPolicy) -> Objection | None:
    audience: object = claims.get("aud")
    if isinstance(audience, str) and audience in policy.audience:
        return None
    names = cast("list[object]", audience) if isinstance(audience, list) else [audience]
    ours = False
    for name in names:
        if not isinstance(name, str):
            return _missing("aud")
        ours = ours or name in policy.audience
    if not names:
        return _missing("aud")
    return None if ours else (Reason.JWT_AUDIENCE, {"expected": ", ".join(policy.audience)})


def _wrong_subject(claims: Mapping[str, Any]) -> Objection | None:
    """Every token is about somebody: a user, or a client that may be named as its own subject."""
    if "sub" not in claims and "client_id" not in claims:
        return _missing("sub")
    for name in ("sub", "client_id", "jti"):
        if name in claims:
            value = claims[name]
            if type(value) is not str or not 0 < len(value) <= LONGEST_NAME:
                return _missing(name)
    return None


def _wrong_time(claims: Mapping[str, Any], policy: ClaimsPolicy, now: float) -> Objection | None:
    exp: Any = claims.get("exp")
    iat: Any = claims.get("iat")
    nbf: Any = claims.get("nbf", 0)
    for moment in (exp, iat, nbf):
        # True is an int in Python, and NaN is before no year; the last one here is 33658.
        if type(moment) not in _NUMBERS or not -_LAST < moment < _LAST:
            return _missing("exp" if moment is exp else "iat" if moment is iat else "nbf")
    if not now < exp + policy.grace:
        return Reason.JWT_EXPIRED, {"for": f"{now - exp:.0f} seconds"}
    latest = now + policy.grace
    if not (iat <= latest and nbf <= latest):
        return Reason.JWT_NOT_YET, {"for": f"{max(iat, nbf) - now:.0f} seconds"}
    if not exp - iat <= policy.life:
        return Reason.JWT_LIFETIME, {"longest": str(policy.longest)}
    return None


def _missing(claim: str) -> Objection:
    return Reason.JWT_CLAIMS, {"claim": claim}
