"""What every store of tokens does: nothing is found that was revoked, and nothing late brings it back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from anyio import create_task_group

from guardhouse.errors import StoreError
from guardhouse.state.store import InlineTokens, KeepsTokens, SingleUse
from guardhouse.state.token import TokenRecord
from guardhouse.stores.sqlite import SQLiteStore

from .kinds import in_sqlite, make_sqlite

ADA, BOB = "users:ada", "users:bob"


def token(token_id: str = "one", owner: str = ADA, **changes: Any) -> TokenRecord:
    fields: dict[str, Any] = {
        "name": "laptop",
        "abilities": ("read", "write"),
        "created": 100.0,
        "digest": b"d" * 32,
    }
    return TokenRecord(token_id, owner, **(fields | changes))


@pytest.fixture
def tokens(store: Any) -> Any:
    assert isinstance(store, KeepsTokens)
    return store.tokens


async def test_a_token_is_found_as_it_was_kept(tokens):
    kept = token(expires=200.0, used=150.0, abilities=("*",), name='a "quoted" name, é')
    await tokens.add_token(kept)
    assert await tokens.token("one") == kept


async def test_a_store_that_finds_inline_finds_the_same(tokens):
    inline: Any = tokens
    if isinstance(tokens, InlineTokens):
        assert inline.token_now("one") is None
        await inline.add_token(token())
        assert inline.token_now("one") == await inline.token("one") == token()


async def test_what_is_not_there_is_none(tokens):
    assert await tokens.token("one") is None
    assert await tokens.tokens_of(ADA) == []


async def test_an_id_that_exists_is_never_overwritten(tokens):
    await tokens.add_token(token())
    with pytest.raises(StoreError):
        await tokens.add_token(token(owner=BOB))
    assert (await tokens.token("one")).owner == ADA


async def test_the_tokens_of_one_user_are_listed_the_oldest_first(tokens):
    for token_id, created in (("b", 2.0), ("a", 3.0), ("c", 1.0), ("d", 2.0)):
        await tokens.add_token(token(token_id, created=created))
    await tokens.add_token(token("other", BOB))
    assert [one.id for one in await tokens.tokens_of(ADA)] == ["c", "b", "d", "a"]


async def test_the_last_use_is_noted_and_never_goes_back(tokens):
    await tokens.add_token(token())
    assert await tokens.touch_token("one", 150.0)
    assert await tokens.touch_token("one", 120.0)
    assert await tokens.token("one") == token(used=150.0)


async def test_a_late_note_does_not_revive_a_revoked_token(tokens):
    await tokens.add_token(token())
    assert await tokens.revoke_token(ADA, "one")
    assert not await tokens.touch_token("one", 150.0)
    assert await tokens.token("one") is None


async def test_only_its_owner_revokes_a_token(tokens):
    await tokens.add_token(token())
    assert not await tokens.revoke_token(BOB, "one")
    assert not await tokens.revoke_token(ADA, "another")
    assert await tokens.token("one") is not None
    assert await tokens.revoke_token(ADA, "one")
    assert not await tokens.revoke_token(ADA, "one")


async def test_all_tokens_of_one_user_are_revoked_and_of_no_other(tokens):
    for token_id, owner in (("a", ADA), ("b", ADA), ("c", BOB)):
        await tokens.add_token(token(token_id, owner))
    assert await tokens.revoke_tokens(ADA) == 2
    assert await tokens.revoke_tokens(ADA) == 0
    assert [await tokens.token(token_id) is None for token_id in "abc"] == [True, True, False]


async def test_pruning_takes_what_has_expired_and_leaves_what_never_does(tokens):
    for token_id, expires in (("past", 99.0), ("edge", 100.0), ("later", 101.0), ("never", None)):
        await tokens.add_token(token(token_id, expires=expires))
    assert await tokens.prune_tokens(100.0) == 1
    assert await tokens.prune_tokens(100.0) == 0
    assert await tokens.token("past") is None
    assert None not in [await tokens.token(token_id) for token_id in ("edge", "later", "never")]


async def test_many_at_once_are_each_kept(tokens):
    async with create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(tokens.add_token, token(f"t{number}"))
    assert len(await tokens.tokens_of(ADA)) == 50


# -- names that are used once ---------------------------------------------------------------------------------------


async def test_a_name_is_new_once_also_for_many_at_the_same_moment(store):
    load = store.load
    assert isinstance(store, SingleUse)
    heard: list[bool] = []

    async def use() -> None:
        heard.append(await store.once(b"name", 200.0))

    for _ in range(2):  # whoever must connect first would come too late for a race
        async with create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(load, b"%032d" % number)
    async with create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(use)
    assert sorted(heard) == [False] * 19 + [True]
    assert await store.once(b"other name", 200.0)


async def test_a_used_name_is_forgotten_only_after_its_time(store):
    assert await store.once(b"name", 200.0)
    await store.prune(199.0)
    assert not await store.once(b"name", 200.0)
    await store.prune(201.0)
    assert await store.once(b"name", 300.0)


# -- SQLite ---------------------------------------------------------------------------------------------------------


async def test_tokens_survive_a_restart_and_are_gone_for_every_process_at_once(tmp_path):
    one, other = make_sqlite(tmp_path), make_sqlite(tmp_path)
    await one.tokens.add_token(token())
    assert other.tokens.token_now("one") == token()
    assert await other.tokens.revoke_token(ADA, "one")
    assert one.tokens.token_now("one") is None
    assert await one.once(b"name", 200.0)
    assert not await other.once(b"name", 200.0)
    await one.close()
    await other.close()


async def test_a_file_without_tokens_is_one_that_gets_them(tmp_path: Path):
    former = make_sqlite(tmp_path)
    await former.open()
    for table in ("guardhouse_tokens", "guardhouse_used"):
        in_sqlite(former, f"DROP TABLE {table}")
    await former.close()
    store = make_sqlite(tmp_path)
    await store.tokens.add_token(token())
    assert store.tokens.token_now("one") == token()
    await store.close()


async def test_what_somebody_else_wrote_is_an_error_and_no_token(tmp_path):
    store = make_sqlite(tmp_path)
    await store.tokens.add_token(token())
    in_sqlite(store, "UPDATE guardhouse_tokens SET abilities = 'read'")
    with pytest.raises(StoreError, match="the token one cannot be read"):
        store.tokens.token_now("one")
    await store.close()


async def test_a_broken_file_is_an_error_and_never_an_absent_token(tmp_path):
    (tmp_path / "sessions.db").write_text("this is no database, and long enough to be noticed" * 20)
    store = SQLiteStore(tmp_path / "sessions.db")
    with pytest.raises(StoreError, match="SQLite says"):
        store.tokens.token_now("one")
    with pytest.raises(StoreError, match="SQLite says"):
        await store.tokens.revoke_token(ADA, "one")


async def test_the_secret_is_not_in_the_file_but_its_hash_is(tmp_path):
    store = make_sqlite(tmp_path)
    await store.tokens.add_token(token())
    with closing(sqlite3.connect(store.path)) as connection:
        dump = "\n".join(connection.iterdump())
    assert (b"d" * 32).hex() in dump.lower()
    await store.close()
