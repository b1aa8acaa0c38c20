"""What a password is at heart: how people vary one that everybody knows, taken back. Pure text, no lists.

Only derivatives that are tried first by whoever guesses are seen through: letter case, full-width letters, digits and signs
around a word, signs for letters (`p@ssw0rd`), the same piece again and again, and walks over the keyboard.
"""

from __future__ import annotations

import re
from itertools import pairwise
from unicodedata import normalize

__all__ = ["disguised", "folded", "hearts", "lettered", "repeats", "sequential", "worth"]

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SIGNS = re.compile(r"[\W_]+")
_LETTERS = str.maketrans(
    {"@": "a", "4": "a", "0": "o", "1": "i", "!": "i", "3": "e", "$": "s", "5": "s", "7": "t"}
)

# What a finger follows, also backwards: rows of the layouts in use, columns of the usual one, alphabet and digits.
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "12345678901",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik",
    "9ol",
    "0p",
    "q2w3e4r5t6y7u8i9o0p",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
)
_NEIGHBOURS = frozenset(pair for run in _RUNS for one in (run, run[::-1]) for pair in pairwise(one))
_FEW = 4
"""So few different characters are no more than a piece that is repeated."""
_LONGEST_PIECE = 32
"""Longer pieces are passwords by themselves."""
_BREAKS = 5
"""One step in so many may leave the walk: `qwertyasdfgh` does once."""


def folded(password: str) -> str:
    """Fold letter case and the widths and shapes of one letter."""
    return normalize("NFKC", normalize("NFKC", password).casefold())


def hearts(fold: str) -> tuple[tuple[str, str], ...]:
    """Split a folded password into what may be a word and the rest around it; the whole comes first.

    `2024password!` is `password` and `2024!`.
    """
    start, end = _letters(fold)
    whole = ((fold, ""),)
    return whole if end - start == len(fold) else (*whole, (fold[start:end], fold[:start] + fold[end:]))


def disguised(fold: str) -> tuple[tuple[str, str], ...]:
    """Split it again, with signs and digits read as the letters they may stand for: `$unsh1ne77` is `sunshine` and `77`."""
    start, end = _letters(fold)
    before, heart, after = fold[:start], fold[start:end], fold[end:]
    return (lettered(heart), before + after), (lettered(before + heart), after), (lettered(fold), "")


def _letters(fold: str) -> tuple[int, int]:
    """Find where the letters begin and end; a text without any is all heart."""
    places = [place for place, character in enumerate(fold) if character.isalpha()]
    return (places[0], places[-1] + 1) if places else (0, len(fold))


def lettered(fold: str) -> str:
    """Read the signs and digits that stand for letters."""
    return fold.translate(_LETTERS)


def worth(rest: str) -> str:
    """Keep of what stands around a word that which nobody guesses at once: no signs, and no year."""
    return _SIGNS.sub("", _YEAR.sub("", rest))


def repeats(fold: str) -> str | None:
    """Return the piece that a text repeats at least twice, the last time perhaps not to its end."""
    longest = min((len(fold) + 1) // 2, _LONGEST_PIECE, len(fold) - 1)
    pieces = (fold[:length] for length in range(1, longest + 1) if fold[length:] == fold[:-length])
    few = fold if len(set(fold)) < _FEW <= len(fold) // 2 else None
    return next(pieces, few)


def sequential(fold: str) -> bool:
    """Tell a walk over the keyboard, along the alphabet or through the digits."""
    steps = list(pairwise(fold))
    astray = sum(one != other and (one, other) not in _NEIGHBOURS for one, other in steps)
    return len(steps) > _BREAKS and astray * _BREAKS <= len(steps)
