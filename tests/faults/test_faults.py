"""A few faults, a few seconds each, with fixed seeds: the long runs are `make faults`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from benchmarks.faults.faults import FAULTS, chosen
from benchmarks.faults.on_databases import Terminated
from benchmarks.faults.on_limits import Guessed
from benchmarks.faults.on_redis import Pause
from benchmarks.faults.on_steps import Cut
from benchmarks.faults.on_wires import Reset
from benchmarks.faults.on_workers import LateSave, WorkerKill
from benchmarks.faults.running import QUICK, Fault, Report, Stage, run
from guardhouse.state.crumbs import key_of
from guardhouse.stores.opening import open_shelves
from tests.services import Missing

SHORT = replace(QUICK, sessions=200, users=40, clients=10, seconds=3.0)


def reported(fault: Fault, seed: int = 1) -> Report:
    try:
        return run(fault, SHORT, seed)
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        WorkerKill("sqlite"),
        LateSave("sqlite"),
        Pause("redis"),
        Reset("redis"),
        Cut("redis"),
        Terminated("postgres"),
        Guessed("redis"),
    ],
    ids=lambda fault: f"{fault.name} {fault.store}",
)
def test_no_promise_breaks_while_a_store_is_harmed(fault: Fault):
    report = reported(fault)
    assert report.calls > 50
    assert not [note for note in report.notes if note.startswith("!")]
    assert not {rule: count for rule, count in report.broken.items() if count}, report.examples


class Forgotten(LateSave):
    """A logout that the store forgets: what the bench must see."""

    async def load(self, stage: Stage, until: float) -> None:
        store = open_shelves(stage.place.url)
        kept = {visitor.number: visitor for visitor in stage.world.live}
        records = {number: await store.load(_key(visitor.cookie)) for number, visitor in kept.items()}
        task = asyncio.create_task(self._revive(stage, store, records, kept))
        await super().load(stage, until)
        task.cancel()

    async def _revive(self, stage: Stage, store, records, kept) -> None:
        while True:
            for visitor in list(stage.world.dead):
                if visitor.number in kept and await store.load(_key(visitor.cookie)) is None:
                    await store.create(_key(visitor.cookie), records[visitor.number])
            await asyncio.sleep(0.001)


def _key(cookie: str) -> bytes:
    return key_of(cookie.encode())


@pytest.mark.slow
def test_a_store_that_brings_sessions_back_is_caught():
    report = reported(Forgotten("sqlite"))
    assert report.broken.get("I1", 0) > 0


def test_every_fault_says_what_it_does_and_where():
    for fault in FAULTS:
        assert fault.name.startswith("F")
        assert fault.does
        assert fault.stores


def test_faults_are_chosen_by_number_and_store():
    assert {fault.name for fault in chosen(["F9"], ["redis"])} == {
        "F9 slow",
        "F9 trickle",
        "F9 reset",
        "F9 silent",
        "F9 late",
    }
    assert {fault.store for fault in chosen(["F4"], None)} == {"redis"}
    assert [fault.name for fault in chosen(["F7 lock"], None)] == ["F7 lock"]
    assert len(chosen(None, None)) > len(FAULTS)
