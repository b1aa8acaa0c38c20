"""The demo stands on every store: no open attack case fails, and each one that proves nothing is named with its reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from tests.attack import cases as corpus
from tests.attack.application import Application
from tests.attack.cases import Case, Result
from tests.attack.run import run
from tests.services.mariadb import mariadb_url
from tests.services.postgres import postgres_url
from tests.stores.redis_kinds import url_of
from tests.stores.sql_kinds import PATIENT, emptied, started

HERE = Path(__file__).parent
EVERYTHING = corpus.read(HERE / "open_cases.json")
CORE = frozenset(json.loads((HERE / "open_cases.json").read_text("utf-8"))["meta"]["core_roles"])

FLOOR = {"memory": 267, "sqlite": 269}
"""So many cases can be asked of the demo, and pass; fewer would mean that it hides something."""

UNPROVEN = json.loads((HERE / "demo_unproven.json").read_text("utf-8"))
"""Reason by reason the cases that neither pass nor fail: what the demo does not offer yet, and what is disputed."""

OUTLIVES = {"sqlite"}
FORGETS = "the keys of this demo lie in memory"
"""What the demo says where keys are to be renewed and its store is no file."""

STORES = {"memory": "memory:", "sqlite": "sqlite:///${tmp}/demo.db"}

SERVERS: Mapping[str, Callable[[], str]] = {
    "redis": lambda: f"{url_of('single')}?prefix=attack&timeout=10",
    "postgres": lambda: f"{emptied(started(postgres_url))}?{PATIENT}",
    "mariadb": lambda: f"{emptied(started(mariadb_url))}?{PATIENT}",
}
"""Stores of a server of their own, each by its URL; the server is started when that is asked for."""

KEPT = frozenset({"fault", "fixation", "flow", "login", "logout", "mfa", "oauth-client", "remember"})
"""Areas whose cases ask a store for more than a session, or let it fail."""


def core_alone(case: Case) -> bool:
    return case.roles <= CORE and not case.requires


def played(store: str, selected: Sequence[Case], *, timing: bool = False) -> list[Result]:
    with Application(HERE / "target.json", {"store": store}) as application:
        return run(application, EVERYTHING, selected, timing=timing)


def failures(results: Sequence[Result]) -> list[str]:
    return [f"{one.case.id} {failure}" for one in results for failure in one.failures]


@pytest.mark.attack
@pytest.mark.slow
@pytest.mark.parametrize("store", STORES)
def test_no_open_case_fails_and_each_that_proves_nothing_is_named(store):
    results = played(STORES[store], EVERYTHING, timing=True)
    assert failures(results) == []
    unproven: dict[str, list[str]] = {}
    for one in results:
        if one.status == "skipped":
            unproven.setdefault(one.reason, []).append(one.case.id)
    assert unproven == {why: names for why, names in UNPROVEN.items() if _of(store, why)}
    assert sum(one.status == "passed" for one in results) >= FLOOR[store]


def _of(store: str, reason: str) -> bool:
    return store not in OUTLIVES or FORGETS not in reason


@pytest.mark.attack
@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS)
def test_no_case_of_the_core_and_none_that_leans_on_the_store_fails_on_a_server(server):
    unproven = {name for names in UNPROVEN.values() for name in names}
    selected = [case for case in EVERYTHING if case.area in KEPT or core_alone(case)]
    results = played(SERVERS[server](), selected)
    assert failures(results) == []
    # How long a login takes is no matter of where sessions lie.
    open_still = {one.case.id for one in results if one.status == "skipped" and "timing" not in one.reason}
    assert open_still <= unproven


def test_a_case_of_the_core_roles_alone_is_proven_or_disputed():
    unproven = {name for names in UNPROVEN.values() for name in names}
    alone = {one.id for one in EVERYTHING if core_alone(one)}
    disputed = json.loads((HERE / "target.json").read_text("utf-8")).get("disputed", {})
    assert alone & unproven == set(disputed)
