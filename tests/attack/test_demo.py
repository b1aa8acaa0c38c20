"""The demo stands on either store: no open attack case fails, and each one that proves nothing is named with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attack import cases as corpus
from tests.attack.application import Application
from tests.attack.run import run

HERE = Path(__file__).parent

FLOOR = 254
"""So many cases can be asked of the demo, and pass; fewer would mean that it hides something."""

UNPROVEN = json.loads((HERE / "demo_unproven.json").read_text("utf-8"))
"""Reason by reason the cases that neither pass nor fail: what the demo does not offer yet, and what is disputed."""


@pytest.mark.attack
@pytest.mark.slow
@pytest.mark.parametrize("store", ["memory:", "sqlite:///${tmp}/demo.db"], ids=["memory", "sqlite"])
def test_no_open_case_fails_and_each_that_proves_nothing_is_named(store):
    everything = corpus.read(HERE / "open_cases.json")
    with Application(HERE / "target.json", {"store": store}) as application:
        results = run(application, everything, everything)
    assert [f"{one.case.id} {failure}" for one in results for failure in one.failures] == []
    unproven: dict[str, list[str]] = {}
    for one in results:
        if one.status == "skipped":
            unproven.setdefault(one.reason, []).append(one.case.id)
    assert unproven == UNPROVEN
    assert sum(one.status == "passed" for one in results) >= FLOOR


def test_a_case_of_the_core_roles_alone_is_proven_or_disputed():
    document = json.loads((HERE / "open_cases.json").read_text("utf-8"))
    core = set(document["meta"]["core_roles"])
    alone = {
        one.id for one in corpus.read(HERE / "open_cases.json") if one.roles <= core and not one.requires
    }
    unproven = {name for names in UNPROVEN.values() for name in names}
    assert alone & unproven == set(json.loads((HERE / "target.json").read_text("utf-8")).get("disputed", {}))
