"""Which new passwords are taken: long ones that nobody tries first, after NIST SP 800-63B-4, 3.1.1.2, and ASVS 5.0, 6.2.

No rule asks for capitals, digits or signs, and nothing expires: both make passwords worse (the same section). What is refused
beyond length stands on a list, or is derived from it or from what is known of the user as whoever guesses derives it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from anyio import to_thread

from guardhouse.core.weakness import About, Breaches, Flaw, Weakness
from guardhouse.errors import ConfigError
from guardhouse.users.common import CommonPasswords
from guardhouse.users.spelling import disguised, folded, hearts, lettered, repeats, sequential, worth
from guardhouse.vault.password import MAXIMUM_CHARACTERS, Unusable, normal, unusable

__all__ = ["NewPasswords", "PasswordPolicy", "weakness_of"]

SHORTEST = 15
"""NIST SP 800-63B-4: the least where the password is the only factor."""
SHORTEST_WITH_FACTOR = 8
"""The least anywhere; enough where a second factor is required."""
LONGEST_MINIMUM = 64
"""No policy may ask for more: 64 characters are to be taken (ASVS 6.2.9)."""
SHORTEST_WORD = 3
"""Shorter names are in too many words to say anything."""

_UNUSABLE = {
    Unusable.EMPTY: Weakness(Flaw.EMPTY),
    Unusable.LONG: Weakness(Flaw.LONG, {"longest": MAXIMUM_CHARACTERS}),
    Unusable.HEAVY: Weakness(Flaw.LONG, {"longest": MAXIMUM_CHARACTERS}),
    Unusable.MALFORMED: Weakness(Flaw.MALFORMED),
}
_PARTS = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """How long a password must be, and what it must not be. `words` are the application's own: its name, its domain."""

    shortest: int = SHORTEST
    shortest_with_factor: int = SHORTEST_WITH_FACTOR
    words: Sequence[str] = ()
    common: Container[str] = field(default_factory=CommonPasswords)
    """Folded passwords that are tried first."""

    def __post_init__(self) -> None:
        for name in ("shortest", "shortest_with_factor"):
            least = getattr(self, name)
            if not SHORTEST_WITH_FACTOR <= least <= LONGEST_MINIMUM:
                fix = f"Ask for {SHORTEST_WITH_FACTOR} to {LONGEST_MINIMUM} characters; {SHORTEST} without a second factor."
                raise ConfigError(f"PasswordPolicy.{name}", least, fix)
        if isinstance(self.words, str):
            raise ConfigError(
                "PasswordPolicy.words", self.words, "Write them in a tuple: words=('guardhouse',)."
            )

    def least(self, about: About) -> int:
        """Return how many characters this user's password must have."""
        return self.shortest_with_factor if about.second_factor else self.shortest


def weakness_of(policy: PasswordPolicy, password: str, about: About) -> Weakness | None:
    """Say what is wrong with a new password, or None. Spaces, NULs and emoji count as characters like any other."""
    problem = unusable(password)
    if problem is not None:
        return _UNUSABLE[problem]
    least = policy.least(about)
    if len(normal(password)) < least:
        return Weakness(Flaw.SHORT, {"shortest": least})
    return _guessed(folded(password), policy, about, least // 2)


def _guessed(fold: str, policy: PasswordPolicy, about: About, enough: int) -> Weakness | None:
    if (source := _personal(fold, policy, about, enough)) is not None:
        return Weakness(Flaw.PERSONAL, {"word": source})
    if any(_known(heart, rest, policy.common, enough) for heart, rest in (*hearts(fold), *disguised(fold))):
        return Weakness(Flaw.COMMON)
    flaws = (
        _pattern(heart, policy.common, enough)
        for heart, rest in hearts(fold)
        if len(heart) > len(rest) and (not rest or _little(rest, policy.common, enough))
    )
    return next((Weakness(flaw) for flaw in flaws if flaw is not None), None)


def _known(heart: str, rest: str, common: Container[str], enough: int) -> bool:
    return heart in common and (not rest or _little(rest, common, enough))


def _pattern(heart: str, common: Container[str], enough: int) -> Flaw | None:
    if len(heart) <= enough:
        return None
    piece = repeats(heart)
    if piece is not None and (len(set(piece)) < enough or any(one in common for one, _ in hearts(piece))):
        return Flaw.REPETITIVE
    return Flaw.SEQUENTIAL if sequential(heart) else None


def _little(rest: str, common: Container[str], enough: int) -> bool:
    """Tell whether what is left, once what everybody knows is taken away, is no password by itself."""
    kept = worth(rest)
    return len(kept) < enough or kept in common or _pattern(kept, common, enough) is not None


def _personal(fold: str, policy: PasswordPolicy, about: About, enough: int) -> str | None:
    """Find whose words a password is made of, if little is left without them."""
    words = dict(_words(policy, about))
    longest_first = sorted(words, key=len, reverse=True)
    for text in dict.fromkeys((fold, lettered(fold))):
        rest, sources = text, list[str]()
        for word in longest_first:
            if word in rest:
                rest = rest.replace(word, " ")
                sources.append(words[word])
        if sources and _little(rest, policy.common, enough):
            return sources[0]
    return None


def _words(policy: PasswordPolicy, about: About) -> Iterator[tuple[str, str]]:
    """Name the words that a guesser begins with, folded, each with where it comes from."""
    known = {
        "application": policy.words,
        "more": about.more,
        "address": (about.address.partition("@")[0],),
        "login": (about.login.partition("@")[0],),
        "name": (about.name,),
    }
    for source, texts in known.items():
        for text in texts:
            fold = folded(text[:MAXIMUM_CHARACTERS])
            for word in (fold, _PARTS.sub("", fold), *_PARTS.split(fold)):
                if len(word) >= SHORTEST_WORD:
                    yield word, source


class NewPasswords:
    """The policy of an application: first what can be decided here, then whoever knows of stolen passwords."""

    def __init__(self, policy: PasswordPolicy | None = None, *, breaches: Breaches | None = None) -> None:
        self.policy = PasswordPolicy() if policy is None else policy
        self._breaches = breaches

    async def weakness(self, password: str, about: About) -> Weakness | None:
        """Say what is wrong with a new password, or None; whoever cannot be asked knows of none."""
        # In a thread, for the list is read from its file when it is first needed.
        found = await to_thread.run_sync(weakness_of, self.policy, password, about)
        if found is not None or self._breaches is None:
            return found
        return Weakness(Flaw.BREACHED) if await self._breaches.breached(password) else None
