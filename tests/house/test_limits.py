"""Limits of a house: exact while its store is there, of this process while it is away, and closed for logins."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from limits.errors import StorageError

from guardhouse import limits as module
from guardhouse.errors import ConfigError, StoreError
from guardhouse.limits import LOGIN_NETWORK, OUTAGE_SECONDS, Limits, LoginThrottle
from guardhouse.state.attempts import AttemptLimit, Wait
from guardhouse.state.limit import Limit, Spent
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.memory_limits import MemoryLimits
from guardhouse.stores.sqlite import SQLiteStore
from guardhouse.testing.doubles import CountingStore
from tests.houses import starlette_house
from tests.stores.test_limits import Time, parallel

THREE = Limit(3)


@pytest.fixture
def time() -> Time:
    return Time()


class Flaky(MemoryLimits):
    """A storage that is away when a test says so, and notes how often it was asked."""

    trouble: Exception | None = None
    asked = 0

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.reached()
        return await super().incr(key, expiry, amount)

    async def get(self, key: str) -> int:
        self.reached()
        return await super().get(key)

    def reached(self) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble


class FlakyStore(MemoryStore):
    def __init__(self, time: Time) -> None:
        super().__init__()
        self.counted = Flaky(time)

    def limits(self, clock: Any) -> Flaky:
        return self.counted


@pytest.fixture
def store(time: Time) -> FlakyStore:
    return FlakyStore(time)


@pytest.fixture
def limits(store: FlakyStore, time: Time) -> Limits:
    return Limits(store, time)


# -- counting ---------------------------------------------------------------------------------------------------------


async def test_hits_count_tests_do_not_and_a_reset_forgets(limits, time):
    assert await limits.test(THREE, "a") == Spent(True, 3, 1)
    assert [await limits.hit(THREE, "a") for _ in range(4)] == [
        Spent(True, 2, 60), Spent(True, 1, 60), Spent(True, 0, 60), Spent(False, 0, 60),
    ]  # fmt: skip
    time.now += 30
    assert await limits.test(THREE, "a") == Spent(False, 0, 30)
    await limits.give_back(THREE, "a")
    assert await limits.test(THREE, "a") == Spent(True, 1, 30)
    await limits.reset(THREE, "a")
    assert (await limits.hit(THREE, "a")).remaining == 2


async def test_limits_of_other_names_numbers_and_keys_count_apart(limits):
    others = [Limit(3, name="other"), Limit(4), Limit(3, timedelta(hours=1))]
    await limits.hit(THREE, "a")
    assert [(await limits.hit(limit, "a")).remaining for limit in others] == [2, 3, 2]
    assert (await limits.hit(THREE, "b")).remaining == 2


async def test_the_keys_of_a_limit_itself_do_not_matter_to_where_it_counts(limits):
    await limits.hit(Limit(3, key="x"), "a")
    assert (await limits.hit(Limit(3, key="y"), "a")).remaining == 1


# -- outages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [StoreError("away"), StorageError(OSError("away"))])
async def test_this_process_counts_by_itself_while_the_store_is_away(store, limits, time, trouble, caplog):
    await limits.hit(THREE, "a")
    store.counted.trouble = trouble
    with caplog.at_level(logging.WARNING, "guardhouse"):
        said = [(await limits.hit(THREE, "a")).allowed for _ in range(5)]
    assert said == [True, True, True, False, False]
    assert len(caplog.records) == 1, "an outage is told once"
    assert store.counted.asked == 4, "a store that was away is left alone for a while"
    store.counted.trouble = None
    time.now += OUTAGE_SECONDS
    assert (await limits.hit(THREE, "a")).remaining == 1, "what was counted before the outage counts again"


async def test_an_outage_that_lasts_is_asked_about_again(store, limits, time):
    store.counted.trouble = StoreError("away")
    await limits.hit(THREE, "a")
    asked = store.counted.asked
    time.now += OUTAGE_SECONDS
    await limits.test(THREE, "a")
    assert store.counted.asked == asked + 1


async def test_a_clock_that_is_set_back_does_not_prolong_an_outage(store, limits, time):
    store.counted.trouble = StoreError("away")
    await limits.hit(THREE, "a")
    store.counted.trouble = None
    time.now -= 3600
    asked = store.counted.asked
    await limits.hit(THREE, "a")
    assert store.counted.asked > asked


async def test_who_must_not_guess_is_told_of_the_outage_instead(store, limits):
    store.counted.trouble = StoreError("away")
    with pytest.raises(StoreError, match="requests cannot be counted: away"):
        await limits.hit(THREE, "a", fall_back=False)
    with pytest.raises(StoreError):
        await limits.test(THREE, "a", fall_back=False)


# -- stores -----------------------------------------------------------------------------------------------------------


async def test_a_store_that_counts_nothing_leaves_each_process_to_itself_and_says_so(time, caplog):
    limits = Limits(CountingStore(), time)
    with caplog.at_level(logging.WARNING, "guardhouse"):
        limits.prepare()
        assert [(await limits.hit(THREE, "a")).allowed for _ in range(4)] == [True, True, True, False]
    assert limits.note is not None
    assert [record.getMessage() for record in caplog.records] == [limits.note]
    assert "CountingStore counts no requests" in limits.note
    assert Limits(CountingStore(), time).attempts is not limits.attempts


@pytest.mark.parametrize("make", [lambda _: MemoryStore(), lambda path: SQLiteStore(path / "x.db")])
def test_the_stores_of_the_house_count(make, tmp_path, time):
    store = make(tmp_path)
    assert Limits(store, time).note is None
    assert Limits(store, time).attempts is store.attempts


def test_a_missing_library_says_which_extra_brings_it(time, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    for store in (MemoryStore(), CountingStore()):
        with pytest.raises(ConfigError, match=r"guardhouse\[limits\]"):
            Limits(store, time).prepare()


def test_a_house_that_limits_nothing_loads_no_library():
    program = (
        "import secrets, sys; from guardhouse.starlette import Guardhouse; from guardhouse import MemoryUsers;"
        "Guardhouse(secret=secrets.token_urlsafe(32), users=MemoryUsers([])).limits.note; import guardhouse.steps.throttle;"
        "sys.exit('limits' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


# -- limiters by name -------------------------------------------------------------------------------------------------


def test_a_limiter_has_a_name_and_one_that_nobody_defined_is_an_error_with_the_nearest():
    limits = starlette_house().limits
    with pytest.raises(ConfigError, match="Defined are: none"):
        limits.limiter("uploads")

    def uploads(_: Any) -> Limit:
        return THREE

    limits.define("uploads", uploads)
    assert limits.limiter("uploads") is uploads
    with pytest.raises(ConfigError, match="Did you mean 'uploads'"):
        limits.limiter("upload")


@pytest.mark.parametrize("name", ["", "60", "a,b", "a:b", "a/b", "a|b", "ü", "x" * 51, "a b"])
def test_a_name_that_no_alias_could_say_is_refused(name):
    with pytest.raises(ConfigError, match=r"limits\.define"):
        starlette_house().limits.define(name, lambda _: None)


# -- logins -----------------------------------------------------------------------------------------------------------


ACCOUNT = AttemptLimit(tries=3, delay=timedelta(seconds=10))
HOME, AWAY = "203.0.113.9", "198.51.100.7"


@pytest.fixture
def desk(limits: Limits) -> LoginThrottle:
    return LoginThrottle(limits, account=ACCOUNT, network=Limit(10, timedelta(minutes=15), "login"))


async def passed(desk: LoginThrottle, address: str | None, account: str, times: int, **known: bool) -> int:
    return [await desk.take(address, account, **known) for _ in range(times)].count(None)


async def test_an_account_that_is_tried_in_vain_must_wait_from_wherever(desk, time):
    assert await passed(desk, HOME, "ada@example.com", 5) == 3
    assert await desk.take(AWAY, "ada@example.com") == Wait(10)
    time.now += 10
    assert await desk.take(AWAY, "ada@example.com") is None
    assert await desk.take(AWAY, "ada@example.com") == Wait(20)


@pytest.mark.parametrize("account", ["ADA@example.com", "  ada@example.com\n", "ada@EXAMPLE.com"])
async def test_another_spelling_of_an_account_is_the_account(desk, account):
    await passed(desk, HOME, "ada@example.com", 3)
    assert isinstance(await desk.take(HOME, account), Wait)


async def test_who_comes_with_the_password_begins_anew(desk):
    await passed(desk, HOME, "ada", 2)
    await desk.forgive(HOME, "ada")
    assert await passed(desk, HOME, "ada", 5) == 3


async def test_a_device_that_is_known_has_tries_of_its_own(desk):
    assert await passed(desk, AWAY, "ada", 9) == 3
    assert await passed(desk, HOME, "ada", 9, known_device=True) == 3
    await desk.forgive(HOME, "ada", known_device=True)
    assert await desk.take("192.0.2.1", "ada", known_device=True) is None
    assert isinstance(await desk.take("192.0.2.1", "ada"), Wait), (
        "the owner's logins refill nobody else's tries"
    )


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([f"203.0.113.{number}" for number in range(20)], id="of one IPv4 network"),
        pytest.param([f"2001:db8::{number:x}" for number in range(20)], id="of one /64"),
        pytest.param([f"2001:db8:{'0:' * 4}{number:x}:1" for number in range(20)], id="written otherwise"),
        pytest.param([f"::ffff:203.0.113.{number}" for number in range(20)], id="mapped"),
        pytest.param([None, ""] * 10, id="none at all"),
    ],
)
async def test_one_network_has_one_budget_for_all_accounts(desk, addresses):
    said = [await desk.take(address, f"user{number}") for number, address in enumerate(addresses)]
    assert said.count(None) == 10
    assert said[-1] == Wait(900)
    assert await desk.take(AWAY, "somebody") is None


async def test_a_login_in_between_refills_no_budget_for_guessing(desk):
    """Who has an account of his own logs in to it after every guess at those of others."""
    passes = 0
    for number in range(30):
        passes += await desk.take(HOME, f"victim{number}") is None
        if await desk.take(HOME, "mallory") is None:
            await desk.forgive(HOME, "mallory")
    assert passes <= 10


async def test_of_a_hundred_parallel_guesses_as_many_are_weighed_as_one_account_has(limits):
    desk = LoginThrottle(limits, account=ACCOUNT)
    said = await parallel(lambda: desk.take(HOME, "ada"), 100)
    assert said.count(None) == 3


async def test_of_a_hundred_parallel_guesses_as_many_are_weighed_as_one_network_has(desk):
    names = iter(range(100))
    said = await parallel(lambda: desk.take(HOME, f"user{next(names)}"), 100)
    assert said.count(None) == 10


async def test_parallel_guesses_over_a_file_are_no_more(tmp_path, time):
    store = SQLiteStore(tmp_path / "x.db")
    desk = LoginThrottle(Limits(store, time), account=ACCOUNT)
    said = await parallel(lambda: desk.take(HOME, "ada"), 100)
    assert said.count(None) == 3
    await store.close()


async def test_an_outage_opens_no_door(store, desk):
    store.counted.trouble = StoreError("away")
    with pytest.raises(StoreError):
        await desk.take(HOME, "ada")


async def test_who_has_come_stays_although_the_count_cannot_be_forgotten(store, desk, monkeypatch):
    await desk.take(HOME, "ada")

    async def away(_: bytes | None) -> None:
        raise StoreError("away")

    monkeypatch.setattr(store.attempts, "forget_attempts", away)
    store.counted.trouble = StoreError("away")
    await desk.forgive(HOME, "ada")


async def test_everything_may_be_forgotten(desk, limits):
    for number in range(10):
        await desk.take(HOME, "ada" if number < 3 else f"user{number}")
    await limits.forget()
    assert await passed(desk, HOME, "ada", 5) == 3


async def test_a_visit_says_its_address_itself(desk):
    class Came:
        class facts:  # noqa: N801 - as a visit has it
            peer = HOME

    for _ in range(10):
        await desk.take(Came(), "ada")
    assert await desk.take(HOME, "bob") == Wait(900)


def test_the_default_network_budget_is_wider_than_that_of_an_account():
    assert AttemptLimit().most <= LOGIN_NETWORK.count
