"""Cookies as bytes: read without unquoting, without repair, and without choosing between duplicates.

`http.cookies` lets a quoted value swallow the pairs after it and `str.strip` removes Unicode blanks that browsers
keep, so that a cookie named U+2000 `__Host-gh` would be ours: neither is used (RFC 6265bis 5.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from re import compile as pattern

from guardhouse.core.facts import (
    DUPLICATE_PRESENTED,
    MALFORMED_PRESENTED,
    NOTHING_PRESENTED,
    CookieState,
    Presented,
)

_SESSION_ID = pattern(rb"[A-Za-z0-9_-]{43}").fullmatch
_SEALED = pattern(rb"[A-Za-z0-9_-]{64,4096}").fullmatch
"""The least holds nothing but what sealing adds, the most is what browsers keep."""
_LAST = (frozenset(range(256)), frozenset[int](), frozenset(b"AQgw"), frozenset(b"AEIMQUYcgkosw048"))
"""What base64 may end with, by the letters behind the last four: nothing spare, so that a value has one spelling."""
_ID_LENGTH = 43
_AS_LETTERS = bytes.maketrans(b"-_", b"xx")
"""Makes `isalnum` the test for the alphabet of an id, which costs a quarter less than a pattern does."""
_BLANKS = b" \t"
_PRESENT = CookieState.PRESENT  # a member read through its class costs as much as a call


class CookieReader:
    """Finds one cookie by its name, in the bytes of the Cookie lines.

    A crumb is what stands between semicolons, without the blanks (SP, HTAB) around it; its name ends at the first
    equals sign. Several Cookie lines are one (HTTP/2 crumbs, RFC 9113 8.2.3).
    """

    __slots__ = ("_needle",)

    form = "where ours have 43"
    """What else would be said of a value that has none of the usual mistakes."""

    def __init__(self, name: str) -> None:
        self._needle = name.encode("ascii") + b"="

    def values(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return every value of the cookie in these Cookie lines, in the order of the wire."""
        crumbs = [crumb.strip(_BLANKS) for line in lines for crumb in line.split(b";")]
        needle = self._needle
        return [crumb[len(needle) :].lstrip(_BLANKS) for crumb in crumbs if crumb.startswith(needle)]

    def present(self, lines: Sequence[bytes]) -> Presented:
        """Read the session cookie. Two different values are nobody's: their order is not to be relied on."""
        if len(lines) == 1:
            # Browsers write "; " between crumbs: a single id right after that needs no splitting into crumbs.
            parts = lines[0].split(self._needle)
            if len(parts) == 2:  # noqa: PLR2004 - what stands before the one cookie, and what behind
                before, behind = parts
                if not before or before.endswith(b"; "):
                    session_id = behind.partition(b";")[0]
                    if len(session_id) == _ID_LENGTH and session_id.translate(_AS_LETTERS).isalnum():
                        return Presented(_PRESENT, sha256(session_id).digest())
        return self._examined(self.values(lines))

    def shape_of(self, value: bytes) -> str:
        """Say how a value differs from ours in form; nothing of it is repeated."""
        if self._ours(value):
            return "of the right form"
        looks = (
            (not value, "empty"),
            (value[:1] in (b'"', b"'"), "in quotes"),
            (b"%" in value, "percent-encoded"),
            (value.startswith(b"eyJ"), "sealed by another framework, or a JWT"),
            (value in (b"undefined", b"null", b"deleted"), "the word that a program writes for nothing"),
        )
        length = f"{len(value)} characters, {self.form}"
        return next((shape for applies, shape in looks if applies), length)

    def _examined(self, found: Sequence[bytes]) -> Presented:
        if not found:
            return NOTHING_PRESENTED
        if any(value != found[0] for value in found):
            return DUPLICATE_PRESENTED
        return Presented(_PRESENT, self._key(found[0])) if self._ours(found[0]) else MALFORMED_PRESENTED

    def _ours(self, value: bytes) -> bool:
        return _SESSION_ID(value) is not None

    def _key(self, value: bytes) -> bytes:
        return key_of(value)


class SealedReader(CookieReader):
    """Finds a cookie that holds the session itself: it is found by its whole value."""

    __slots__ = ()

    form = "where ours are letters of base64url, at least 64 of them and at most 4096"

    def present(self, lines: Sequence[bytes]) -> Presented:
        """Read the session cookie, as `CookieReader` does, and as quickly where it stands alone."""
        if len(lines) == 1:
            before, *behind = lines[0].split(self._needle)
            if len(behind) == 1 and (not before or before.endswith(b"; ")):
                value = behind[0].partition(b";")[0]
                if self._ours(value):
                    return Presented(_PRESENT, value)
        return self._examined(self.values(lines))

    def _ours(self, value: bytes) -> bool:
        return _SEALED(value) is not None and value[-1] in _LAST[len(value) % 4]

    def _key(self, value: bytes) -> bytes:
        return value


def key_of(session_id: bytes) -> bytes:
    """Hash a session id to the key it is stored under, so that a stolen store opens no session.

    A plain hash suffices: the id is 256 random bits (ASVS 6.5.2).
    """
    return sha256(session_id).digest()
