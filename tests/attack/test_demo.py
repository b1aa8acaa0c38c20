"""The demo stands: no open attack case fails against it, on either store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack import cases as corpus
from tests.attack.application import Application
from tests.attack.run import run

HERE = Path(__file__).parent
FLOOR = 190
"""So many cases can be asked of the demo, and pass; fewer would mean that it hides something."""


@pytest.mark.attack
@pytest.mark.slow
@pytest.mark.parametrize("store", ["memory:", "sqlite:///${tmp}/demo.db"])
def test_no_open_case_fails_against_the_demo(store):
    everything = corpus.read(HERE / "open_cases.json")
    with Application(HERE / "target.json", {"store": store}) as application:
        results = run(application, everything, everything)
    failed = [f"{one.case.id} {failure}" for one in results for failure in one.failures]
    assert failed == []
    assert sum(one.status == "passed" for one in results) >= FLOOR
