"""Nothing is said where there is nothing to mend: the demo, every example, the README's, and what the frameworks teach."""

from __future__ import annotations

import importlib
import importlib.util
import secrets
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest

from guardhouse.demo.app import build
from guardhouse.demo.settings import Settings
from guardhouse.doctor.examination import examined
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.subject import Surroundings, subject_of
from tests.doctor.conftest import Written
from tests.documents import ROOT, blocks

APPS = ["bigger", "site", "tokens"]
EXAMPLES = sorted(file.stem for file in (ROOT / "examples").glob("*.py"))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("APP_KEY", "SHOP_KEY"):
        monkeypatch.setenv(name, secrets.token_urlsafe(32))
    monkeypatch.setenv("APP_STORE", f"sqlite:///{tmp_path}/sessions.db")


def said_of(app: Any, house: Any, module: str) -> list[Finding]:
    subject = subject_of(app, app, house, Surroundings({"WEB_CONCURRENCY": "1"}, temporary=()), [module])
    return anyio.run(examined, subject)


@pytest.mark.parametrize("name", APPS)
def test_what_the_documentation_of_the_frameworks_teaches(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, f"tests.doctor.apps.{name}", raising=False)
    module = importlib.import_module(f"tests.doctor.apps.{name}")
    assert said_of(module.app, module.house, module.__name__) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    module = loaded(ROOT / "examples" / f"{name}.py", monkeypatch)
    app: Any = module.build(str(tmp_path / "accounts.db")) if name == "sqlalchemy_users" else module.app
    house = next(item.kwargs["house"] for item in app.user_middleware if "house" in item.kwargs)
    assert said_of(app, house, name) == []


@pytest.mark.parametrize("section", ["FastAPI", "Starlette"])
def test_the_applications_of_the_readme(
    section: str, written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (text,) = [one.text for one in blocks("README.md") if (one.language, one.section) == ("python", section)]
    file = tmp_path / "shop.py"
    file.write_text(text, encoding="utf-8")
    module = loaded(file, monkeypatch)
    assert said_of(module.app, module.house, "shop") == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(Settings(), id="as it comes"),
        pytest.param(Settings(tls=True, port=443), id="over TLS"),
        pytest.param(Settings(host="0.0.0.0"), id="for everybody"),  # noqa: S104 - nothing is opened
    ],
)
def test_the_demo(settings: Settings):
    app = build(settings)
    house = next(item.kwargs["house"] for item in app.user_middleware if "house" in item.kwargs)
    assert said_of(app, house, "guardhouse.demo.app") == []


def loaded(file: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    return module
