"""The conformance list says nothing that no test shows: 95 lines, each kept with a proof, or different, or missing, with a reason."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

import pytest

from tests.documents import ROOT

DOCUMENT = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
LINES = 95

_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
_PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")

ROWS = [(int(number), what, verdict, how) for number, what, verdict, how in _ROW.findall(DOCUMENT)]


@cache
def named_in(file: str) -> frozenset[str]:
    """Name the tests of a file, those in classes too, without running anything."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    named = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in named if node.name.startswith("test_"))


def reason_of(how: str) -> str:
    """Return what the line says besides its proofs."""
    return _PROOF.sub("", how).strip(" ,;")


def test_every_line_is_there_once_and_in_order():
    assert [number for number, *_ in ROWS] == list(range(1, LINES + 1))


@pytest.mark.parametrize(("number", "what", "verdict", "how"), ROWS, ids=[str(row[0]) for row in ROWS])
def test_a_line_is_proven_or_argued(number: int, what: str, verdict: str, how: str):
    assert what
    assert verdict in ("kept", "different", "not yet")
    if verdict == "kept":
        assert _PROOF.findall(how), f"{number} is kept, and no test shows it"
    else:
        assert reason_of(how), f"{number} is {verdict}, and no reason stands there"
    for file, name in _PROOF.findall(how):
        assert name in named_in(file), f"{number}: tests/{file} has no {name}"
    assert how.count("::") == len(_PROOF.findall(how)), f"{number}: a proof that cannot be read"


def test_the_head_counts_them_right():
    counts = Counter(verdict for _, _, verdict, _ in ROWS)
    said = f"{counts['kept']} lines are kept, {counts['different']} differ, {counts['not yet']} are not there yet"
    assert said in DOCUMENT


@pytest.mark.parametrize(
    ("file", "name", "there"),
    [
        ("test_conformance.py", "test_the_head_counts_them_right", True),
        ("users/contract.py", "test_who_is_nobody_is_none", True),
        ("test_conformance.py", "test_that_is_nowhere", False),
        ("nowhere.py", "test_the_head_counts_them_right", False),
    ],
)
def test_a_test_that_is_not_there_is_missed(file: str, name: str, there: bool):
    assert (name in named_in(file)) is there
