"""Whether a password is the right one, at a price that is the same whoever asks and whatever is stored.

Passwords are normalised (NFC) UTF-8 and hashed whole. What cannot be a password, and a hash that is missing,
malformed or too dear, cost as much as a wrong guess, so that time tells nobody which account exists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from unicodedata import normalize

from guardhouse.errors import ConfigError, UnusablePasswordError
from guardhouse.vault.formats import (
    FORMATS,
    Argon2Cost,
    Format,
    StoredHash,
    argon2_decoy,
    argon2_new,
)

__all__ = [
    "ARGON2_CHEAPEST",
    "ARGON2_OWASP",
    "ARGON2_RFC9106_LOW_MEMORY",
    "Argon2Profile",
    "Hasher",
    "PasswordCheck",
    "PasswordHasher",
    "Unusable",
    "normal",
    "unusable",
]

MAXIMUM_CHARACTERS = 1024
MAXIMUM_BYTES = 4096
NO_PASSWORD = b"\0"  # worked on in place of what cannot be a password; its result is never believed


@dataclass(frozen=True, slots=True)
class Argon2Profile:
    """A price for new hashes, and who recommends it."""

    name: str
    cost: Argon2Cost
    source: str


ARGON2_OWASP = Argon2Profile(
    "owasp",
    Argon2Cost(time=2, memory=19 * 1024),
    "OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, two passes, one lane",
)
ARGON2_RFC9106_LOW_MEMORY = Argon2Profile(
    "rfc9106-low-memory",
    Argon2Cost(time=3, memory=64 * 1024, parallelism=4),
    "RFC 9106, section 4, second recommended option",
)
ARGON2_CHEAPEST = Argon2Profile(
    "cheapest",
    Argon2Cost(time=1, memory=8),
    "the least Argon2 is defined for (RFC 9106, section 3.1): insecure, for tests",
)


class Unusable(Enum):
    """Why a text cannot be a password at all, whatever else is asked of one."""

    EMPTY = "it is empty"
    LONG = f"it is longer than {MAXIMUM_CHARACTERS} characters"
    HEAVY = f"it is longer than {MAXIMUM_BYTES} bytes"
    MALFORMED = "it is not valid Unicode text"


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """Whether the password was right, and whether its stored hash should be replaced by a fresh one."""

    ok: bool
    outdated: bool = False

    def __bool__(self) -> bool:
        return self.ok


WRONG = PasswordCheck(ok=False)


class Hasher(Protocol):
    """Hashes and verifies; blocks while it does, and says how many cores one call keeps busy."""

    @property
    def parallelism(self) -> int:
        """The cores that one call keeps busy."""
        ...

    def hash(self, password: str) -> str:
        """Hash a password for storage."""
        ...

    def verify(self, password: str, stored: str | None) -> PasswordCheck:
        """Compare a password with what is stored."""
        ...


class PasswordHasher:
    """Hash with Argon2id; verify that and what Laravel, Django and werkzeug stored before.

    `legacy` are sample hashes, one of each format and cost that the users' table still holds. A failed check
    then does the work of all of them, whichever the account has, and time does not tell who was imported.
    """

    def __init__(
        self,
        profile: Argon2Profile = ARGON2_OWASP,
        *,
        legacy: Sequence[str] = (),
        formats: Sequence[Format] = FORMATS,
    ) -> None:
        if not profile.cost.bearable:
            raise ConfigError("passwords", profile.name, "Choose a cost that a login may take.")
        self.profile = profile
        self._formats = tuple(formats)
        samples = (argon2_decoy(profile.cost), *legacy)
        decoys = [self._sample(place, stored) for place, stored in enumerate(samples)]
        self._decoys = {decoy.kind: decoy for decoy in decoys}
        self._usual = decoys[0]

    @property
    def parallelism(self) -> int:
        """The cores that one call keeps busy."""
        return self.profile.cost.parallelism

    def hash(self, password: str) -> str:
        """Hash a password for storage; one that could never be verified is refused."""
        if (problem := unusable(password)) is not None:
            raise UnusablePasswordError(problem.value)
        return argon2_new(_spellings(password)[0], self.profile.cost)

    def verify(self, password: str, stored: str | None) -> PasswordCheck:
        """Compare a password with what is stored; every no costs the same."""
        usable = unusable(password) is None
        spellings = _spellings(password) if usable else (NO_PASSWORD,)
        held = self._read(stored)
        matching = _matching(held, spellings)
        if held is not None and matching is not None and usable:
            return PasswordCheck(ok=True, outdated=matching > 0 or self._outdated(held))
        self._even_out(held, spellings)
        return WRONG

    def _read(self, stored: str | None) -> StoredHash | None:
        if stored is None:
            return None
        return next((held for form in self._formats if (held := form(stored)) is not None), None)

    def _sample(self, place: int, stored: str) -> StoredHash:
        sample = self._read(stored)
        if sample is None:
            fix = "Give one whole stored hash of each format and cost that is still in use."
            raise ConfigError(f"legacy[{place - 1}]", "no hash of a known format", fix)
        return sample

    def _outdated(self, held: StoredHash) -> bool:
        """Ask for a fresh hash when the format is not ours or a cost is lower; a stronger hash stays."""
        return not held.own or held.cost is None or held.cost.weaker_than(self.profile.cost)

    def _even_out(self, held: StoredHash | None, spellings: Sequence[bytes]) -> None:
        """Do the work that a refusal of this hash spared, compared with one of any other account."""
        for decoy in self._spared(held):
            for spelling in spellings:
                decoy.matches(spelling)

    def _spared(self, held: StoredHash | None) -> Iterator[StoredHash]:
        undeclared = held is not None and held.kind not in self._decoys
        for kind, decoy in self._decoys.items():
            if held is not None and undeclared and held.cost is not None and decoy is self._usual:
                yield from self._difference(held.cost)
            elif held is None or kind != held.kind:
                yield decoy

    def _difference(self, paid: Argon2Cost) -> Iterator[StoredHash]:
        """Fill up what a cheaper Argon2 hash lacks; what a dearer one took cannot be given back."""
        usual = self.profile.cost
        lacking, least = usual.work - paid.work, 8 * usual.parallelism
        if lacking >= least:
            passes = math.ceil(lacking / usual.memory)
            memory = max(least, lacking // passes)
            rest = Argon2Cost(time=passes, memory=memory, parallelism=usual.parallelism)
            yield self._sample(0, argon2_decoy(rest))


def _matching(held: StoredHash | None, spellings: Sequence[bytes]) -> int | None:
    """Return the place of the first spelling that fits."""
    if held is None:
        return None
    return next((place for place, spelling in enumerate(spellings) if held.matches(spelling)), None)


def unusable(password: str) -> Unusable | None:
    """Say why a text cannot be a password; long ones are not even normalised."""
    if not password:
        return Unusable.EMPTY
    if len(password) > MAXIMUM_CHARACTERS:
        return Unusable.LONG
    try:
        size = len(_spellings(password)[0])
    except UnicodeEncodeError:
        return Unusable.MALFORMED
    return Unusable.HEAVY if size > MAXIMUM_BYTES else None


def normal(password: str) -> str:
    """Spell a password as it is hashed: what looks alike and is typed in two ways is one (NFC)."""
    return normalize("NFC", password)


def _spellings(password: str) -> tuple[bytes, ...]:
    """Encode as we hash it, then as it was typed: other systems hash what they are given."""
    ours, typed = normal(password).encode(), password.encode()
    return (ours,) if ours == typed else (ours, typed)
