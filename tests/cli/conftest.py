"""The command line, called in process from the folder of the example applications."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guardhouse.cli.program import program

APPS = Path(__file__).parent / "apps"

Call = Callable[..., Result]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Generator[Call]:
    """Run one command; `data` on stdout and everything else on stderr stay apart."""
    monkeypatch.chdir(APPS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(program, arguments, prog_name="guardhouse", input=stdin)

    yield run
    for name in [file.stem for file in APPS.glob("[a-z]*.py")]:
        sys.modules.pop(name, None)
