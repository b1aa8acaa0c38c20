"""What a proof of possession must say (RFC 9449 4.3): made for this request, for this token, moments ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from guardhouse.core.facts import DEFAULT_PORTS

__all__ = ["TYP", "WINDOW", "Expected", "judge_proof"]

TYP = "dpop+jwt"

WINDOW = 60.0
"""Seconds around now in which a proof may have been made; for so long its `jti` is remembered."""

LONGEST_JTI = 255


class Expected(NamedTuple):
    """What the request is, as a proof must describe it: `ath` names the token, base64url of its SHA-256."""

    method: str
    url: str
    ath: str


def judge_proof(typ: str | None, claims: Mapping[str, Any], expected: Expected, now: float) -> str | None:
    """Say what is wrong with a proof whose signature has been verified, or None."""
    if (typ or "").lower() != TYP:
        return "typ"
    jti, iat = claims.get("jti"), claims.get("iat")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        return "jti"
    if claims.get("htm") != expected.method:
        return "htm"
    if _plain(claims.get("htu")) != _plain(expected.url):
        return "htu"
    # Compared, not subtracted: a client may write a number that is too large for a float.
    if not isinstance(iat, int | float) or isinstance(iat, bool) or not now - WINDOW <= iat <= now + WINDOW:
        return "iat"
    return None if claims.get("ath") == expected.ath else "ath"


def _plain(url: object) -> tuple[str, str, int | None, str] | None:
    """Read a URL without query and fragment, with its spelling evened out (RFC 3986 6.2.2 and 6.2.3)."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port, unquote(parts.path) or "/"
