"""What the list of devices needs of a store: one session is ended by its public id, its own user's, and in any order of things."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guardhouse.errors import StoreError
from guardhouse.state.record import Changes, Login
from guardhouse.state.store import EndsOne
from guardhouse.stores.sqlite import SQLiteStore

from .kinds import ADA, BOB, KEY, NEW_KEY, OTHER_KEY, Kind, record
from .test_contract import ONE, can, public_ids


async def test_one_session_is_ended_and_stays_dead(store: Any, kind: Kind):
    assert can(store, EndsOne)
    await store.create(KEY, record(ADA, public_id="laptop"))
    await store.create(OTHER_KEY, record(ADA, public_id="phone"))
    assert await store.end("users:ada", "laptop") is True
    assert await store.load(KEY) is None
    assert await store.save(KEY, Changes(put={"late": ONE})) is False
    assert await store.move(KEY, NEW_KEY, Changes()) is False
    assert await public_ids(store, "users:ada") == {"phone"}
    assert await store.end("users:ada", "laptop") is False
    assert await store.end("users:ada", "phone") is True
    assert kind.count(store) == 0


@pytest.mark.parametrize("name", ["phone", "", "%", "lapto", "laptop ", "\x00", "x" * 5000])
async def test_another_users_session_and_one_that_is_not_there_are_alike(store: Any, name: str):
    await store.create(KEY, record(ADA, public_id="laptop"))
    await store.create(OTHER_KEY, record(BOB, public_id="phone"))
    await store.create(NEW_KEY, record(public_id="guest"))
    for owner in ("users:ada", "users:eve", "", "users:%"):
        assert await store.end(owner, name) is False
        assert await store.end(owner, "guest") is False
    assert await public_ids(store, "users:ada") == {"laptop"}
    assert await public_ids(store, "users:bob") == {"phone"}


async def test_a_session_of_two_users_is_ended_for_both(store: Any, kind: Kind):
    await store.create(KEY, record(ADA, BOB, public_id="shared"))
    assert await store.end("users:bob", "shared") is True
    assert await public_ids(store, "users:ada") == set()
    assert kind.count(store) == 0


async def test_who_has_logged_out_of_a_session_ends_it_no_more(store: Any):
    await store.create(KEY, record(ADA, BOB, public_id="shared"))
    assert await store.save(KEY, Changes(logins={"bob": None}))
    assert await store.end("users:bob", "shared") is False
    assert await store.load(KEY) is not None


async def test_it_is_found_under_its_new_key(store: Any):
    await store.create(KEY, record(ADA, public_id="laptop"))
    assert await store.move(KEY, NEW_KEY, Changes(put={"a": ONE}))
    assert await store.end("users:ada", "laptop") is True
    assert await store.load(NEW_KEY) is None


async def test_one_that_cannot_be_read_hides_no_other(store: Any, kind: Kind):
    await store.create(KEY, record(ADA, public_id="broken"))
    await store.create(OTHER_KEY, record(ADA, public_id="phone"))
    kind.spoil(store, KEY, b"junk")
    assert await store.end("users:ada", "broken") is False
    assert await store.end("users:ada", "phone") is True


async def test_of_many_who_end_it_one_does_and_a_renewal_on_the_way_saves_it_not(store: Any):
    for number in range(20):
        old, new = (bytes([letter, number]) * 16 for letter in b"on")
        await store.create(old, record(ADA, public_id="laptop"))
        *ended, _ = await asyncio.gather(
            *(store.end("users:ada", "laptop") for _ in range(3)), store.move(old, new, Changes())
        )
        assert sorted(ended) == [False, False, True]
        assert await store.load(old) is await store.load(new) is None


async def test_what_a_login_knows_of_its_device_is_kept(store: Any):
    login = Login("ada", "users", "web", 100.0, None, "Firefox on Windows", "203.0.113.0/24")
    await store.create(KEY, record(public_id="laptop"))
    assert await store.move(KEY, NEW_KEY, Changes(logins={"users": login}))
    (found,) = await store.owned("users:ada")
    assert found.logins["users"] == login


async def test_a_file_that_is_away_is_an_error_and_never_nothing_to_end(store: Any):
    if isinstance(store, SQLiteStore):
        await store.create(KEY, record(ADA, public_id="laptop"))
        await store.close()
        store.path.unlink()
        store.path.mkdir()
        with pytest.raises(StoreError):
            await store.end("users:ada", "laptop")


ACTED = Login("ada", "users", "web", 100.0, behind=Login("bob", "users", "web", 90.0))
"""Bob acts in Ada's place."""


@pytest.mark.parametrize("owner", ["users:ada", "users:bob"])
async def test_a_session_in_which_one_acts_for_another_is_of_both(store: Any, kind: Kind, owner: str):
    await store.create(KEY, record(public_id="laptop"))
    assert await store.move(KEY, NEW_KEY, Changes(logins={"users": ACTED}))
    assert await public_ids(store, owner) == {"laptop"}
    found = await store.load(NEW_KEY)
    assert found is not None
    assert found.logins["users"] == ACTED
    assert await store.end(owner, "laptop") is True
    assert kind.count(store) == 0


@pytest.mark.parametrize("owner", ["users:ada", "users:bob"])
async def test_all_sessions_of_either_end_with_it(store: Any, kind: Kind, owner: str):
    await store.create(KEY, record(BOB, public_id="laptop"))
    assert await store.move(KEY, NEW_KEY, Changes(logins={"bob": ACTED}))
    assert await store.revoke(owner) == 1
    assert kind.count(store) == 0


async def test_who_acted_and_is_himself_again_is_its_only_owner(store: Any):
    await store.create(KEY, record(public_id="laptop"))
    assert await store.move(KEY, OTHER_KEY, Changes(logins={"users": ACTED}))
    assert await store.move(OTHER_KEY, NEW_KEY, Changes(logins={"users": ACTED.behind}))
    assert await public_ids(store, "users:ada") == set()
    assert await public_ids(store, "users:bob") == {"laptop"}
    assert await store.end("users:ada", "laptop") is False
    assert await store.end("users:bob", "laptop") is True
