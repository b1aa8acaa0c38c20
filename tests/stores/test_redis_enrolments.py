"""What Redis adds to the contract of enrolments: an index that is never behind, entries of one's own, no expiry that evicts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.stores.redis import RedisStore

from .redis_kinds import in_redis, make_redis
from .test_enrolments import ADA, BOB, enrolment
from .test_redis import Cut

LAYOUTS = ["single", "sentinel", "cluster"]


@pytest.fixture(params=LAYOUTS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = make_redis(tmp_path, request.param)
    yield made
    await made.close()


def keys_of(store: RedisStore, kind: str = "e*") -> list[bytes]:
    with in_redis(store) as client:
        return sorted(client.scan_iter(match=f"{store.address.prefix}:{kind}"))


async def test_nothing_of_what_lives_has_an_expiry_and_nothing_is_left_of_what_does_not(store: RedisStore):
    await store.enrolments.enrol(enrolment("one"))
    await store.enrolments.enrol(enrolment("two", ends=5e9))
    with in_redis(store) as client:
        assert {client.ttl(key) for key in keys_of(store)} == {-1}
        assert len(keys_of(store)) == 4
    await store.enrolments.withdraw(ADA, Kind.PASSKEY, "one")
    await store.enrolments.withdraw_all(ADA)
    assert keys_of(store) == []
    await store.enrolments.enrol(enrolment("three", ends=50.0))
    assert await store.enrolments.prune_enrolments(100.0) == 1
    assert keys_of(store) == []


async def test_who_comes_late_leaves_nothing_behind(store: RedisStore):
    await store.enrolments.enrol(enrolment(ends=5e9))
    before = keys_of(store)
    assert not await store.enrolments.enrol(enrolment(owner=BOB, ends=5e9))
    offered = [enrolment("two", owner, ends=5e9) for owner in (ADA, BOB) * 10]
    assert sum(await asyncio.gather(*map(store.enrolments.enrol, offered))) == 1
    found = await store.enrolments.enrolment(Kind.PASSKEY, "two")
    assert found is not None
    assert await store.enrolments.withdraw(found.owner, Kind.PASSKEY, "two")
    assert keys_of(store) == before
    with in_redis(store) as client:
        sizes = [client.scard(key) for key in keys_of(store, "eo:*")]
        assert (sizes, client.zcard(f"{store.address.prefix}:ex")) == ([1], 1)


WORKS: dict[str, Any] = {
    "enrol": lambda kept: kept.enrol(enrolment("two", ends=5e9)),
    "enrol what is taken": lambda kept: kept.enrol(enrolment(owner=BOB)),
    "change": lambda kept: kept.change(enrolment(), enrolment().changed(ends=5e9)),
    "withdraw": lambda kept: kept.withdraw(ADA, Kind.PASSKEY, "one"),
    "withdraw all": lambda kept: kept.withdraw_all(ADA),
    "prune": lambda kept: kept.prune_enrolments(100.0),
}


@pytest.mark.parametrize("work", WORKS)
async def test_wherever_it_is_cut_short_no_enrolment_is_out_of_reach(
    store: RedisStore, tmp_path: Path, work: str
):
    finished, commands = False, 0
    for commands in range(20):
        await store.enrolments.enrol(enrolment(ends=50.0 if work == "prune" else None))
        finished = await _cut_short(make_redis(tmp_path, store.address.layout), work, commands)
        found = [await store.enrolments.enrolment(Kind.PASSKEY, name) for name in ("one", "two")]
        alive = [one for one in found if one is not None]
        listed = [one for owner in (ADA, BOB) for one in await store.enrolments.enrolled(owner)]
        assert sorted(listed, key=lambda one: one.name) == alive
        assert await store.enrolments.withdraw_all(ADA) == len(alive)
        assert [await store.enrolments.enrolment(Kind.PASSKEY, name) for name in ("one", "two")] == [None] * 2
        if finished:
            break
    assert finished
    assert commands > 0


async def _cut_short(store: RedisStore, work: str, commands: int) -> bool:
    def make() -> Cut:
        link = Cut(store.address)
        link.left = commands
        return link

    store._links._make = make
    try:
        await WORKS[work](store.enrolments)
    except StoreError:
        return False
    finally:
        await store.close()
    return True


async def test_what_comes_and_goes_by_two_machines_at_once_is_never_out_of_reach(
    store: RedisStore, tmp_path: Path
):
    """The index of a user knows whatever lives, also while the same name is enrolled and withdrawn again and again."""
    other = make_redis(tmp_path, store.address.layout)

    async def come(kept: Any, number: int) -> None:
        await kept.enrol(enrolment(owner=(ADA, BOB)[number % 2], created=float(number), ends=5e9))

    for _ in range(30):
        work = [come(machine.enrolments, number) for number in range(4) for machine in (store, other)]
        leave = [
            machine.enrolments.withdraw(owner, Kind.PASSKEY, "one")
            for owner in (ADA, BOB)
            for machine in (store, other)
        ]
        await asyncio.gather(*work, *leave)
        there = await store.enrolments.enrolment(Kind.PASSKEY, "one")
        listed: list[Enrolment] = [
            one for owner in (ADA, BOB) for one in await store.enrolments.enrolled(owner)
        ]
        assert listed == ([there] if there else [])
    for owner in (ADA, BOB):
        await store.enrolments.withdraw_all(owner)
    assert await store.enrolments.enrolment(Kind.PASSKEY, "one") is None
    await other.close()


async def test_what_somebody_else_wrote_is_an_error_and_no_absence(store: RedisStore):
    await store.enrolments.enrol(enrolment(ends=50.0))
    with in_redis(store) as client:
        client.set(keys_of(store, "e:*")[0], b"stamped!" + b"\xc1")
    for asked in (
        store.enrolments.enrolment(Kind.PASSKEY, "one"),
        store.enrolments.enrolled(ADA),
        store.enrolments.enrol(enrolment()),
        store.enrolments.change(enrolment(), enrolment().changed()),
        store.enrolments.withdraw(ADA, Kind.PASSKEY, "one"),
    ):
        with pytest.raises(StoreError, match="an enrolment cannot be read"):
            await asked


async def test_what_is_changed_without_end_while_it_is_withdrawn_is_an_error(store: RedisStore):
    """It is told rather than waited for for ever."""
    await store.enrolments.enrol(enrolment())
    kept, place = store.enrolments, b"passkey:one"
    link = store._links.here()
    body: bytes = await link.ask("GET", kept._kept + place)
    run = link.run

    async def overtaken(*given: Any, **more: Any) -> Any:
        await run(*given[:2], b"what nobody expects", *given[3:], **more)
        return body

    link.run = overtaken  # type: ignore[method-assign]  # somebody who is always quicker
    with pytest.raises(StoreError, match="changed too often at once"):
        await kept.withdraw(ADA, Kind.PASSKEY, "one")
    link.run = run  # type: ignore[method-assign]
    assert await kept.withdraw(ADA, Kind.PASSKEY, "one")
