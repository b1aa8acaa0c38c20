"""What a failover may lose: nothing that was acknowledged where `durability=replicated` is chosen; counted where it is not.

The replicas are parted from their master, which goes on to take writes from those who are connected; then it is killed
and a replica takes over. It is the worst that can happen to asynchronous replication, and here it happens every time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Kind
from guardhouse.state.record import Changes
from guardhouse.stores.opening import open_store
from tests.services import Missing
from tests.services.redis import Node, Watched, wait_for

from .kinds import ADA, KEY, NEW_KEY, OTHER_KEY, record
from .test_enrolments import BOB as BOB_OWNS
from .test_enrolments import enrolment
from .test_redis_trouble import refused, server, well
from .test_tokens import token

pytestmark = pytest.mark.slow

LOGINS = [bytes([number]) * 32 for number in range(60)]


@pytest.fixture
def servers() -> Iterator[Watched]:
    try:
        started = Watched()
    except Missing as missing:
        pytest.skip(str(missing))
    yield started
    started.remove()


async def outcome(call: Any) -> bool:
    """Whether a write was acknowledged."""
    try:
        await call
    except StoreError:
        return False
    return True


async def fail_over(servers: Watched) -> None:
    servers.master.kill()
    await asyncio.to_thread(wait_for, lambda: servers.master_now() is not servers.master, "another master")


@pytest.mark.parametrize(("durability", "acknowledged", "lost"), [("plain", 60, 60), ("replicated", 0, 0)])
async def test_logins_that_were_acknowledged_and_lost(
    servers: Watched, durability: str, acknowledged: int, lost: int
):
    store: Any = open_store(f"{servers.url}?timeout=5&durability={durability}")
    await store.load(KEY)
    servers.cut_off()
    said = [await outcome(store.create(key, record(ADA))) for key in LOGINS]
    await fail_over(servers)
    there = [await well(lambda key=key: store.load(key), patience=30) is not None for key in LOGINS]  # type: ignore[misc]
    gone = [key for key, yes, is_there in zip(LOGINS, said, there, strict=True) if yes and not is_there]
    print(f"{durability}: {sum(said)} of {len(said)} logins acknowledged, {len(gone)} of those lost")
    assert (sum(said), len(gone)) == (acknowledged, lost)
    await store.close()


async def test_what_was_revoked_and_acknowledged_stays_dead(servers: Watched):
    """Each way to end something, while the master is parted from its replicas; said no to, and so not lost."""
    store: Any = open_store(f"{servers.url}?timeout=5&durability=replicated")
    for key in (KEY, OTHER_KEY):
        await store.create(key, record(ADA))
    await store.tokens.add_token(token())
    first = enrolment("changed")
    for one in (first, enrolment("one"), enrolment("two", owner=BOB_OWNS)):
        assert await store.enrolments.enrol(one)
    servers.cut_off()
    ends = {
        "logout": lambda: store.delete(KEY),
        "logout again": lambda: store.delete(KEY),
        "log out everywhere": lambda: store.revoke("users:ada"),
        "log out everywhere again": lambda: store.revoke("users:ada"),
        "login under a new id": lambda: store.move(OTHER_KEY, NEW_KEY, Changes()),
        "consume": lambda: store.once(b"code", 5e9),
        "revoke a token": lambda: store.tokens.revoke_token("users:ada", "one"),
        "enrol": lambda: store.enrolments.enrol(enrolment("late")),
        "change": lambda: store.enrolments.change(first, first.changed(used=1.0)),
        "withdraw": lambda: store.enrolments.withdraw("users:ada", Kind.PASSKEY, "one"),
        "withdraw again": lambda: store.enrolments.withdraw("users:ada", Kind.PASSKEY, "one"),
        "withdraw all": lambda: store.enrolments.withdraw_all(BOB_OWNS),
        "withdraw all again": lambda: store.enrolments.withdraw_all(BOB_OWNS),
    }
    said = {name: await outcome(call()) for name, call in ends.items()}
    print(said)
    assert not said["logout"]
    assert not said["logout again"], "who asks again must not be told that it is done"
    assert not said["log out everywhere"]
    assert not said["consume"]
    assert not said["revoke a token"]
    enrolments = ("enrol", "change", "withdraw", "withdraw again", "withdraw all", "withdraw all again")
    assert not any(said[name] for name in enrolments), "nothing that a failover undoes was promised"
    assert await store.enrolments.enrolment(Kind.PASSKEY, "late") is None
    await fail_over(servers)
    assert await well(lambda: store.load(KEY), patience=30) is not None, (
        "it came back, as nobody was promised it would not"
    )
    assert await well(lambda: store.enrolments.enrolment(Kind.PASSKEY, "changed")) == first
    assert await well(lambda: store.enrolments.withdraw("users:ada", Kind.PASSKEY, "one")) is True
    assert await well(lambda: store.enrolments.withdraw_all(BOB_OWNS)) == 1
    assert await well(lambda: store.delete(KEY)) is True
    assert await well(lambda: store.load(KEY)) is None
    await store.close()


async def test_with_a_replica_everything_is_acknowledged(servers: Watched):
    store: Any = open_store(f"{servers.url}?timeout=5&durability=replicated&replicas=2")
    await store.create(KEY, record(ADA))
    await store.create(OTHER_KEY, record(ADA))
    assert await store.move(KEY, NEW_KEY, Changes())
    assert await store.delete(NEW_KEY)
    assert await store.revoke("users:ada") == 1
    assert await store.once(b"code", 5e9)
    for name in ("one", "two", "three"):
        assert await store.enrolments.enrol(enrolment(name))
    assert await store.enrolments.change(enrolment("two"), enrolment("two").changed(used=1.0))
    assert await store.enrolments.withdraw("users:ada", Kind.PASSKEY, "one")
    await fail_over(servers)
    there = await well(lambda: store.enrolments.enrolled("users:ada"), patience=30)
    assert {one.name: one.version for one in there} == {"two": 2, "three": 1}
    assert await well(lambda: store.enrolments.enrolment(Kind.PASSKEY, "one")) is None
    for key in (KEY, OTHER_KEY, NEW_KEY):
        assert await well(lambda key=key: store.load(key), patience=30) is None  # type: ignore[misc]
    await store.close()


async def test_without_a_replica_no_login_is_acknowledged():
    with server(Node) as node:
        store: Any = open_store(f"{node.url}?timeout=5&durability=replicated")
        said = await refused(lambda: store.create(KEY, record(ADA)), within=3)
        assert "0 of 1 replicas" in said
        assert await store.load(KEY) is None
        assert await store.save(KEY, Changes(seen=120.0)) is False
        await store.close()
