"""A command line as it was pasted, split into the words that its shell would have handed on; nothing is ever expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardhouse.doctor.pasted import PastedError

__all__ = ["words_of"]

_CARET = re.compile(r"\^(?:\r?\n(\r?\n)?|(.))", re.DOTALL)
_OF_CMD = re.compile(r'(?:^|\s)\^"|\s\^\r?$', re.MULTILINE)

_BASH = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<continued>\\\r?\n)
  | '(?P<literal>[^']*)'
  | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
  | \$?"(?P<double>(?:[^"\\]|\\.)*)"
  | \\(?P<escaped>.)
  | (?P<plain>[^\s'"\\$]+ | \$)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(r'\\(?:\r?\n|(["\\$`]))')
_ANSI = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_LAST = 0x10FFFF

_CRT = re.compile(
    r"""
    (?P<letter>(?:\\\\)*\\")
  | (?P<doubled>(?:\\\\)*"")
  | (?P<quote>(?:\\\\)*")
  | (?P<blank>\s+)
  | (?P<plain>\\+(?![\\"]) | [^\s"\\]+)
    """,
    re.VERBOSE,
)
"""Backslashes are letters, but before a quote: there two of them are one, and an odd one makes the quote a letter."""


def words_of(text: str) -> list[str]:
    """Split a command of bash, or one of Windows' cmd, which browsers write with carets."""
    return list(_cmd_words(text) if _OF_CMD.search(text) else _bash_words(text))


def _bash_words(text: str) -> Iterator[str]:
    """Split by the quoting rules of bash (its manual, 3.1.2)."""
    word: str | None = None
    at = 0
    while at < len(text):
        found = _BASH.match(text, at)
        if found is None:
            raise PastedError("a quote is opened and never closed: paste the whole command.")
        at = found.end()
        if found["blank"] is not None:
            if word is not None:
                yield word
            word = None
        elif found["continued"] is None:
            word = (word or "") + _meant(found)
    if word is not None:
        yield word


def _meant(found: re.Match[str]) -> str:
    if found["ansi"] is not None:
        return _ANSI.sub(_ansi, found["ansi"])
    if found["double"] is not None:
        return _IN_DOUBLE.sub(lambda escape: escape[1] or "", found["double"])
    return next(found[kind] for kind in ("literal", "escaped", "plain") if found[kind] is not None)


def _ansi(escape: re.Match[str]) -> str:
    """Read one escape of `$'...'` (bash manual, 3.1.2.4)."""
    said = escape[1]
    if said[0] in "xuU" and len(said) > 1:
        number = int(said[1:], 16)
        return chr(number) if number <= _LAST else "\ufffd"
    if said[0] in "01234567":
        return chr(int(said, 8) & 0xFF)
    return _NAMED.get(said, said)


def _cmd_words(text: str) -> Iterator[str]:
    """Split as cmd and then the C runtime do: carets go first, then backslashes before quotes."""
    word: str | None = None
    quoted = False
    for found in _CRT.finditer(_without_carets(text)):
        if found["blank"] is not None and not quoted:
            if word is not None:
                yield word
            word = None
            continue
        said = found[0]
        if found["letter"] is not None:
            said = _halved(said) + '"'
        elif found["doubled"] is not None:
            said = _halved(said) + ('"' if quoted else "")
        elif found["quote"] is not None:
            said, quoted = _halved(said), not quoted
        word = (word or "") + said
    if quoted:
        raise PastedError("a quote is opened and never closed: paste the whole command.")
    if word is not None:
        yield word


def _halved(text: str) -> str:
    return "\\" * (text.count("\\") // 2)


def _without_carets(text: str) -> str:
    """Take out the carets of cmd. Within quotes that have none of their own a caret is a letter."""
    if '^"' in text:
        return _CARET.sub(lambda found: "\n" if found[1] else (found[2] or ""), text)
    return re.sub(r"\^\r?\n", " ", text)
