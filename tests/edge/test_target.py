"""An application is called as a server would call it, where it has a name."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from guardhouse.edge.target import target_of


def test_an_application_of_a_module_has_a_name(monkeypatch: pytest.MonkeyPatch):
    app, module = object(), ModuleType("shop.main")
    module.app = app  # type: ignore[attr-defined]
    assert target_of(object()) == "APP"
    monkeypatch.setitem(sys.modules, "shop.main", module)
    assert target_of(app) == "shop.main:app"


@pytest.mark.parametrize("name", ["__main__", "not importable"])
def test_what_cannot_be_imported_is_no_name(name, monkeypatch: pytest.MonkeyPatch):
    app, module = object(), ModuleType(name)
    module.app = app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    assert target_of(app) == target_of(None) == "APP"
