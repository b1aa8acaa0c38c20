"""What every session store must do: nothing dead comes back, nothing acknowledged is lost, broken is never absent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from anyio import create_task_group
from msgspec import Raw

from guardhouse.errors import StoreError
from guardhouse.state.record import Changes, Record, UnreadableRecordError, encode, merged
from guardhouse.state.store import Closable, InlineLoading, OwnedSessions, Prunable, SessionStore

from .kinds import ADA, BOB, KEY, NEW_KEY, OTHER_KEY, Kind, record

ONE, TWO = encode(1), encode(2)


async def all_at_once(*calls: Awaitable[Any]) -> list[Any]:
    return list(await asyncio.gather(*calls))


def can(store: object, power: type) -> bool:
    return isinstance(store, power)


def in_threads(*works: Callable[[], Awaitable[None]]) -> None:
    """Run each work in a thread and an event loop of its own, all released together."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Awaitable[None]]) -> None:
        async def main() -> None:
            await work()

        barrier.wait()
        asyncio.run(main())

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# -- five verbs -----------------------------------------------------------------------------------------------------


async def test_what_was_created_is_loaded(store: SessionStore):
    await store.create(KEY, record(ADA, a=1, b=[2]))
    assert await store.load(KEY) == record(ADA, a=1, b=[2])
    assert await store.load(OTHER_KEY) is None


async def test_a_store_that_reads_inline_reads_the_same(store: Any, kind: Kind):
    if not can(store, InlineLoading):
        return
    await store.create(KEY, record(ADA, a=1))
    assert store.load_now(KEY) == await store.load(KEY)
    assert store.load_now(OTHER_KEY) is None
    kind.spoil(store, KEY, b"junk")
    with pytest.raises(UnreadableRecordError):
        store.load_now(KEY)


async def test_what_was_loaded_belongs_to_the_reader(store: SessionStore):
    await store.create(KEY, record(ADA, a=1))
    loaded = await store.load(KEY)
    assert loaded is not None
    loaded.data["a"] = Raw(TWO)
    loaded.logins.clear()
    assert await store.load(KEY) == record(ADA, a=1)


async def test_a_taken_key_is_an_error_and_its_record_stays(store: SessionStore):
    await store.create(KEY, record(ADA, a=1))
    with pytest.raises(StoreError):
        await store.create(KEY, record(BOB, a=2))
    assert await store.load(KEY) == record(ADA, a=1)


async def test_a_save_merges_key_by_key(store: SessionStore):
    await store.create(KEY, record(ADA, a=1, b=1, c=1))
    changes = Changes(
        put={"a": TWO, "d": TWO}, drop=frozenset({"b", "zz"}), seen=120.0, idle=60.0, ends=900.0
    )
    assert await store.save(KEY, changes) is True
    assert await store.load(KEY) == merged(record(ADA, a=1, b=1, c=1), changes)


async def test_a_save_never_creates(store: SessionStore, kind: Kind):
    assert await store.save(KEY, Changes(put={"a": ONE}, logins={"ada": ADA}, seen=1.0)) is False
    assert await store.load(KEY) is None
    assert kind.count(store) == 0


async def test_a_move_kills_the_old_key(store: SessionStore):
    await store.create(KEY, record(ADA, a=1))
    assert await store.move(KEY, NEW_KEY, Changes(put={"b": TWO})) is True
    assert await store.load(KEY) is None
    assert await store.load(NEW_KEY) == record(ADA, a=1, b=2)
    assert await store.save(KEY, Changes(put={"late": ONE})) is False
    assert await store.move(KEY, OTHER_KEY, Changes()) is False
    assert await store.delete(KEY) is False


async def test_a_move_of_nothing_creates_nothing(store: SessionStore, kind: Kind):
    assert await store.move(KEY, NEW_KEY, Changes(put={"a": ONE}, logins={"ada": ADA})) is False
    assert kind.count(store) == 0


async def test_a_move_onto_a_taken_key_is_an_error_and_both_stay(store: SessionStore):
    await store.create(KEY, record(ADA))
    await store.create(NEW_KEY, record(BOB))
    with pytest.raises(StoreError):
        await store.move(KEY, NEW_KEY, Changes())
    assert await store.load(KEY) == record(ADA)
    assert await store.load(NEW_KEY) == record(BOB)


async def test_what_was_deleted_stays_dead(store: SessionStore, kind: Kind):
    await store.create(KEY, record(ADA, a=1))
    assert await store.delete(KEY) is True
    assert await store.load(KEY) is None
    assert await store.save(KEY, Changes(put={"late": ONE}, seen=120.0)) is False
    assert await store.move(KEY, NEW_KEY, Changes(put={"late": ONE})) is False
    assert await store.delete(KEY) is False
    assert kind.count(store) == 0


async def test_loads_of_what_is_not_there_cost_nothing(store: SessionStore, kind: Kind):
    await store.create(KEY, record(ADA))
    before = kind.count(store)
    for number in range(10_000):
        assert await store.load(number.to_bytes(32, "big")) is None
    assert kind.count(store) == before


async def test_keys_are_told_apart_by_every_byte(store: SessionStore):
    await store.create(b"\x00" * 32, record(ADA))
    assert await store.load(b"\x00" * 31) is None
    assert await store.load(b"\x00" * 33) is None
    assert await store.load(b"\x00" * 31 + b"\x01") is None


# -- several at once ------------------------------------------------------------------------------------------------


async def test_of_many_who_were_there_at_once_the_latest_counts_and_who_was_gone_is_not_made(
    store: Any, kind: Kind
):
    keys = [bytes([number]) * 32 for number in range(20)]
    for number, key in enumerate(keys):
        await store.create(key, record((ADA, BOB)[number % 2], public_id=f"{number}"))
    moments = [(key, 110.0 + turn) for turn in (2, 0, 1) for key in (*keys, KEY)]
    there = await asyncio.gather(*(store.save(key, Changes(seen=moment)) for key, moment in moments))
    assert there == [key != KEY for key, _ in moments]
    found = [await store.load(key) for key in keys]
    assert [(one.public_id, one.seen) for one in found] == [(f"{number}", 112.0) for number in range(20)]
    assert await store.load(KEY) is None
    assert kind.count(store) == 40


async def test_parallel_saves_lose_nothing(store: SessionStore):
    await store.create(KEY, record(ADA))
    async with create_task_group() as group:
        for number in range(50):
            group.start_soon(store.save, KEY, Changes(put={f"k{number}": encode(number)}))
    loaded = await store.load(KEY)
    assert loaded is not None
    assert loaded.data == {f"k{number}": Raw(encode(number)) for number in range(50)}


async def test_saves_of_several_threads_and_event_loops_lose_nothing(store: SessionStore):
    await store.create(KEY, record(ADA))

    def writer(name: str) -> Callable[[], Awaitable[None]]:
        async def write() -> None:
            for number in range(25):
                assert await store.save(KEY, Changes(put={f"{name}{number}": encode(number)}))
                assert await store.load(KEY) is not None

        return write

    await asyncio.to_thread(in_threads, *(writer(name) for name in "abcd"))
    loaded = await store.load(KEY)
    assert loaded is not None
    assert len(loaded.data) == 100


async def test_of_two_moves_one_wins(store: SessionStore, kind: Kind):
    await store.create(KEY, record(ADA))
    new_keys = [letter * 32 for letter in (b"1", b"2", b"3", b"4")]
    won = await all_at_once(*(store.move(KEY, new_key, Changes()) for new_key in new_keys))
    assert won.count(True) == 1
    alive = [new_key for new_key in new_keys if await store.load(new_key)]
    assert alive == [new_keys[won.index(True)]]
    assert kind.count(store) == 2


async def test_no_save_outlives_a_delete(store: SessionStore, kind: Kind):
    for number in range(20):
        key = number.to_bytes(32, "big")
        await store.create(key, record(ADA))
        await all_at_once(
            store.save(key, Changes(put={"a": ONE})), store.delete(key), store.save(key, Changes(seen=120.0))
        )
        assert await store.load(key) is None
    assert kind.count(store) == 0


# -- owners ---------------------------------------------------------------------------------------------------------


async def public_ids(store: OwnedSessions, owner: str) -> set[str]:
    return {found.public_id for found in await store.owned(owner)}


async def test_the_sessions_of_a_user_are_found(store: Any):
    assert can(store, OwnedSessions)
    await store.create(KEY, record(ADA, public_id="laptop"))
    await store.create(OTHER_KEY, record(ADA, BOB, public_id="shared"))
    await store.create(NEW_KEY, record(public_id="guest"))
    assert await public_ids(store, "users:ada") == {"laptop", "shared"}
    assert await public_ids(store, "users:bob") == {"shared"}
    assert await public_ids(store, "users:eve") == set()
    assert await public_ids(store, "") == set()


@pytest.mark.parametrize("moved", [False, True], ids=["by a save", "by a move"])
async def test_owners_follow_logins(store: Any, kind: Kind, moved: bool):
    await store.create(KEY, record(ADA))
    key = KEY
    for logins, ada, bob in (
        ({"bob": BOB}, {"public"}, {"public"}),
        ({"ada": None}, set(), {"public"}),
        ({"bob": None}, set(), set()),
    ):
        new_key = bytes([key[0] + 1]) * 32
        changes = Changes(logins=logins)
        assert await (store.move(key, new_key, changes) if moved else store.save(key, changes))
        key = new_key if moved else key
        assert await public_ids(store, "users:ada") == ada
        assert await public_ids(store, "users:bob") == bob
    assert kind.count(store) == 1
    await store.delete(key)
    assert kind.count(store) == 0


@pytest.mark.parametrize(
    ("keep", "ended", "left"),
    [(None, 2, set()), (KEY, 1, {"laptop"}), (NEW_KEY, 2, set())],
    ids=["all of them", "all but this one", "all but one that is not hers"],
)
async def test_the_sessions_of_a_user_are_ended(store: Any, keep: bytes | None, ended: int, left: set[str]):
    await store.create(KEY, record(ADA, public_id="laptop"))
    await store.create(OTHER_KEY, record(ADA, BOB, public_id="shared"))
    await store.create(NEW_KEY, record(BOB, public_id="phone"))
    assert await store.revoke("users:ada", keep=keep) == ended
    assert await public_ids(store, "users:ada") == left
    assert await public_ids(store, "users:bob") == {"phone"}
    assert await store.save(OTHER_KEY, Changes(put={"late": ONE})) is False
    assert await store.revoke("users:ada", keep=keep) == 0


async def test_nothing_escapes_the_end_of_all_sessions(store: Any, kind: Kind):
    """A session that gets a new id, or is written to, while all of a user are ended, ends too, whoever comes first."""
    for number in range(20):
        old, new = number.to_bytes(32, "big"), (1000 + number).to_bytes(32, "big")
        await store.create(old, record(ADA))
        await all_at_once(
            store.move(old, new, Changes(put={"a": ONE})),
            store.revoke("users:ada"),
            store.save(old, Changes(put={"b": ONE})),
        )
        assert await store.load(old) is None
        assert await store.load(new) is None
    assert kind.count(store) == 0


# -- what has expired -----------------------------------------------------------------------------------------------


async def test_only_what_is_past_a_deadline_is_swept(store: Any, kind: Kind):
    assert can(store, Prunable)
    await store.create(KEY, record(ADA))
    await store.create(OTHER_KEY, record(BOB))
    await store.save(OTHER_KEY, Changes(seen=990.0))
    assert await store.prune(149.0) == 0
    assert await store.prune(150.0) == 1
    assert await store.load(KEY) is None
    assert await store.load(OTHER_KEY) is not None
    assert await store.prune(1000.0) == 1
    assert kind.count(store) == 0


def in_slices_of_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = ("sqlite", "postgres", "sqlalchemy", "redis")
    for name in ("memory.SLICE", *(f"{kind}.PRUNE_SLICE" for kind in kinds)):
        monkeypatch.setattr(f"guardhouse.stores.{name}", 10)


async def test_sweeping_goes_in_slices_and_leaves_nothing_out(store: Any, monkeypatch: pytest.MonkeyPatch):
    in_slices_of_ten(monkeypatch)
    for number in range(45):
        await store.create(number.to_bytes(32, "big"), record(ADA))
    swept = [await store.prune(5000.0) for _ in range(6)]
    assert max(swept) == 10
    assert sum(swept) == 45


async def test_what_ends_between_two_slices_is_not_counted(store: Any, monkeypatch: pytest.MonkeyPatch):
    in_slices_of_ten(monkeypatch)
    for number in range(20):
        await store.create(number.to_bytes(32, "big"), record(ADA))
    first = await store.prune(5000.0)
    ended = await store.revoke("users:ada")
    assert (first, ended) == (10, 10)
    assert await store.prune(5000.0) == 0


async def test_a_touch_saves_from_the_sweep(store: Any):
    await store.create(KEY, record(ADA))
    assert await store.save(KEY, Changes(seen=200.0))
    assert await store.prune(240.0) == 0
    assert await store.save(KEY, Changes(seen=110.0)), "a slow request that saw less"
    assert await store.prune(240.0) == 0
    loaded = await store.load(KEY)
    assert loaded is not None
    assert loaded.seen == 200.0


# -- what cannot be read --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"junk", b"\x97", b"\x91" * 100_000, encode({"not": "a record"})],
    ids=["nothing", "junk", "cut", "deeply nested", "something else"],
)
async def test_what_cannot_be_read_is_told_and_never_believed(store: Any, kind: Kind, body: bytes):
    await store.create(KEY, record(ADA))
    await store.create(OTHER_KEY, record(ADA, public_id="other"))
    kind.spoil(store, KEY, body)
    with pytest.raises(UnreadableRecordError):
        await store.load(KEY)
    assert await store.save(KEY, Changes(put={"a": ONE})) is False
    assert await store.move(KEY, NEW_KEY, Changes()) is False
    assert await store.load(NEW_KEY) is None
    assert await public_ids(store, "users:ada") == {"other"}
    assert await store.prune(101.0) <= 1
    assert await store.load(OTHER_KEY) is not None


async def test_what_cannot_be_read_can_be_deleted_and_leaves_nothing(store: Any, kind: Kind):
    await store.create(KEY, record(ADA, BOB))
    kind.spoil(store, KEY, b"junk")
    assert await store.delete(KEY) is True
    assert kind.count(store) == 0
    await store.create(KEY, record(BOB))
    kind.spoil(store, KEY, b"junk")
    assert await store.revoke("users:bob") == 1
    assert kind.count(store) == 0


# -- opening and closing --------------------------------------------------------------------------------------------


async def test_a_closed_store_opens_again_when_it_is_used(store: Any):
    await store.create(KEY, record(ADA))
    if can(store, Closable):
        await store.close()
        await store.close()
    assert await store.load(KEY) == record(ADA)
    assert await store.save(KEY, Changes(put={"a": ONE}))


def test_a_store_serves_one_event_loop_after_another(kind: Kind, tmp_path: Any):
    store = kind.make(tmp_path)

    async def use(number: int) -> Record | None:
        if number == 0:
            await store.create(KEY, record(ADA))
        await store.save(KEY, Changes(put={"turn": encode(number)}))
        loaded: Record | None = await store.load(KEY)
        return loaded

    assert [asyncio.run(use(number)) for number in range(3)][-1] == record(ADA, turn=2)
    if isinstance(store, Closable):
        asyncio.run(store.close())
