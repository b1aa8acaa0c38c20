"""The parts that obey a test do what the real ones do, and what they are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from guardhouse import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.record import Changes, Login, Record
from guardhouse.state.store import KeepsEnrolments, SingleUse
from guardhouse.testing import (
    PASSWORD,
    BrokenStore,
    CountingStore,
    FixedClock,
    fake_users,
    fast_passwords,
)

KEY, OTHER = b"k" * 32, b"o" * 32
RECORD = Record("public", 0.0, 0.0, 100.0, 1000.0, {"users": Login("1", "users", "web", 0.0)}, {})


def test_a_clock_stands_still_until_it_is_told():
    clock = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
    assert clock() == clock() == datetime(2026, 5, 1, tzinfo=UTC).timestamp()
    clock.advance(timedelta(hours=2))
    assert repr(clock) == "FixedClock(2026-05-01T02:00:00+00:00)"
    clock.advance(timedelta(hours=-2))
    clock.advance(90)
    clock.advance(0.5)
    assert clock() == datetime(2026, 5, 1, 0, 1, 30, 500_000, tzinfo=UTC).timestamp()
    clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    assert clock() == datetime(2027, 1, 1, tzinfo=UTC).timestamp()


async def test_fake_users_have_the_known_password():
    users, passwords = fake_users(), fast_passwords()
    found = await users.by_credentials({"email": "ada@example.com"})
    assert found == users.ada
    checked = await passwords.check(PASSWORD, users.ada.password_hash)
    assert (checked.ok, checked.outdated) == (True, False)
    assert not (await passwords.check("wrong", users.grace.password_hash)).ok


async def test_a_counting_store_counts_and_keeps():
    store = CountingStore()
    await store.create(KEY, RECORD)
    assert await store.load(KEY) == RECORD
    assert await store.save(KEY, Changes(seen=5.0))
    assert await store.move(KEY, OTHER, Changes())
    assert await store.delete(OTHER)
    assert store.counted == (1, 4)
    assert store.counted == (0, 0)


async def test_a_broken_store_is_away_until_it_is_healed():
    store = BrokenStore()
    for verb in (
        store.load(KEY),
        store.create(KEY, RECORD),
        store.save(KEY, Changes()),
        store.move(KEY, OTHER, Changes()),
        store.delete(KEY),
    ):
        with pytest.raises(StoreError, match="the test has broken"):
            await verb
    store.heal()
    await store.create(KEY, RECORD)
    assert await store.load(KEY) == RECORD


async def test_a_broken_store_is_away_for_enrolments_and_for_what_is_used_once_too():
    store, one = BrokenStore(), Enrolment(Kind.TOTP, "one", "users:1", 1.0)
    assert isinstance(store, KeepsEnrolments)
    assert isinstance(store, SingleUse)
    for verb in (
        store.once(b"name", 100.0),
        store.enrolments.enrol(one),
        store.enrolments.enrolment(Kind.TOTP, "one"),
        store.enrolments.enrolled("users:1"),
        store.enrolments.change(one, one.changed(used=2.0)),
        store.enrolments.withdraw("users:1", Kind.TOTP, "one"),
        store.enrolments.withdraw_all("users:1"),
        store.enrolments.prune_enrolments(9.0),
    ):
        with pytest.raises(StoreError, match="the test has broken"):
            await verb
    store.fail(["withdraw"])
    assert await store.once(b"name", 100.0)
    assert await store.enrolments.enrol(one)
    assert await store.enrolments.change(one, one.changed(used=2.0))
    assert await store.enrolments.enrolment(Kind.TOTP, "one") == one.changed(used=2.0)
    with pytest.raises(StoreError, match="broken withdraw"):
        await store.enrolments.withdraw("users:1", Kind.TOTP, "one")
    assert await store.enrolments.enrolled("users:1") == [one.changed(used=2.0)]
    assert await store.enrolments.prune_enrolments(9.0) == 0
    assert await store.enrolments.withdraw_all("users:1") == 1
    store.heal()
    assert not await store.enrolments.withdraw("users:1", Kind.TOTP, "one")


async def test_a_store_may_be_broken_in_part():
    store = BrokenStore(broken=["save"])
    await store.create(KEY, RECORD)
    with pytest.raises(StoreError):
        await store.save(KEY, Changes())


def test_what_no_store_does_cannot_be_broken():
    with pytest.raises(ValueError, match="'wrte'"):
        BrokenStore(broken=["wrte"])


async def test_a_store_that_works_may_go_away_and_come_back():
    store = BrokenStore(broken=())
    await store.create(KEY, RECORD)
    store.fail(["load"])
    assert store.broken == {"load"}
    with pytest.raises(StoreError, match="the test has broken load"):
        await store.load(KEY)
    store.heal()
    assert await store.load(KEY) == RECORD


def test_a_verb_that_is_mistyped_later_changes_nothing():
    store = BrokenStore(broken=["save"])
    with pytest.raises(ValueError, match="'laod'"):
        store.fail(["laod"])
    assert store.broken == {"save"}
