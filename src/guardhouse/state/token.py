"""A handed-out token: how it is written, what is kept of it, and for how long it is good. Values, without clock or storage.

`prefix_id_secret` and a checksum: the prefix lets secret scanners recognise a leaked one, the checksum lets them, and
us, tell a token from a random word without asking anybody. The id is public; only the hash of the secret is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from zlib import crc32

from msgspec import Struct

from guardhouse.core.reasons import Reason
from guardhouse.errors import ConfigError

__all__ = ["EVERYTHING", "TokenPolicy", "TokenRecord", "allowed", "mint", "weigh"]

EVERYTHING = "*"
"""The ability that is all abilities."""

_ACCEPTED = Reason.CREDENTIAL_ACCEPTED  # a member read through its class costs as much as a call

ID_BYTES, SECRET_BYTES = 12, 32
ID_LENGTH, SECRET_LENGTH = 17, 43
CHECKSUM_LENGTH = 8

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX = re.compile(r"[a-z][a-z0-9]{1,15}").fullmatch
_ABILITY = re.compile(r"[!#-\[\]-~]{1,100}").fullmatch
"""What a scope may be made of (RFC 6749 3.3), which a challenge has to name."""


class TokenRecord(Struct, frozen=True):
    """One token. Moments are epoch seconds; `digest` is SHA-256 of the secret part, and in no repr."""

    id: str
    owner: str
    """`provider:id` of the user."""
    name: str
    abilities: tuple[str, ...]
    created: float
    digest: bytes
    expires: float | None = None
    used: float | None = None

    def __repr__(self) -> str:
        return f"TokenRecord({self.id!r}, {self.owner!r}, {self.name!r})"


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """What tokens of a house are like.

    `prefix` begins every token; give each application its own, so that a leaked one can be traced. (Not `ghp`: scanners
    would report such a token to GitHub, whose own begin so.) `lifetime` ends
    all tokens that long after they were issued, also those that were issued before it was set; a token may end
    earlier by itself. `touch` is how often the moment of the last use is written at most.
    """

    prefix: str = "ghpat"
    lifetime: timedelta | None = None
    touch: timedelta = timedelta(minutes=5)
    longest_name: int = 100
    pattern: re.Pattern[bytes] = field(init=False, repr=False, compare=False)
    touch_seconds: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _PREFIX(self.prefix):
            fix = "Write two to sixteen small letters or digits, beginning with a letter; an underscore follows by itself."
            raise ConfigError("tokens.prefix", self.prefix, fix)
        if self.lifetime is not None and self.lifetime <= timedelta(0):
            raise ConfigError(
                "tokens.lifetime", self.lifetime, "A token must live for some time; None is for ever."
            )
        if self.touch < timedelta(0):
            raise ConfigError(
                "tokens.touch", self.touch, "Write a length of time, or timedelta(0) for every use."
            )
        shape = f"{self.prefix}_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})([0-9a-f]{{{CHECKSUM_LENGTH}}})"
        object.__setattr__(self, "pattern", re.compile(shape.encode("ascii")))
        object.__setattr__(self, "touch_seconds", self.touch.total_seconds())

    def is_ours(self, text: bytes) -> bool:
        """Whether this begins like a token of this house."""
        return text.startswith(self.prefix.encode("ascii") + b"_")

    def read(self, text: bytes) -> tuple[str, bytes] | None:
        """Read a token into its id and the digest of its secret; None for what cannot be one."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        token_id, secret, checksum = found.groups()
        if crc32(text[:-CHECKSUM_LENGTH]) != int(checksum, 16):
            return None
        return token_id.decode("ascii"), sha256(secret).digest()

    def ends(self, record: TokenRecord) -> float | None:
        """Say when a token ends; None for never."""
        if self.lifetime is None:
            return record.expires
        last = record.created + self.lifetime.total_seconds()
        return last if record.expires is None else min(last, record.expires)


def mint(policy: TokenPolicy, chance: bytes) -> tuple[str, str, bytes]:
    """Write a token from that much chance: its plain text, its id, and the digest to keep."""
    if len(chance) != ID_BYTES + SECRET_BYTES:
        raise ValueError(f"a token is made of {ID_BYTES + SECRET_BYTES} random bytes")
    token_id = _base62(chance[:ID_BYTES], ID_LENGTH)
    secret = _base62(chance[ID_BYTES:], SECRET_LENGTH)
    text = f"{policy.prefix}_{token_id}_{secret}"
    return f"{text}{crc32(text.encode('ascii')):08x}", token_id, sha256(secret.encode("ascii")).digest()


def weigh(record: TokenRecord | None, digest: bytes, policy: TokenPolicy, now: float) -> Reason:
    """Say what is to be thought of a token that was handed in. A wrong secret is told from no token by nobody."""
    if record is None or not compare_digest(record.digest, digest):
        return Reason.TOKEN_UNKNOWN
    ends = policy.ends(record)
    if ends is not None and not now < ends:  # so written because an end that is no number must have passed
        return Reason.TOKEN_EXPIRED
    return _ACCEPTED


def allowed(abilities: frozenset[str] | None, needed: str) -> bool:
    """Whether abilities cover one that is needed; None are those of a login, which is good for everything."""
    return abilities is None or EVERYTHING in abilities or needed in abilities


def is_ability(word: object) -> bool:
    """Whether that can be an ability: printable, without space and quotes, as scopes are (RFC 6749 3.3)."""
    return isinstance(word, str) and _ABILITY(word) is not None


def _base62(value: bytes, length: int) -> str:
    number, digits = int.from_bytes(value), ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits.rjust(length, _ALPHABET[0])
