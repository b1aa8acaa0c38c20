"""Stored password hashes: a format is read, and its price looked at, before any work is done for it.

A format is a function from the stored text to a `StoredHash`, or to None when the text is not of that format,
is malformed, or asks for more work than a login may cost: `m=4194304` in a row would take 4 GiB and 17 s.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from secrets import token_bytes
from typing import TypeAlias

from argon2.low_level import Type, hash_secret_raw

from guardhouse.errors import ConfigError

__all__ = [
    "FORMATS",
    "Argon2Cost",
    "Format",
    "StoredHash",
    "argon2",
    "argon2_decoy",
    "argon2_new",
    "bcrypt",
    "django",
    "werkzeug",
]

MAXIMUM_MEMORY = 256 * 1024  # KiB
MAXIMUM_PASSES = 10
MAXIMUM_LANES = 16
MINIMUM_BCRYPT_COST = 4
MAXIMUM_BCRYPT_COST = 15
MAXIMUM_PBKDF2_ITERATIONS = 4_000_000
MAXIMUM_SCRYPT_WORK = 2**22
MAXIMUM_SCRYPT_LANES = 16
SCRYPT_BYTES = 64
BCRYPT_BYTES = 72  # bcrypt looks no further; what others hashed is verified as they hashed it
ARGON2_VERSION = 19  # 1.3; RFC 9106, section 3.1
# HMAC pads its key with NULs, bcrypt repeats it after one: a password with a NUL could stand for another.
NUL = b"\0"
SALT_BYTES = 16
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Cost:
    """What one Argon2 hash costs: `time` passes over `memory` KiB in `parallelism` lanes."""

    time: int
    memory: int
    parallelism: int = 1

    @property
    def work(self) -> int:
        """KiB filled in all passes together."""
        return self.time * self.memory

    @property
    def bearable(self) -> bool:
        """Tell whether a login may cost that much, and whether Argon2 is defined for it."""
        return (
            1 <= self.time <= MAXIMUM_PASSES
            and 1 <= self.parallelism <= MAXIMUM_LANES
            and 8 * self.parallelism <= self.memory <= MAXIMUM_MEMORY
        )

    def weaker_than(self, other: Argon2Cost) -> bool:
        """Compare what an attacker pays; lanes only spread the same work over more cores."""
        return self.memory < other.memory or self.work < other.work


@dataclass(frozen=True, slots=True)
class StoredHash:
    """A hash that was read but not yet worked on.

    Two hashes of one `kind` take the same work; `cost` is known for Argon2; `own` is what we write.
    """

    kind: str
    matches: Callable[[bytes], bool]
    cost: Argon2Cost | None = None
    own: bool = False


Format: TypeAlias = Callable[[str], StoredHash | None]

_ARGON2 = re.compile(
    r"\$(?P<variant>argon2id|argon2i|argon2d)(?:\$v=(?P<version>16|19))?"
    r"\$m=(?P<memory>[0-9]{1,7}),t=(?P<time>[0-9]{1,3}),p=(?P<lanes>[0-9]{1,3})"
    r"\$(?P<salt>[A-Za-z0-9+/]{11,86})\$(?P<digest>[A-Za-z0-9+/]{22,171})",
)
_VARIANTS = {"argon2id": Type.ID, "argon2i": Type.I, "argon2d": Type.D}
_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_SALT = r"(?P<salt>[!-#%-~]{1,256})"
_DJANGO_PBKDF2 = re.compile(
    rf"pbkdf2_(?P<digest>sha256|sha1)\$(?P<iterations>[0-9]{{1,8}})\${_SALT}\$(?P<hash>[A-Za-z0-9+/]+=*)",
)
_DJANGO_SCRYPT = re.compile(
    rf"scrypt\$(?P<n>[0-9]{{1,8}})\${_SALT}\$(?P<r>[0-9]{{1,4}})\$(?P<p>[0-9]{{1,4}})"
    r"\$(?P<hash>[A-Za-z0-9+/]+=*)",
)
_WERKZEUG_PBKDF2 = re.compile(
    rf"pbkdf2:(?P<digest>sha256|sha1|sha512):(?P<iterations>[0-9]{{1,8}})\${_SALT}\$(?P<hash>[0-9a-f]+)",
)
_WERKZEUG_SCRYPT = re.compile(
    rf"scrypt:(?P<n>[0-9]{{1,8}}):(?P<r>[0-9]{{1,4}}):(?P<p>[0-9]{{1,4}})\${_SALT}\$(?P<hash>[0-9a-f]+)",
)


def argon2(stored: str) -> StoredHash | None:
    """Read Argon2 in the PHC string format: ours, Laravel's, argon2-cffi's, pwdlib's."""
    found = _ARGON2.fullmatch(stored)
    if found is None:
        return None
    cost = Argon2Cost(time=int(found["time"]), memory=int(found["memory"]), parallelism=int(found["lanes"]))
    salt, digest = _base64(found["salt"]), _base64(found["digest"])
    if not cost.bearable or salt is None or digest is None:
        return None
    variant, version = _VARIANTS[found["variant"]], int(found["version"] or 16)
    return StoredHash(
        f"{found['variant']},v={version},m={cost.memory},t={cost.time},p={cost.parallelism}",
        _Argon2(salt, digest, cost, variant, version).matches,
        cost,
        own=variant is Type.ID and version == ARGON2_VERSION and len(digest) >= DIGEST_BYTES,
    )


def argon2_new(secret: bytes, cost: Argon2Cost) -> str:
    """Hash a new secret under a fresh salt."""
    salt = token_bytes(SALT_BYTES)
    return _phc(salt, _Argon2(salt, bytes(DIGEST_BYTES), cost).digest_of(secret), cost)


def argon2_decoy(cost: Argon2Cost) -> str:
    """Make up a hash of that cost, of no password at all."""
    return _phc(token_bytes(SALT_BYTES), token_bytes(DIGEST_BYTES), cost)


def bcrypt(stored: str) -> StoredHash | None:
    """Read bcrypt as Laravel (`$2y$`), Python (`$2b$`) and older libraries (`$2a$`) write it."""
    found = _BCRYPT.fullmatch(stored)
    if found is None or not MINIMUM_BCRYPT_COST <= int(found["cost"]) <= MAXIMUM_BCRYPT_COST:
        return None
    return StoredHash(f"bcrypt,{found['cost']}", partial(_bcrypt_matcher(), stored.encode()))


def django(stored: str) -> StoredHash | None:
    """Read what Django's hashers write: PBKDF2, scrypt, and its prefixes before Argon2 and bcrypt."""
    if (found := _DJANGO_PBKDF2.fullmatch(stored)) is not None:
        return _pbkdf2(found, _base64(found["hash"]))
    if (found := _DJANGO_SCRYPT.fullmatch(stored)) is not None:
        return _scrypt(found, _base64(found["hash"]))
    name, _, rest = stored.partition("$")
    match name:
        case "argon2":
            return _foreign(argon2(f"${rest}"))
        case "bcrypt":
            return bcrypt(rest)
        case "bcrypt_sha256":
            return _prehashed(bcrypt(rest))
        case _:
            return None


def werkzeug(stored: str) -> StoredHash | None:
    """Read what werkzeug, and with it most of Flask's world, writes."""
    if (found := _WERKZEUG_PBKDF2.fullmatch(stored)) is not None:
        return _pbkdf2(found, _hexadecimal(found["hash"]))
    if (found := _WERKZEUG_SCRYPT.fullmatch(stored)) is not None:
        return _scrypt(found, _hexadecimal(found["hash"]))
    return None


FORMATS: tuple[Format, ...] = (argon2, bcrypt, django, werkzeug)


@dataclass(frozen=True, slots=True)
class _Argon2:
    """One Argon2 hash, taken apart."""

    salt: bytes
    digest: bytes
    cost: Argon2Cost
    variant: Type = Type.ID
    version: int = ARGON2_VERSION

    def matches(self, secret: bytes) -> bool:
        return hmac.compare_digest(self.digest_of(secret), self.digest)

    def digest_of(self, secret: bytes) -> bytes:
        """Do the work. An error is a machine out of memory, never a wrong password, and stays an error."""
        time, memory, lanes = self.cost.time, self.cost.memory, self.cost.parallelism
        length = len(self.digest)
        return hash_secret_raw(secret, self.salt, time, memory, lanes, length, self.variant, self.version)


def _phc(salt: bytes, digest: bytes, cost: Argon2Cost) -> str:
    """Write Argon2id in the PHC string format."""
    costs = f"m={cost.memory},t={cost.time},p={cost.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${costs}${_unpadded(salt)}${_unpadded(digest)}"


def _bcrypt_matcher() -> Callable[[bytes, bytes], bool]:
    """Load the driver when the first hash of its kind is met."""
    try:
        from bcrypt import checkpw  # noqa: PLC0415 - an extra, loaded where it is used
    except ModuleNotFoundError:
        fix = "Install the extra that reads it: pip install 'guardhouse[legacy]'."
        raise ConfigError("passwords", "a bcrypt hash", fix) from None
    return lambda stored, secret: checkpw(secret[:BCRYPT_BYTES], stored) and NUL not in secret


def _prehashed(inner: StoredHash | None) -> StoredHash | None:
    """Hash with SHA-256 first, so that bcrypt sees every byte of a long password."""
    if inner is None:
        return None
    return StoredHash(inner.kind, lambda secret: inner.matches(hashlib.sha256(secret).hexdigest().encode()))


def _foreign(inner: StoredHash | None) -> StoredHash | None:
    """Mark a hash in our algorithm but under a foreign name, to be written anew under ours."""
    return inner and StoredHash(inner.kind, inner.matches, inner.cost)


def _pbkdf2(found: re.Match[str], expected: bytes | None) -> StoredHash | None:
    digest, iterations = found["digest"], int(found["iterations"])
    bearable = 1 <= iterations <= MAXIMUM_PBKDF2_ITERATIONS
    if expected is None or not bearable or len(expected) != hashlib.new(digest).digest_size:
        return None
    salt = found["salt"].encode()
    return StoredHash(
        f"pbkdf2,{digest},{iterations}",
        lambda secret: _equal(secret, hashlib.pbkdf2_hmac(digest, secret, salt, iterations), expected),
    )


def _scrypt(found: re.Match[str], expected: bytes | None) -> StoredHash | None:
    n, r, p = int(found["n"]), int(found["r"]), int(found["p"])
    if expected is None or len(expected) != SCRYPT_BYTES or not _bearable_scrypt(n, r, p):
        return None
    salt = found["salt"].encode()
    memory = 128 * r * (n + p + 2) + 2**20
    work = partial(hashlib.scrypt, salt=salt, n=n, r=r, p=p, maxmem=memory)
    return StoredHash(f"scrypt,{n},{r},{p}", lambda secret: _equal(secret, work(secret), expected))


def _equal(secret: bytes, computed: bytes, expected: bytes) -> bool:
    return hmac.compare_digest(computed, expected) and NUL not in secret


def _bearable_scrypt(n: int, r: int, p: int) -> bool:
    power_of_two = n > 1 and n & (n - 1) == 0
    lanes = r >= 1 and 1 <= p <= MAXIMUM_SCRYPT_LANES
    return power_of_two and lanes and n * r <= MAXIMUM_MEMORY * 8 and n * r * p <= MAXIMUM_SCRYPT_WORK


def _base64(text: str) -> bytes | None:
    try:
        return b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except Base64Error:
        return None


def _unpadded(value: bytes) -> str:
    return b64encode(value).rstrip(b"=").decode("ascii")


def _hexadecimal(text: str) -> bytes | None:
    return bytes.fromhex(text) if len(text) % 2 == 0 else None
