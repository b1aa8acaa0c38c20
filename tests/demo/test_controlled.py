"""What the test hooks do to the store reaches what users prove themselves with, and a reset leaves none of it."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.demo.controlled import ControlledStore
from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.store import KeepsEnrolments, SingleUse
from guardhouse.stores.memory import MemoryStore

ONE = Enrolment(Kind.TOTP, "one", "users:1", 1.0)
NEXT = ONE.changed(used=2.0)
READS: dict[str, Any] = {
    "find": lambda store: store.enrolments.enrolment(Kind.TOTP, "one"),
    "list": lambda store: store.enrolments.enrolled("users:1"),
}
WRITES: dict[str, Any] = {
    "enrol": lambda store: store.enrolments.enrol(ONE),
    "change": lambda store: store.enrolments.change(ONE, NEXT),
    "withdraw": lambda store: store.enrolments.withdraw("users:1", Kind.TOTP, "one"),
    "withdraw all": lambda store: store.enrolments.withdraw_all("users:1"),
    "prune": lambda store: store.enrolments.prune_enrolments(9.0),
    "use once": lambda store: store.once(b"name", 9.0),
}


@pytest.mark.parametrize(
    ("fault", "fails"),
    [
        ("none", ()),
        ("limiter", ()),
        ("down", (*READS, *WRITES)),
        ("read-only", (*WRITES,)),
        ("corrupt", (*READS,)),
    ],
)
@pytest.mark.parametrize("verb", [*READS, *WRITES])
async def test_a_fault_reaches_the_verbs_that_it_would_reach(verb: str, fault: Any, fails: tuple[str, ...]):
    store = ControlledStore(MemoryStore())
    assert isinstance(store, KeepsEnrolments)
    assert isinstance(store, SingleUse)
    store.fault = fault
    ask = (READS | WRITES)[verb]
    if verb in fails:
        with pytest.raises(StoreError, match="the test controls say"):
            await ask(store)
    else:
        await ask(store)
    assert (store.reads, store.writes) == ((1, 0) if verb in READS else (0, 1))


async def test_a_reset_withdraws_what_was_enrolled():
    store = ControlledStore(MemoryStore())
    assert await store.enrolments.enrol(ONE)
    await store.empty()
    assert await store.enrolments.enrolment(Kind.TOTP, "one") is None
    assert await store.enrolments.enrol(ONE)
