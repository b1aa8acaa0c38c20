"""In PostgreSQL, a hundred who are there at once are few statements, and none of them holds another up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from guardhouse.state.record import Changes
from guardhouse.stores.postgres import PostgresStore
from tests.services.postgres import postgres_url

from .kinds import ADA, KINDS, record
from .sql_kinds import PATIENT

KEYS = [bytes([number]) * 32 for number in range(100)]


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    made = KINDS["postgres"].make(tmp_path)
    for number, key in enumerate(KEYS):
        await made.create(key, record(ADA, public_id=f"{number}"))
    yield made
    await made.close()


async def test_a_hundred_touches_at_once_are_few_statements(store):
    pool, sent = store._pool, []

    class Counted:
        async def write(self, statement: str, *values: object) -> Any:
            sent.append(statement)
            return await pool.write(statement, *values)

    store._touches._pool = Counted()
    assert all(await asyncio.gather(*(store.save(key, Changes(seen=120.0)) for key in KEYS)))
    assert len(sent) <= 2
    assert {(await store.load(key)).seen for key in KEYS} == {120.0}


async def test_a_hundred_loads_at_once_are_few_statements_and_each_gets_its_own(store):
    pool, sent = store._pool, []

    class Counted:
        async def read(self, statement: str, *values: object) -> Any:
            sent.append(statement)
            return await pool.read(statement, *values)

    store._pool = Counted()
    absent = bytes([255]) * 32
    found = await asyncio.gather(*(store.load(key) for key in (*KEYS, absent)))
    assert [one and one.public_id for one in found] == [*(f"{number}" for number in range(len(KEYS))), None]
    assert len(sent) <= 3
    store._pool = pool


async def test_touches_from_all_sides_while_all_are_logged_out_are_no_deadlock_and_revive_nobody(store):
    other = PostgresStore(f"{postgres_url()}?{PATIENT}")
    turns = [(one, Changes(seen=130.0 + turn)) for turn in range(5) for one in (store, other)]
    touches = [one.save(key, change) for one, change in turns for key in (*KEYS, *reversed(KEYS))]
    *there, ended = await asyncio.gather(*touches, store.revoke("users:ada"))
    assert ended == len(KEYS)
    assert set(there) <= {True, False}
    assert [await store.load(key) for key in KEYS] == [None] * len(KEYS)
    await other.close()
