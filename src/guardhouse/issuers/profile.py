"""What a login server says of a person, as an identity: the subject as it stands, the address only where it is plainly one."""

from __future__ import annotations

from collections.abc import Mapping
from re import compile as pattern
from typing import Any, cast

from guardhouse.state.foreign import ForeignIdentity

__all__ = ["of_claims", "of_userinfo", "subject_in", "verified_address"]

LONGEST_SUBJECT = 255
_LONGEST_NAME = 200
_ADDRESS = pattern(r"[!#-'*+\-/-9=?A-Z^-~.]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+").fullmatch
_LONGEST_ADDRESS = 254


def of_claims(provider: str, claims: Mapping[str, Any], more: Mapping[str, Any]) -> ForeignIdentity:
    """Make an identity of a verified ID token; `more` is what the endpoint for it added, and overrules nothing."""
    said = {**more, **claims}
    address = _address(said.get("email"))
    # Both from one source: an address of the one is not verified by a word of the other.
    source = claims if "email" in claims else more
    return ForeignIdentity(
        provider=provider,
        issuer=claims["iss"],
        subject=claims["sub"],
        email=address,
        email_verified=address is not None and _yes(source.get("email_verified")),
        name=_name(said.get("name")),
        claims=said,
    )


def of_userinfo(
    provider: str, issuer: str, subject: str, profile: Mapping[str, Any], address: str | None
) -> ForeignIdentity:
    """Make an identity of what an OAuth 2.0 server tells with the token; `address` is one that it says is verified."""
    return ForeignIdentity(
        provider=provider,
        issuer=issuer,
        subject=subject,
        email=address,
        email_verified=address is not None,
        name=_name(profile.get("name")),
        claims=profile,
    )


def subject_in(profile: Mapping[str, Any], field: str) -> str | None:
    """Read a subject: a whole number, written one way only, or a text that is not empty."""
    value = profile.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 < value < 1 << 63 else None
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT else None


def verified_address(listed: object) -> str | None:
    """Choose from a list of addresses as GitHub writes it: the first one, if it is verified."""
    for one in cast("list[object]", listed) if isinstance(listed, list) else []:
        entry: Mapping[str, Any] = cast("Mapping[str, Any]", one) if isinstance(one, dict) else {}
        if entry.get("primary") is True:
            return _address(entry.get("email")) if entry.get("verified") is True else None
    return None


def _address(value: object) -> str | None:
    """Take what is plainly one address; what has to be repaired, or goes to two, is none (CVE-2022-35924)."""
    plain = isinstance(value, str) and len(value) <= _LONGEST_ADDRESS and _ADDRESS(value)
    return cast("str", value) if plain else None


def _yes(value: object) -> bool:
    """Apple and Cognito write the truth as text."""
    return value is True or value == "true"


def _name(value: object) -> str | None:
    plain = isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()
    return cast("str", value) if plain else None
