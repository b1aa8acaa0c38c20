"""Owners in memory keep what a dict of sets would, and leave the garbage collector nothing to look at."""

from __future__ import annotations

import asyncio
import gc
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.memory_owners import MemoryOwners

from .kinds import ADA, BOB, record

KEYS = [sha256(bytes([number])).digest() for number in range(5)]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["users:ada", "users:bob"]), st.sampled_from(KEYS))))
def test_owners_keep_what_sets_would(steps):
    owners = MemoryOwners()
    sets: dict[str, set[bytes]] = {}
    for adds, owner, key in steps:
        if adds:
            owners.add(owner, key)
            sets.setdefault(owner, set()).add(key)
        else:
            owners.remove(owner, key)
            sets.setdefault(owner, set()).discard(key)
        kept = {name: keys for name, keys in sets.items() if keys}
        assert {name: set(owners.keys_of(name)) for name in owners} == kept
        assert len(owners) == sum(map(len, kept.values()))


def test_the_garbage_collector_sees_no_session():
    store = MemoryStore()

    async def fill() -> None:
        for number in range(2_000):
            login = (ADA, BOB)[number % 2]
            await store.create(sha256(b"%d" % number).digest(), record(login, cart=[number]))

    gc.collect()
    before = len(gc.get_objects())
    asyncio.run(fill())
    gc.collect()
    assert len(gc.get_objects()) - before < 500
