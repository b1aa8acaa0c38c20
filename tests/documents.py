"""Reads the documents of the repository: their blocks of code, each with its language and the line where it begins."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import zip_longest
from pathlib import Path
from typing import Any

from msgspec import Struct

ROOT = Path(__file__).parent.parent

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(Struct, frozen=True):
    """One block of code; `shows` is what it prints, when a block without a language follows at once."""

    language: str
    text: str
    line: int
    section: str
    shows: str | None = None


def blocks(document: str) -> Iterator[Block]:
    """Read the blocks of a document below the root, in their order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    for block, following in zip_longest(found, found[1:]):
        before = text[: block.start()]
        close = (
            following is not None and not following[1] and not text[block.end() : following.start()].strip()
        )
        shows = following[2] if close and following is not None else None
        section = re.findall(r"^##? (.*)$", before, re.MULTILINE)[-1]
        yield Block(block[1], block[2], before.count("\n") + 2, section, shows)


def run(block: Block, document: str, names: dict[str, Any]) -> str:
    """Run a block in these names, and return what it printed; a traceback shows the line of the document."""
    code = compile("\n" * (block.line - 1) + block.text, str(ROOT / document), "exec", dont_inherit=True)
    out = io.StringIO()
    with redirect_stdout(out):
        exec(code, names)  # noqa: S102 - our own documents
    return out.getvalue()


def module(name: str, text: str, **names: Any) -> dict[str, Any]:
    """Run a whole file and return its names, where annotations that are evaluated later find them too."""
    found: dict[str, Any] = {"__name__": name, **names}
    exec(compile(text, f"{name}.py", "exec", dont_inherit=True), found)  # noqa: S102 - our own documents
    return found
