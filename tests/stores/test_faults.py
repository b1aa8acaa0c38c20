"""Trouble with a database server is a StoreError in time; what was acknowledged stays, and all goes on when it is over."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Any, NamedTuple

import pytest

from guardhouse.errors import StoreError
from guardhouse.state.attempts import AttemptLimit
from guardhouse.state.enrolment import Kind as EnrolmentKind
from guardhouse.state.record import Changes, encode
from guardhouse.stores.opening import open_store
from tests.services import Missing
from tests.services.desk import Desk, MariaDBDesk, PostgresDesk
from tests.services.mariadb import MariaDB
from tests.services.postgres import Postgres

from .kinds import ADA, BOB, KEY, NEW_KEY, OTHER_KEY, record
from .test_enrolments import enrolment

pytestmark = pytest.mark.slow

ONE = encode(1)
RECOVERY = 5.0
"""Seconds after which a store must work again once its server does."""

TIMES = "connect_timeout=0.5&timeout=0.5"
LONGEST = 0.5 + 0.5 + 0.7
"""What a call may take with these time-outs, on a machine that does other things too."""


class Rig(NamedTuple):
    """A server of these tests alone, and how to reach it."""

    service: Any
    url: str
    desk: Callable[[], Desk]
    hold: str
    """What locks a row."""

    def store(self, options: str = TIMES) -> Any:
        return open_store(f"{self.url}?create=true&{options}")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    yield from _started(Postgres)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDB]:
    yield from _started(MariaDB)


def _started(make: Callable[[], Any]) -> Iterator[Any]:
    try:
        service = make()
    except Missing as missing:
        pytest.skip(str(missing))
    yield service
    service.server.remove()


@pytest.fixture(params=["postgres", "mariadb", "sqlalchemy-postgres"])
def rig(request: pytest.FixtureRequest) -> Rig:
    service = request.getfixturevalue("mariadb" if request.param == "mariadb" else "postgres")
    if request.param == "mariadb":
        hold = "SELECT id FROM guardhouse_sessions WHERE `key` = %s FOR UPDATE"
        return Rig(service, service.url, partial(MariaDBDesk, service.url), hold)
    hold = "SELECT id FROM guardhouse_sessions WHERE key = $1 FOR UPDATE"
    scheme = "postgresql+asyncpg:" if request.param.startswith("sqlalchemy") else "postgresql:"
    url = service.url.replace("postgresql:", scheme)
    return Rig(service, url, partial(PostgresDesk, service.url), hold)


@pytest.fixture
async def store(rig: Rig) -> AsyncIterator[Any]:
    made = rig.store()
    await made.open()
    for owner in ("users:ada", "users:bob"):
        await made.revoke(owner)
    yield made
    await made.close()


async def fails_in_time(work: Callable[[], Any]) -> str:
    began = time.monotonic()
    with pytest.raises(StoreError) as raised:
        await work()
    assert time.monotonic() - began < LONGEST
    assert "hunter2" not in str(raised.value)
    return str(raised.value)


async def works_again(store: Any, key: bytes = KEY) -> Any:
    """Load until it succeeds, and no longer than it may take."""
    ends = time.monotonic() + RECOVERY
    while True:
        try:
            return await store.load(key)
        except StoreError:
            assert time.monotonic() < ends, "the store does not recover"
            await asyncio.sleep(0.05)


# -- the server -----------------------------------------------------------------------------------------------------


async def test_a_server_that_was_killed_lost_nothing_that_was_acknowledged(rig: Rig, store: Any):
    await store.create(KEY, record(ADA, a=1))
    await store.create(OTHER_KEY, record(BOB))
    await store.delete(OTHER_KEY)
    used = rig.url.encode()
    assert await store.once(used, 1e12)
    await store.enrolments.withdraw_all("users:ada")
    for name in ("one", "two"):
        assert await store.enrolments.enrol(enrolment(name))
    assert await store.enrolments.withdraw("users:ada", EnrolmentKind.PASSKEY, "two")
    rig.service.stop()
    await fails_in_time(lambda: store.load(KEY))
    await fails_in_time(lambda: store.save(KEY, Changes(put={"lost": ONE})))
    await fails_in_time(lambda: store.delete(KEY))
    await fails_in_time(lambda: store.once(b"used", 1e12))
    await fails_in_time(lambda: store.tokens.token("one"))
    await fails_in_time(lambda: store.attempts.attempt(b"ada", AttemptLimit(), time.time))
    await fails_in_time(lambda: store.enrolments.enrol(enrolment("late")))
    await fails_in_time(lambda: store.enrolments.enrolment(EnrolmentKind.PASSKEY, "one"))
    await fails_in_time(lambda: store.enrolments.enrolled("users:ada"))
    await fails_in_time(lambda: store.enrolments.change(enrolment(), enrolment().changed()))
    await fails_in_time(lambda: store.enrolments.withdraw("users:ada", EnrolmentKind.PASSKEY, "one"))
    await fails_in_time(lambda: store.enrolments.withdraw_all("users:ada"))
    await fails_in_time(lambda: store.enrolments.prune_enrolments(time.time()))
    rig.service.server.start()
    assert await works_again(store) == record(ADA, a=1)
    assert await store.load(OTHER_KEY) is None
    assert not await store.once(used, 1e12)
    assert await store.enrolments.enrolled("users:ada") == [enrolment("one")]
    assert await store.save(KEY, Changes(put={"b": ONE}))


async def test_a_restart_between_two_requests_costs_reading_nothing(rig: Rig, store: Any):
    await store.create(KEY, record(ADA))
    rig.service.restart()
    assert await store.load(KEY) == record(ADA)


async def test_a_server_that_hangs_is_given_up_in_time(rig: Rig, store: Any):
    await store.create(KEY, record(ADA))
    rig.service.server.hold()
    try:
        said = await fails_in_time(lambda: store.load(KEY))
        assert "did not answer within" in said
        all_at_once = [fails_in_time(lambda: store.save(KEY, Changes(seen=120.0))) for _ in range(30)]
        await asyncio.gather(*all_at_once)
    finally:
        rig.service.server.resume()
    assert await works_again(store) is not None
    assert await store.save(KEY, Changes(put={"a": ONE}))


async def test_a_server_that_hangs_at_the_start_stops_the_start_in_time(rig: Rig):
    waiting: Any = open_store(f"{rig.url}?{TIMES}")
    rig.service.server.hold()
    try:
        await fails_in_time(waiting.open)
    finally:
        rig.service.server.resume()
    await waiting.close()


async def test_a_row_that_somebody_locks_is_waited_for_in_time_and_can_be_read(rig: Rig, store: Any):
    await store.create(KEY, record(ADA))
    with closing(rig.desk()) as other:
        other("START TRANSACTION")
        other(rig.hold, KEY)
        await fails_in_time(lambda: store.save(KEY, Changes(put={"a": ONE})))
        await fails_in_time(lambda: store.delete(KEY))
        assert await store.load(KEY) == record(ADA)
        other("ROLLBACK")
    assert await store.save(KEY, Changes(put={"a": ONE}))


async def test_a_pool_that_is_used_up_is_an_outage_and_not_a_queue(rig: Rig):
    store = rig.store("pool=1&connect_timeout=0.2&timeout=1")
    await store.open()
    await store.revoke("users:ada")
    await store.create(KEY, record(ADA))
    with closing(rig.desk()) as other:
        other("START TRANSACTION")
        other(rig.hold, KEY)
        waits = asyncio.create_task(store.delete(KEY))
        await asyncio.sleep(0.1)
        await fails_in_time(lambda: store.delete(OTHER_KEY))
        other("ROLLBACK")
        with suppress(StoreError):
            await waits
    await works_again(store)
    await store.close()


# -- those who wait -------------------------------------------------------------------------------------------------


async def test_a_request_that_is_cancelled_leaks_no_connection_and_nobody_gets_its_answer(rig: Rig):
    store = rig.store("pool=4&timeout=5&connect_timeout=5")
    await store.open()
    await store.revoke("users:ada")
    keys = [bytes([number]) * 32 for number in range(1, 20)]
    for key in keys:
        await store.create(key, record(ADA, public_id=key.hex()))
    wrong: list[str] = []

    async def visit(key: bytes) -> None:
        found = await store.load(key)
        if found is None or found.public_id != key.hex():
            wrong.append(key.hex())
        await store.save(key, Changes(put={"a": ONE}))

    chance = random.Random(20)
    for _ in range(20):
        tasks = [asyncio.create_task(visit(chance.choice(keys))) for _ in range(20)]
        for task in tasks:
            await asyncio.sleep(chance.random() / 500)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not wrong
    await asyncio.gather(*(visit(key) for key in keys))
    assert not wrong
    await store.close()


async def test_no_move_under_way_escapes_the_end_of_all_sessions(rig: Rig, store: Any):
    """Who ends all sessions of a user while one of them gets a new id waits for it, and ends it too."""
    await store.create(KEY, record(ADA))
    with closing(rig.desk()) as other:
        other("START TRANSACTION")
        place = "%s" if "mariadb" in rig.url else "$1"
        quoted = "`key`" if "mariadb" in rig.url else "key"
        other(f"UPDATE guardhouse_sessions SET {quoted} = {place}", NEW_KEY)  # noqa: S608 - constants
        revoking = asyncio.create_task(store.revoke("users:ada"))
        await asyncio.sleep(0.1)
        other("COMMIT")
        assert await revoking == 1
    assert await store.load(NEW_KEY) is None


# -- PostgreSQL alone -----------------------------------------------------------------------------------------------


async def test_a_storm_of_ended_connections_loses_nothing_and_passes(postgres: Postgres):
    store: Any = open_store(f"{postgres.url}?create=true&connect_timeout=2&timeout=2")
    await store.open()
    await store.revoke("users:ada")
    await store.create(KEY, record(ADA))
    acknowledged: list[str] = []
    failed = 0
    ends = time.monotonic() + 1.5

    async def write(name: str) -> None:
        nonlocal failed
        number = 0
        while time.monotonic() < ends:
            number += 1
            try:
                assert await store.save(KEY, Changes(put={f"{name}{number}": ONE}))
                acknowledged.append(f"{name}{number}")
            except StoreError:
                failed += 1

    async def storm() -> None:
        with closing(PostgresDesk(postgres.url)) as other:
            while time.monotonic() < ends:
                other(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guardhouse'"
                )
                await asyncio.sleep(0.1)

    await asyncio.gather(storm(), *(write(name) for name in "abcd"))
    assert failed, "no connection was hit, and nothing was shown"
    found = await works_again(store)
    assert set(acknowledged) <= set(found.data)
    await store.close()


@pytest.mark.parametrize("code", ["40001", "40P01"], ids=["serialization failure", "deadlock"])
async def test_what_the_server_undid_for_others_is_done_again(postgres: Postgres, code: str):
    store: Any = open_store(f"{postgres.url}?create=true&connect_timeout=2&timeout=2")
    await store.open()
    await store.revoke("users:ada")
    await store.create(KEY, record(ADA))
    with closing(PostgresDesk(postgres.url)) as other:
        other("CREATE SEQUENCE trouble")
        other(
            "CREATE FUNCTION trouble() RETURNS trigger AS $$ BEGIN IF nextval('trouble') <= 2 THEN "
            f"RAISE EXCEPTION 'given up' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
        )
        other(
            "CREATE TRIGGER trouble BEFORE UPDATE ON guardhouse_sessions FOR EACH ROW EXECUTE FUNCTION trouble()"
        )
        try:
            assert await store.save(KEY, Changes(put={"a": ONE}))
        finally:
            other("DROP TRIGGER trouble ON guardhouse_sessions")
            other("DROP FUNCTION trouble")
            other("DROP SEQUENCE trouble")
    loaded = await store.load(KEY)
    assert loaded.data.keys() == {"a"}
    await store.close()


async def test_a_database_that_prefers_another_isolation_changes_nothing(postgres: Postgres):
    url = postgres.new_database("strict")
    with closing(PostgresDesk(url)) as other:
        other("ALTER DATABASE strict SET default_transaction_isolation = 'serializable'")
    store: Any = open_store(f"{url}?create=true&connect_timeout=5&timeout=5")
    await store.create(KEY, record(ADA))
    await asyncio.gather(*(store.save(KEY, Changes(put={f"k{number}": ONE})) for number in range(40)))
    loaded = await store.load(KEY)
    assert len(loaded.data) == 40
    await store.close()


async def test_what_is_unsafe_about_a_server_is_told_at_the_start(
    postgres: Postgres, caplog: pytest.LogCaptureFixture
):
    url = postgres.new_database("unsafe")
    with closing(PostgresDesk(url)) as other:
        other("ALTER DATABASE unsafe SET synchronous_commit = off")
    store: Any = open_store(f"{url}?create=true&pool=900&connect_timeout=5&timeout=5")
    await store.open()
    said = caplog.text
    assert all(word in said for word in ("synchronous_commit is off", "fsync is off", "197 connections"))
    assert "hunter2" not in said
    assert not any(remark.code == "store-clock" for remark in await store.examine())
    await store.close()


async def test_the_pool_is_as_large_as_it_says_and_no_larger(postgres: Postgres):
    store: Any = open_store(f"{postgres.url}?create=true&pool=3&connect_timeout=10&timeout=10")
    await store.open()
    await asyncio.gather(*(store.owned(f"users:{number}") for number in range(100)))  # loads would be joined
    with closing(PostgresDesk(postgres.url)) as other:
        counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'guardhouse'"
        assert other(counted) == [(3,)]
        await store.close()
        await asyncio.sleep(0.2)
        assert other(counted) == [(0,)]
