"""What the claims of a signed token must say before anybody is believed (RFC 8725, RFC 9068), as one plain function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeGuard, cast

from guardhouse.core.reason import Reason
from guardhouse.errors import ConfigError

__all__ = ["ClaimsPolicy", "Objection", "judge_claims", "scopes_of"]

LONGEST_NAME = 255
"""How long `sub` may be (OpenID Connect Core 2)."""

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

    def __post_init__(self) -> None:
        if not self.issuer:
            raise ConfigError("issuer", self.issuer, "Name the issuer exactly as its tokens do, in `iss`.")
        _refuse_no_names("audience", self.audience)
        _refuse_no_names("types", self.types)
        if not timedelta(0) <= self.leeway <= timedelta(minutes=5):
            raise ConfigError("leeway", self.leeway, "Forgive five minutes at most; mend the clocks instead.")


def judge_claims(
    typ: str | None, claims: Mapping[str, Any], policy: ClaimsPolicy, now: float
) -> Objection | None:
    """Say why a token is no good, or None. Its signature has been verified."""
    named = (typ or "").lower().removeprefix("application/")
    if named not in [accepted.lower().removeprefix("application/") for accepted in policy.types]:
        return Reason.JWT_TYPE, {"typ": named[:40], "accepted": ", ".join(policy.types)}
    issuer = claims.get("iss")
    if issuer != policy.issuer:
        return Reason.JWT_ISSUER, {"expected": policy.issuer}
    return _wrong_audience(claims, policy) or _wrong_subject(claims) or _wrong_time(claims, policy, now)


def _refuse_no_names(key: str, names: tuple[str, ...]) -> None:
    """Refuse a text too, of which each character would be a name."""
    if type(names) is not tuple or not names or not all(names):
        raise ConfigError(key, repr(names), f"Name at least one, in a tuple: {key}=('...',).")


def scopes_of(claims: Mapping[str, Any], claim: str = "scope") -> frozenset[str]:
    """Read what a token is good for: exact words, as one text or as a list. No claim is nothing."""
    said = claims.get(claim)
    if isinstance(said, str):
        return frozenset(said.split(" ")) - {""}
    words = cast("list[object]", said) if isinstance(said, list) else []
    return frozenset(word for word in words if isinstance(word, str))


def _wrong_audience(claims: Mapping[str, Any], policy: ClaimsPolicy) -> Objection | None:
    audience = claims.get("aud")
    said = cast("list[object]", audience) if isinstance(audience, list) else [audience]
    if not said or not all(isinstance(name, str) for name in said):
        return _missing("aud")
    if not set(said) & set(policy.audience):
        return Reason.JWT_AUDIENCE, {"expected": ", ".join(policy.audience)}
    return None


def _wrong_subject(claims: Mapping[str, Any]) -> Objection | None:
    """Every token is about somebody: a user, or a client that may be named as its own subject."""
    if "sub" not in claims and "client_id" not in claims:
        return _missing("sub")
    for name in ("sub", "client_id", "jti"):
        value = claims.get(name, "absent")
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
            return _missing(name)
    return None


def _wrong_time(claims: Mapping[str, Any], policy: ClaimsPolicy, now: float) -> Objection | None:
    moments: dict[str, Any] = {
        "exp": claims.get("exp"),
        "iat": claims.get("iat"),
        "nbf": claims.get("nbf", 0),
    }
    for name, moment in moments.items():
        if not _is_moment(moment):
            return _missing(name)
    exp, iat, nbf = (float(moment) for moment in moments.values())
    leeway = policy.leeway.total_seconds()
    if not now < exp + leeway:
        return Reason.JWT_EXPIRED, {"for": f"{now - exp:.0f} seconds"}
    if not max(iat, nbf) <= now + leeway:
        return Reason.JWT_NOT_YET, {"for": f"{max(iat, nbf) - now:.0f} seconds"}
    if policy.longest is not None and not exp - iat <= policy.longest.total_seconds():
        return Reason.JWT_LIFETIME, {"longest": str(policy.longest)}
    return None


def _is_moment(value: object) -> TypeGuard[float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < 1e12  # noqa: PLR2004 - the year 33658; what is not a number is not below it


def _missing(claim: str) -> Objection:
    return Reason.JWT_CLAIMS, {"claim": claim}
