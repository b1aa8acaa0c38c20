"""What is wrong with a password that somebody wants to take: a value that never holds the password, and a text for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

__all__ = ["TEXTS", "About", "Breaches", "Flaw", "Policy", "Weakness"]


class Flaw(StrEnum):
    """Why a password is not taken; a code for programs."""

    EMPTY = "empty"
    SHORT = "short"
    LONG = "long"
    MALFORMED = "malformed"
    COMMON = "common"
    PERSONAL = "personal"
    REPETITIVE = "repetitive"
    SEQUENTIAL = "sequential"
    BREACHED = "breached"


TEXTS: Mapping[Flaw, str] = MappingProxyType(
    {
        Flaw.EMPTY: "Type a password.",
        Flaw.SHORT: (
            "Use at least {shortest} characters: several words that do not belong together are long and easy to keep in mind."
        ),
        Flaw.LONG: "Use a shorter password, of {longest} characters at most.",
        Flaw.MALFORMED: "One character of this password is broken and cannot be stored: type it anew instead of pasting it.",
        Flaw.COMMON: (
            "Choose another password: this one, or what it is made from, is among the first that are tried by whoever guesses."
        ),
        Flaw.PERSONAL: (
            "Choose a password that has less to do with your name, your address or the name of this service: "
            "those are tried first."
        ),
        Flaw.REPETITIVE: "Choose a password that does not repeat the same few characters: such are tried first.",
        Flaw.SEQUENTIAL: "Choose a password that does not follow the keyboard, the alphabet or the digits: such are tried first.",
        Flaw.BREACHED: (
            "Choose another password, and change it wherever else you use it: it was found among passwords stolen elsewhere."
        ),
    }
)
"""One sentence each, for people: what to do, then why. They are the msgids of translations; `{names}` stand in evidence."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """Why a password is not taken. `evidence` holds limits and where a word came from, never the password nor its length."""

    flaw: Flaw
    evidence: Mapping[str, int | str] = field(default_factory=dict[str, int | str])

    @property
    def message(self) -> str:
        """The text before its values are put in, to look up a translation by."""
        return TEXTS[self.flaw]

    def __str__(self) -> str:
        return self.message.format_map(self.evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whose password it will be: what somebody who guesses knows of him, and whether it is the only thing to be proven."""

    login: str = ""
    address: str = ""
    """The e-mail address; what stands before the @ counts."""
    name: str = ""
    more: tuple[str, ...] = ()
    second_factor: bool = False
    """Whether nobody gets in by the password alone."""


class Policy(Protocol):
    """Says whether a new password may be taken; called before it is hashed, and never at a login."""

    async def weakness(self, password: str, about: About) -> Weakness | None:
        """Say what is wrong with a password, or None. It raises for no password whatever."""
        ...


class Breaches(Protocol):
    """Knows passwords that were stolen elsewhere."""

    async def breached(self, password: str) -> bool | None:
        """Whether this password was; None where that cannot be found out now."""
        ...
