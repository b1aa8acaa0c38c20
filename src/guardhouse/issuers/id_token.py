"""Whether an ID token says who has just logged in here (OpenID Connect Core 3.1.3.7): a plain function over its claims."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import new as digest_of
from typing import Any, TypeGuard, cast

from msgspec import Struct

from guardhouse.vault.jws import Protected

__all__ = ["LEEWAY", "Expected", "half_hash", "judge_id_token"]

LEEWAY = 30.0
"""Seconds by which clocks may differ."""
LONGEST_SUBJECT = 255
_ENDLESS = 1e12


class Expected(Struct, frozen=True):
    """What must stand in it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str = ""
    max_age: float | None = None
    acr: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Expected({self.issuer!r}, {self.client_id!r})"


def judge_id_token(
    protected: Protected, claims: Mapping[str, Any], expected: Expected, now: float
) -> str | None:
    """Name what is wrong with it, by the name of the claim; None where all is right."""
    checks = {
        # An access token (`at+jwt`), a logout token or a proof is signed by the same keys, and is none (RFC 8725 3.11).
        "typ": protected.typ is None or protected.typ.upper() == "JWT",
        "iss": claims.get("iss") == expected.issuer,
        "aud": _meant_for(claims.get("aud"), expected.client_id),
        "azp": _party(claims, expected.client_id),
        "sub": _subject(claims.get("sub")),
        "exp": _number(claims.get("exp")) and now < claims["exp"] + LEEWAY,
        "iat": _number(claims.get("iat")) and claims["iat"] <= now + LEEWAY,
        "nbf": "nbf" not in claims or (_number(claims["nbf"]) and claims["nbf"] <= now + LEEWAY),
        "nonce": _same(claims.get("nonce"), expected.nonce),
        "at_hash": "at_hash" not in claims
        or _same(claims["at_hash"], half_hash(expected.access_token, protected.alg)),
        "auth_time": _recent(claims.get("auth_time"), expected.max_age, now),
        "acr": not expected.acr or claims.get("acr") in expected.acr,
    }
    return next((name for name, right in checks.items() if not right), None)


def half_hash(text: str, algorithm: str) -> str:
    """Hash as `at_hash` does: by the hash of the algorithm that signed, the left half (OpenID Connect Core 3.1.3.6)."""
    name = "sha512" if algorithm in ("EdDSA", "Ed25519") else f"sha{algorithm[-3:]}"
    digest = digest_of(name, text.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")


def _meant_for(audience: object, client_id: str) -> bool:
    """Whether we are in it, and all others are texts too."""
    listed = cast("list[object]", audience) if isinstance(audience, list) else [audience]
    return client_id in listed and all(isinstance(one, str) for one in listed)


def _party(claims: Mapping[str, Any], client_id: str) -> bool:
    """Whether it was issued to us: said where there are several whom it is for, and never otherwise than so."""
    several = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
    party: object = claims.get("azp", None if several else client_id)
    return party == client_id


def _subject(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT


def _number(value: object) -> TypeGuard[float]:
    """Whether it is a moment; neither true nor endless."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _ENDLESS


def _same(said: object, known: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode(), known.encode())


def _recent(auth_time: object, max_age: float | None, now: float) -> bool:
    if max_age is None:
        return True
    return _number(auth_time) and now - LEEWAY - max_age <= auth_time <= now + LEEWAY
