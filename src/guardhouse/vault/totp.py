"""One-time codes of an authenticator app (TOTP, RFC 6238), each good for one step of time, once.

Twenty lines of our own instead of pyotp: its `verify` answers yes or no, and whoever must refuse the second use of a code
(RFC 6238 5.2) has to know its step. SHA-1, six digits and thirty seconds are what every app understands; several read
nothing else and show wrong codes without a word. SHA-1's collisions do not concern HMAC.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from re import ASCII
from re import compile as pattern
from urllib.parse import quote

import msgspec
from msgspec import Struct

from guardhouse.errors import ConfigError

__all__ = ["SEED_BYTES", "Kept", "accepted_step", "code_at", "provisioning_uri", "typed"]

SEED_BYTES = 20
"""160 bits, as long as the hash (RFC 4226 4, R6)."""

STEP_SECONDS = 30
DIGITS = 6
SKEW = 1
"""By how many steps the clock of a phone may be off, to either side (RFC 6238 5.2 advises one)."""

_CODE = pattern(rf"[0-9]{{{DIGITS}}}", ASCII).fullmatch
_LONGEST_CODE = 32
"""A code with all the spaces that somebody may copy along."""

_GROUP = 4


class Kept(Struct, frozen=True, array_like=True):
    """What an enrolment keeps of an app: its sealed seed, and the last step whose code was accepted.

    A changed step goes into the store by compare-and-set, so that of many who bring one code one wins.
    """

    sealed: bytes
    last_step: int

    def encode(self) -> bytes:
        """Write it for an enrolment's body."""
        return _encode(self)

    @staticmethod
    def decode(body: bytes) -> Kept | None:
        """Read an enrolment's body; None for anything else that may lie there."""
        try:
            return _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def __repr__(self) -> str:
        return f"Kept(hidden, last_step={self.last_step})"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


def accepted_step(seed: bytes, code: str, now: float, last_step: int | None) -> int | None:
    """Say for which step a code is good now, for the caller to keep as the last one; None when it is not.

    A step that was accepted, and each before it, is never accepted again: the code of the step before is still within
    the skew when the present one has been used (CVE-2021-43177).
    """
    digits = "".join(code.split()) if len(code) <= _LONGEST_CODE else ""
    if not _CODE(digits):  # not `isdecimal`, which is true of the digits of every script
        return None
    present, accepted = _step(now), None
    for step in range(max(present - SKEW, 0), present + SKEW + 1):
        # All are compared, whichever fits; the newest of two that are alike by chance uses up both.
        fits = hmac.compare_digest(_code(seed, step), digits)
        accepted = step if fits and (last_step is None or step > last_step) else accepted
    return accepted


def code_at(seed: bytes, now: float) -> str:
    """Return the code that an app shows at that moment."""
    return _code(seed, _step(now))


def provisioning_uri(seed: bytes, issuer: str, account: str) -> str:
    """Write what the QR code says: `otpauth://totp/Issuer:account?secret=...&issuer=Issuer`. It is a secret.

    `issuer` is the application's name, and stands twice because old apps read it in the label and new ones in the query.
    Algorithm, digits and period are the defaults and left out: the fewer the squares, the easier they are to scan.
    """
    if not issuer.strip() or ":" in issuer or not issuer.isprintable():
        fix = "Write the name of your application, without a colon: apps take what stands before one for the name."
        raise ConfigError("totp.issuer", issuer, fix)
    # Apps decode before they split at the colon, so escaping one in the account would not keep it.
    name = account.replace(":", " ").encode("utf-8", "replace").decode()
    secret = b32encode(seed).decode("ascii").rstrip("=")
    # %20 and not +, which several apps show as it stands.
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(name, safe='')}?secret={secret}&issuer={quote(issuer, safe='')}"


def typed(seed: bytes) -> str:
    """Write a seed for typing into an app without a camera: base32 in groups of four."""
    text = b32encode(seed).decode("ascii").rstrip("=")
    return " ".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


def _step(now: float) -> int:
    return int(now // STEP_SECONDS)


def _code(seed: bytes, step: int) -> str:
    """Truncate the HMAC of a step, as RFC 4226 5.3 does."""
    mac = hmac.digest(seed, step.to_bytes(8), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"
