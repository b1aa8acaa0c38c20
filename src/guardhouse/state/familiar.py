"""A device on which an account was logged in before: what its cookie says, signed and bound to the account. Nothing is stored.

It proves no login and opens nothing. It only lets its own wrong passwords be counted apart from those of strangers, so
that whoever guesses at an account in vain does not lock out its owner (OWASP, "device cookies"; ASVS 6.3.1). One device may
hold several accounts: a cookie is up to five marks, the newest first. A mark is `v1.<key id>.<random>.<since>.<mac>`.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from re import compile as pattern
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guardhouse.vault.keyring import Signer

__all__ = ["LIFETIME", "RANDOM_BYTES", "known", "mint", "with_mark"]

RANDOM_BYTES = 16
LIFETIME = 180 * 24 * 3600
"""Seconds after which a device is a stranger again, counted from its last login."""
MOST = 5

_BETWEEN = "~"
_MARK = pattern(
    r"v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{21}[AQgw])\.([0-9]{1,12})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
).fullmatch


def mint(signer: Signer, account: str, random: bytes, now: float) -> str:
    """Make the mark of a device on which the account was logged in now."""
    device, since = _text(random), int(now)
    return f"v1.{signer.key_id}.{device}.{since}.{_text(signer.mac(_message(account, device, since)))}"


def known(signer: Signer, account: str, cookie: str, now: float) -> str | None:
    """Return what names the device, if the account was logged in on it before."""
    found = (_read(signer, account, mark) for mark in cookie.split(_BETWEEN)[:MOST])
    return next((device for device, since in filter(None, found) if abs(now - since) < LIFETIME), None)


def with_mark(signer: Signer, account: str, cookie: str, mark: str) -> str:
    """Put a fresh mark before those of other accounts; what is no mark goes."""
    marks = filter(_MARK, cookie.split(_BETWEEN)[:MOST])
    return _BETWEEN.join([mark, *(one for one in marks if _read(signer, account, one) is None)][:MOST])


def _read(signer: Signer, account: str, mark: str) -> tuple[str, int] | None:
    """Read the device and its time out of a mark that was made for this account."""
    parts = _MARK(mark)
    if parts is None:
        return None
    key_id, device, since, mac = parts.groups()
    genuine = signer.verify(key_id, _message(account, device, int(since)), _bytes(mac))
    return (device, int(since)) if genuine else None


def _message(account: str, device: str, since: int) -> bytes:
    """Frame by fixed places: what stands before the account cannot hold the colon."""
    return f"{device}:{since}:".encode() + account.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
