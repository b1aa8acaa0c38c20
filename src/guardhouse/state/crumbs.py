"""Cookies as bytes: read without unquoting, without repair, and without choosing between duplicates.

`http.cookies` lets a quoted value swallow the pairs after it and `str.strip` removes Unicode blanks that browsers
keep, so that a cookie named U+2000 `__Host-gh` would be ours: neither is used (RFC 6265bis 5.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from re import compile as pattern
from re import escape

from guardhouse.core.facts import (
    DUPLICATE_PRESENTED,
    MALFORMED_PRESENTED,
    NOTHING_PRESENTED,
    CookieState,
    Header,
    Presented,
)

_SESSION_ID = pattern(rb"[A-Za-z0-9_-]{43}").fullmatch
_BLANKS = b" \t"
_PRESENT = CookieState.PRESENT  # a member read through its class costs as much as a call


class CookieReader:
    """Finds one cookie by its name, in the bytes of the Cookie lines.

    A crumb is what stands between semicolons, without the blanks (SP, HTAB) around it; its name ends at the first
    equals sign. Several Cookie lines are one (HTTP/2 crumbs, RFC 9113 8.2.3).
    """

    __slots__ = ("_hits", "_inside", "_needle")

    def __init__(self, name: str) -> None:
        self._needle = name.encode("ascii") + b"="
        self._inside = b"; " + self._needle
        self._hits = pattern(escape(self._needle) + rb"([^;]*)").findall

    def values(self, headers: Sequence[Header]) -> list[bytes]:
        """Return every value of the cookie, in the order of the wire."""
        found: list[bytes] = []
        for name, line in headers:
            if name == b"cookie":
                hits = self._hits(line)
                # Browsers write "; " between crumbs: a single hit right after that needs no splitting.
                if len(hits) == 1 and (self._inside in line or line.startswith(self._needle)):
                    found.append(hits[0].strip(_BLANKS))
                elif hits:
                    found += self._split(line)
        return found

    def _split(self, line: bytes) -> list[bytes]:
        crumbs = [crumb.strip(_BLANKS) for crumb in line.split(b";")]
        return [
            crumb[len(self._needle) :].lstrip(_BLANKS) for crumb in crumbs if crumb.startswith(self._needle)
        ]

    def present(self, headers: Sequence[Header]) -> Presented:
        """Read the session cookie. Two different values are nobody's: their order is not to be relied on."""
        found = self.values(headers)
        if not found:
            return NOTHING_PRESENTED
        value = found[0]
        if len(found) > 1 and found.count(value) != len(found):
            return DUPLICATE_PRESENTED
        if _SESSION_ID(value) is None:
            return MALFORMED_PRESENTED
        return Presented(_PRESENT, sha256(value).digest())


def key_of(session_id: bytes) -> bytes:
    """Hash a session id to the key it is stored under, so that a stolen store opens no session.

    A plain hash suffices: the id is 256 random bits (ASVS 6.5.2).
    """
    return sha256(session_id).digest()
