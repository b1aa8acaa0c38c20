"""The documents tell the truth: their Python runs in its order, their links lead somewhere, reasons.md and doctor.md are the tables."""

from __future__ import annotations

import re
import runpy
import secrets
from pathlib import Path
from typing import Any

import pytest

from guardhouse import MemoryUsers, Reason
from tests.documents import ROOT, blocks, run
from tests.houses import ADA, GRACE

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")),
]
TOLD = [document for document in DOCUMENTS if document.startswith("docs/")]

_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def names() -> dict[str, Any]:
    """What the prose says is there before the first block."""
    return {
        "__name__": "documents",
        "secret": secrets.token_urlsafe(32),
        "users": MemoryUsers([ADA, GRACE]),
        "boot_tools": lambda _: None,
    }


@pytest.mark.parametrize("document", TOLD)
def test_the_python_of_a_document_runs(document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house.key").write_text(secrets.token_urlsafe(32))
    known = names()
    for block in blocks(document):
        if block.language == "toml":
            (tmp_path / "house.toml").write_text(block.text, encoding="utf-8")
        if block.language == "python":
            printed = run(block, document, known)
            if block.shows is not None:
                assert printed == block.shows


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str):
    text = (ROOT / document).read_text(encoding="utf-8")
    for target, anchor in _LINK.findall(text):
        file = (ROOT / document).parent / target if target else ROOT / document
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), anchor


def anchors(file: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", TOLD)
def test_every_document_is_reached_from_the_readme(document: str):
    assert f"({document})" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_reasons_are_written_from_the_table():
    """Mend it with: .venv/bin/python scripts/reasons."""
    written = runpy.run_path(str(ROOT / "scripts" / "reasons"))["document"]()
    assert (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8") == written


def test_findings_are_written_from_the_table():
    """Mend it with: .venv/bin/python scripts/findings."""
    written = runpy.run_path(str(ROOT / "scripts" / "findings"))["document"]()
    assert (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8") == written


@pytest.mark.parametrize("document", DOCUMENTS)
def test_reasons_that_are_named_exist(document: str):
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(
        r"`(?:\d{3} )?((?:csrf|session|credential|login|store|password|user|no)_[a-z_]+)`", text
    )
    ordinary = {"csrf_token", "csrf_cookie", "csrf_url", "login_url", "session_id", "store_url"}
    assert set(named) - ordinary <= set(Reason)
