"""The demo with sessions in the cookie: it withstands what it withstands with a store, but for what is named with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.attack import cases as corpus
from tests.attack.application import Application
from tests.attack.run import run

HERE = Path(__file__).parent
FLOOR = 248
"""So many cases can be asked of it, and pass."""

LISTED = ("session_list", "session_revoke_all", "session_revoke_other", "all_credentials")
"""What the demo offers where sessions can be listed."""

DIFFERS = json.loads((HERE / "sealed_differs.json").read_text("utf-8"))


def target(folder: Path) -> Path:
    """Take the demo as it is, without a list of devices."""
    told = json.loads((HERE / "target.json").read_text("utf-8"))
    told["roles"] = {name: role for name, role in told["roles"].items() if name not in LISTED}
    told["instead"] = {
        case: roles for case, roles in told["instead"].items() if not set(roles.values()) & set(LISTED)
    }
    path = folder / "target.json"
    path.write_text(json.dumps(told), "utf-8")
    return path


@pytest.mark.attack
@pytest.mark.slow
@pytest.mark.parametrize("store", ["sealed:", "sealed:memory:"])
def test_what_comes_out_differently_is_named_with_its_reason(store: str, tmp_path: Path):
    everything = corpus.read(HERE / "open_cases.json")
    with Application(target(tmp_path), {"store": store}) as application:
        results = run(application, everything, everything)
    failed = {one.case.id: one.failures for one in results if one.status == "failed"}
    named = {case for differs in DIFFERS.values() if store in differs["stores"] for case in differs["cases"]}
    assert {case: failures for case, failures in failed.items() if case not in named} == {}
    assert set(failed) == named, "what is named comes out differently"
    assert sum(one.status == "passed" for one in results) >= FLOOR
