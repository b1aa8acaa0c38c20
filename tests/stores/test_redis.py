"""What Redis adds to the contract: an index that is never behind, expiry that decides nothing, and no room for a race."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from guardhouse.errors import StoreError
from guardhouse.limits import Limits
from guardhouse.state.attempts import AttemptLimit, Attempts
from guardhouse.state.limit import Limit
from guardhouse.state.record import Changes, Login, Record, encode, merged, opened
from guardhouse.stores.redis import RedisStore
from guardhouse.stores.redis_link import RedisLink
from guardhouse.stores.redis_owners import TIDY_ABOVE
from guardhouse.stores.redis_scripts import TOMBSTONE

from .kinds import ADA, BOB, KEY, NEW_KEY, OTHER_KEY, record
from .redis_kinds import entries_in, in_redis, keys_in, make_redis
from .test_tokens import token

LAYOUTS = ["single", "sentinel", "cluster"]
ONE = encode(1)


@pytest.fixture(params=LAYOUTS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = make_redis(tmp_path, request.param)
    yield made
    await made.close()


# -- the index of owners ----------------------------------------------------------------------------------------------


async def test_the_index_names_what_is_there_and_no_more(store: RedisStore):
    await store.create(KEY, record(ADA, BOB))
    assert sorted(entries_in(store)) == [("users:ada", KEY), ("users:bob", KEY)]
    await store.move(KEY, NEW_KEY, Changes(logins={"bob": None}))
    assert ("users:ada", NEW_KEY) in entries_in(store)
    assert ("users:ada", KEY) not in entries_in(store)
    await store.create(OTHER_KEY, record(ADA))
    await store.delete(OTHER_KEY)
    assert entries_in(store) == [("users:ada", NEW_KEY)]
    assert await store.revoke("users:ada") == 1
    assert entries_in(store) == []
    assert await store.move(NEW_KEY, KEY, Changes(logins={"ada": ADA})) is False
    assert entries_in(store) == []


class Cut(RedisLink):
    """A link whose process dies after so many commands."""

    left = 0

    async def _in_turn(self, send: Any, *, again: bool = False) -> Any:
        if self.left <= 0:
            raise StoreError("the process has died")
        self.left -= 1
        return await super()._in_turn(send, again=again)


@pytest.mark.parametrize("work", ["create", "save", "move", "delete", "revoke"])
async def test_wherever_it_is_cut_short_no_session_is_out_of_reach(
    store: RedisStore, tmp_path: Path, work: str
):
    commands = 0
    for commands in range(20):
        await store.create(KEY, record(ADA))
        finished = await _cut_short(make_redis(tmp_path, store.address.layout), work, commands)
        with in_redis(store) as client:
            alive = {
                key[-32:]: opened(client.get(key))
                for key in keys_in(store, "s")
                if client.get(key) != TOMBSTONE
            }
        named = set(entries_in(store))
        assert {(owner, key) for key, held in alive.items() for owner in held.owners} <= named
        assert len(alive) <= 1 + (work == "create"), "one session became two"
        await store.revoke("users:ada")
        await store.revoke("users:bob")
        assert [await store.load(key) for key in (KEY, NEW_KEY, OTHER_KEY)] == [None] * 3
        if finished:
            break
    assert commands > 0


async def _cut_short(store: RedisStore, work: str, commands: int) -> bool:
    def make() -> Cut:
        link = Cut(store.address)
        link.left = commands
        return link

    store._links._make = make
    login = Changes(logins={"bob": BOB}, put={"a": ONE})
    works = {
        "create": lambda: store.create(OTHER_KEY, record(ADA, BOB)),
        "save": lambda: store.save(KEY, login),
        "move": lambda: store.move(KEY, NEW_KEY, login),
        "delete": lambda: store.delete(KEY),
        "revoke": lambda: store.revoke("users:ada"),
    }
    try:
        await works[work]()
    except StoreError:
        return False
    finally:
        await store.close()
    return True


async def test_no_session_escapes_by_moving_while_it_is_revoked(store: RedisStore, tmp_path: Path):
    other = make_redis(tmp_path, store.address.layout)

    async def keep_moving(key: bytes) -> None:
        while await other.move(key, key := os.urandom(32), Changes(seen=120.0)):
            pass

    for _ in range(40):
        keys = [os.urandom(32) for _ in range(4)]
        for key in keys:
            await store.create(key, record(ADA))
        moving = [asyncio.create_task(keep_moving(key)) for key in keys]
        await asyncio.sleep(0.002)
        await store.revoke("users:ada")
        await asyncio.wait_for(asyncio.gather(*moving), 20)
        assert await store.owned("users:ada") == []
    with in_redis(store) as client:
        assert {client.get(key) for key in keys_in(store, "s")} <= {TOMBSTONE, None}
    await other.close()


async def test_a_login_that_meets_a_revocation_comes_after_it(store: RedisStore):
    """As if a revocation had barred this key a moment ago."""
    link = store._links.here()
    assert await store._kill(link, "users:ada", [KEY]) == [0]
    assert await store.load(KEY) is None
    assert await store.move(KEY, NEW_KEY, Changes()) is False
    assert await store.save(KEY, Changes(put={"a": ONE})) is False
    await store.create(OTHER_KEY, record(ADA))
    assert await store.move(OTHER_KEY, KEY, Changes()) is False, "a move must not pass a revocation"
    await store.create(KEY, record(ADA))
    assert await store.load(KEY) == record(ADA)
    assert await store.revoke("users:ada") == 1


async def test_a_user_who_logs_in_daily_and_never_out_is_tidied_up(store: RedisStore):
    for number in range(TIDY_ABOVE + 5):
        key = bytes([number]) * 32
        await store.create(key, record(ADA))
        with in_redis(store) as client:
            client.delete(store._sessions + key)  # as Redis does when its time is past
    later = record(ADA)
    later = type(later)(
        **{
            **{f: getattr(later, f) for f in later.__struct_fields__},
            "created": 9000.0,
            "seen": 9000.0,
            "ends": 9900.0,
        }
    )
    await store.create(KEY, later)
    assert entries_in(store) == [("users:ada", KEY)]


async def test_a_clock_that_is_wrong_hides_no_session(store: RedisStore):
    for number in range(TIDY_ABOVE + 5):
        await store.create(bytes([number]) * 32, record(ADA, public_id=f"{number}"))
    far = Changes(seen=99_999_999.0, ends=99_999_999.0 + 60)
    assert await store.save(bytes(32), far)
    assert await store.move(bytes(32), KEY, far)
    assert len(await store.owned("users:ada")) == TIDY_ABOVE + 5
    assert await store.revoke("users:ada") == TIDY_ABOVE + 5


# -- what is merged in the server -------------------------------------------------------------------------------------


VALUES = [
    None, True, 0, -1, 127, 128, -33, 70_000, 2**40, -(2**40), 2**63, 1.5, "", "é" * 40, "x" * 300, "x" * 70_000,
    b"", b"\xc1" * 300, b"y" * 70_000, [], [[1, {"a": [None]}]] * 20, list(range(70_000)),
    {}, {"k": {"n": 1}}, {f"k{n}": n for n in range(40)}, {f"k{n}": n for n in range(70_000)},
]  # fmt: skip


@pytest.mark.parametrize(
    "value", VALUES, ids=[f"{type(value).__name__} {n}" for n, value in enumerate(VALUES)]
)
async def test_whatever_a_session_holds_is_merged_untouched(tmp_path: Path, value: object):
    store = make_redis(tmp_path)
    await store.create(KEY, record(ADA, before=value, dropped=value))
    assert await store.save(KEY, Changes(put={"after": encode(value), "": ONE}, drop=frozenset({"dropped"})))
    loaded = await store.load(KEY)
    assert loaded is not None
    assert loaded.data == {"before": Raw(encode(value)), "after": Raw(encode(value)), "": Raw(ONE)}
    assert loaded.logins == {"ada": ADA}
    await store.close()


async def test_a_session_of_many_keys_stays_one(tmp_path: Path):
    store = make_redis(tmp_path)
    await store.create(KEY, record(ADA))
    for number in range(20):
        assert await store.save(
            KEY, Changes(put={f"k{number}": encode(number)}, drop=frozenset({f"k{number - 17}"}))
        )
    loaded = await store.load(KEY)
    assert loaded is not None
    assert sorted(loaded.data) == sorted(f"k{number}" for number in range(3, 20))
    await store.close()


NAMES = st.text(max_size=40)
JSON_LIKE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda below: st.lists(below, max_size=20) | st.dictionaries(NAMES, below, max_size=20),
    max_leaves=30,
)
MOMENTS = st.none() | st.floats(0, 1e10)
LOGINS = st.builds(Login, NAMES, NAMES, NAMES, st.floats(0, 1e10), st.none() | NAMES)
RECORDS = st.builds(
    Record,
    *(NAMES, st.floats(0, 1e10), st.floats(0, 1e10), st.floats(0, 1e7), st.floats(0, 1e10)),
    st.dictionaries(NAMES, LOGINS, max_size=20),
    st.dictionaries(NAMES, JSON_LIKE.map(encode).map(Raw), max_size=20),
)
CHANGES = st.builds(
    Changes,
    st.dictionaries(NAMES, JSON_LIKE.map(encode), max_size=20),
    st.frozensets(NAMES, max_size=5),
    st.dictionaries(NAMES, st.none() | LOGINS, max_size=5),
    *(MOMENTS, MOMENTS, MOMENTS),
)


@pytest.mark.slow
def test_redis_merges_as_the_one_function_does(tmp_path: Path):
    with asyncio.Runner() as runner:
        store = make_redis(tmp_path)

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(kept=RECORDS, changes=CHANGES)
        def merge(kept: Record, changes: Changes) -> None:
            async def both() -> tuple[bool, Record | None]:
                await store.delete(KEY)
                await store.create(KEY, kept)
                return await store.save(KEY, changes), await store.load(KEY)

            assert runner.run(both()) == (True, merged(kept, changes))

        merge()


# -- expiry -----------------------------------------------------------------------------------------------------------


async def test_redis_keeps_everything_a_little_longer_than_it_is_good_for(tmp_path: Path):
    store = make_redis(tmp_path)
    await store.create(KEY, record(ADA))  # idle for 50 s, and 900 s at most
    await store.attempts.attempt(b"ada", AttemptLimit(), lambda: 100.0)
    await store.limits(lambda: 100.0).incr("a", 60)
    prefix = store.address.prefix.encode()
    with in_redis(store) as client:

        def left(key: bytes) -> float:
            return float(client.pttl(prefix + key)) / 1000

        assert 345 < left(b":s:" + KEY) <= 350
        assert 1495 < left(b":o:users:ada") <= 1500
        assert 86_400 + 295 < left(b":a:ada") <= 86_400 + 300
        assert 355 < left(b":l:a") <= 360
        await store.save(KEY, Changes(idle=200.0))
        assert 495 < left(b":s:" + KEY) <= 500
        await store.save(KEY, Changes(ends=120.0))
        assert 315 < left(b":s:" + KEY) <= 320
        await store.save(KEY, Changes(ends=5000.0, idle=float("inf")))
        assert left(b":o:users:ada") > 5400, "the index must live as long as what it names"
        client.pexpire(prefix + b":s:" + KEY, 7000)
        await store.save(KEY, Changes(put={"late": ONE}, seen=99.0))
        assert left(b":s:" + KEY) <= 7, "a clock that stands still keeps nothing for longer than its index"
    await store.close()


async def test_while_the_clocks_agree_redis_sweeps_by_itself(tmp_path: Path):
    store = make_redis(tmp_path)
    await store.create(KEY, record(ADA))
    assert await store.prune(time.time()) == 0
    assert await store.load(KEY) is not None
    assert await store.prune(5000.0) == 1, "a clock of its own, such as that of a test, sweeps by its own"
    await store.close()


async def test_no_key_lies_outside_of_the_prefix(tmp_path: Path):
    store = make_redis(tmp_path)
    with in_redis(store) as client:
        before = set(client.keys("*"))
        await store.create(KEY, record(ADA))
        await store.tokens.add_token(token(expires=5e9))
        await store.once(b"name", 5e9)
        await store.attempts.attempt(b"ada", AttemptLimit(), time.time)
        await store.limits(time.time).incr("a", 60)
        added = set(client.keys("*")) - before
    assert len(added) == 8
    assert all(key.startswith(store.address.prefix.encode() + b":") for key in added)
    await store.close()


async def test_two_processes_count_together(store: RedisStore, tmp_path: Path):
    """Two stores that know nothing of each other are to Redis what two processes are."""
    both = store, make_redis(tmp_path, store.address.layout)
    limit = AttemptLimit(tries=20, delay=timedelta(minutes=10))
    tries = [each.attempts.attempt(b"ada", limit, time.time) for each in both for _ in range(40)]
    assert sum(isinstance(said, Attempts) for said in await asyncio.gather(*tries)) == 20
    counted = [
        Limits(each, time.time).hit(Limit(20), "shared", fall_back=False) for each in both for _ in range(40)
    ]
    assert sum(spent.allowed for spent in await asyncio.gather(*counted)) == 20
    used = [each.once(b"code", 5e9) for each in both for _ in range(40)]
    assert sum(await asyncio.gather(*used)) == 1
    await both[1].close()


async def test_what_cannot_be_read_is_an_error_and_no_token_and_no_free_try(tmp_path: Path):
    store = make_redis(tmp_path)
    await store.tokens.add_token(token())
    await store.attempts.attempt(b"ada", AttemptLimit(), time.time)
    prefix = store.address.prefix.encode()
    with in_redis(store) as client:
        client.set(prefix + b":t:one", b"junk")
        client.set(prefix + b":a:ada", b"junk")
    with pytest.raises(StoreError, match="the token one cannot be read"):
        await store.tokens.token("one")
    with pytest.raises(StoreError, match="the tries of an account cannot be read"):
        await store.attempts.attempt(b"ada", AttemptLimit(), time.time)
    await store.close()


async def test_an_index_that_is_behind_hides_no_trouble(tmp_path: Path):
    """Entries that a crash left behind: a token that is not there is not listed, and is swept out of the index of ends."""
    store = make_redis(tmp_path)
    await store.tokens.add_token(token(expires=200.0))
    prefix = store.address.prefix.encode()
    with in_redis(store) as client:
        client.delete(prefix + b":t:one")
        assert await store.tokens.tokens_of("users:ada") == []
        assert await store.tokens.prune_tokens(300.0) == 0
        assert client.zcard(prefix + b":tx") == 0
    await store.close()


# -- size -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_session_with_its_place_in_the_index_takes_no_more_than_450_bytes(tmp_path: Path):
    store, count = make_redis(tmp_path), 20_000
    with in_redis(store) as client:
        before = client.info("memory")["used_memory"]
        for start in range(0, count, 200):
            await asyncio.gather(
                *(store.create(os.urandom(32), _typical(number)) for number in range(start, start + 200))
            )
        taken = (client.info("memory")["used_memory"] - before) / count
    print(f"{taken:.0f} bytes a session, {len(encode(_typical(0)))} of them its record")
    assert taken <= 450
    await store.close()


def _typical(number: int) -> Any:
    owner = Login(f"{number // 2}", "users", "web", 1.7e9, None)
    return record(owner, public_id="p" * 16, ua="Firefox 15")
