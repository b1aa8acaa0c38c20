"""CSRF tokens: signed, new each time, and bound to one visitor; nothing of them is stored.

A token is `v1.<key id>.<random>.<mac>`. The mac covers what the visitor carries in an HttpOnly cookie, so a token
of another session, or from before the login, proves nothing (signed double submit, OWASP CSRF cheat sheet). The
fresh random part also keeps compression from leaking it (BREACH).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from re import compile as pattern
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardhouse.vault.keyring import Signer

RANDOM_BYTES = 16

_TOKEN = pattern(
    rb"v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{21}[AQgw])\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
).fullmatch
"""One spelling for each token: the last letters have no spare bits that could be anything (RFC 4648 3.5)."""


def session_binding(key: bytes) -> bytes:
    """Bind to a session, by the key it is stored under."""
    return b"session:" + key


def visitor_binding(key: bytes) -> bytes:
    """Bind to a visitor who has no session yet."""
    return b"visitor:" + key


def mint(signer: Signer, binding: bytes, random: bytes) -> str:
    """Make a token for the visitor behind the binding, out of sixteen fresh random bytes."""
    mac = signer.mac(_message(binding, random))
    return f"v1.{signer.key_id}.{_text(random)}.{_text(mac)}"


def genuine(signer: Signer, binding: bytes, token: bytes) -> bool:
    """Whether this token was made for this visitor, by any key that is still in the ring."""
    parts = _TOKEN(token)
    if parts is None:
        return False
    key_id, random, mac = parts.groups()
    return signer.verify(key_id.decode(), _message(binding, _bytes(random)), _bytes(mac))


def unknown_key(signer: Signer, token: bytes) -> str | None:
    """Name the key that made a token, where it is none of ours."""
    parts = _TOKEN(token)
    key_id = parts[1].decode() if parts is not None else ""
    return key_id if key_id and not signer.knows(key_id) else None


def form_of(token: bytes) -> str | None:
    """Say what is wrong with the form of a token; None where it has the form of ours. Nothing of it is repeated."""
    if _TOKEN(token) is not None:
        return None
    for form, looks in _FORMS:
        if looks(token):
            return form
    return "no token of this house"


_FORMS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    (
        "the word that a script writes for nothing",
        frozenset({b"undefined", b"null", b"NaN", b"[object Object]"}).__contains__,
    ),
    ("in quotes", lambda token: token[:1] in (b'"', b"'")),
    ("percent-encoded", lambda token: b"%" in token),
    ("padded by blanks", lambda token: token.strip() != token),
    ("sealed by another framework", lambda token: token.startswith(b"eyJ")),
    ("cut, or changed on the way", lambda token: token.startswith(b"v1.")),
)


def _message(binding: bytes, random: bytes) -> bytes:
    """Frame the two parts by length, so that no other pair gives the same bytes."""
    return len(binding).to_bytes(2, "big") + binding + random


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: bytes) -> bytes:
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
