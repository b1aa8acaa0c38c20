"""Hashing happens beside the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import anyio
import pytest

from guardhouse.errors import ConfigError
from guardhouse.users.passwords import Passwords
from guardhouse.vault.formats import Argon2Cost
from guardhouse.vault.password import (
    ARGON2_CHEAPEST,
    ARGON2_RFC9106_LOW_MEMORY,
    Argon2Profile,
    PasswordCheck,
    PasswordHasher,
)

SLOW = Argon2Profile("slow", Argon2Cost(time=8, memory=64 * 1024), "this test: long enough to count ticks")


class Crowd:
    """A hasher that remembers how many were in it at the same time."""

    parallelism = 1

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.threads: set[int] = set()
        self._door = threading.Lock()

    def hash(self, password: str) -> str:
        self._stay()
        return password

    def verify(self, password: str, stored: str | None) -> PasswordCheck:
        self._stay()
        return PasswordCheck(ok=password == stored)

    def _stay(self) -> None:
        with self._door:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.threads.add(threading.get_ident())
        time.sleep(0.01)
        with self._door:
            self.inside -= 1


@pytest.mark.anyio
async def test_it_checks_what_it_hashed() -> None:
    passwords = Passwords(PasswordHasher(ARGON2_CHEAPEST))
    stored = await passwords.hash("open sesame")
    assert await passwords.check("open sesame", stored)
    assert not await passwords.check("open barley", stored)
    assert not await passwords.check("open sesame", None)


@pytest.mark.anyio
async def test_the_loop_goes_on_while_a_password_is_hashed() -> None:
    ticks = 0
    done = anyio.Event()

    async def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            await anyio.sleep(0.001)

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        await Passwords(PasswordHasher(SLOW)).hash("open sesame")
        done.set()
    # On the loop itself it would be one tick before and none during the hash.
    assert ticks > 5


@pytest.mark.anyio
@pytest.mark.parametrize("at_once", [1, 3])
async def test_a_burst_waits_in_line(at_once: int) -> None:
    crowd = Crowd()
    passwords = Passwords(crowd, at_once=at_once)
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(passwords.hash, "x")
            group.start_soon(passwords.check, "x", None)
    assert crowd.most <= at_once
    assert threading.get_ident() not in crowd.threads


def test_one_house_serves_several_loops_in_turn() -> None:
    passwords = Passwords(PasswordHasher(ARGON2_CHEAPEST), at_once=1)
    for _ in range(3):
        stored = asyncio.run(passwords.hash("open sesame"))
        assert asyncio.run(passwords.check("open sesame", stored))


def test_houses_do_not_share_a_line() -> None:
    crowds = [Crowd(), Crowd()]
    barrier = threading.Barrier(2, timeout=10)

    class Meeting(Crowd):
        def hash(self, password: str) -> str:
            barrier.wait()
            return password

    async def both() -> None:
        async with anyio.create_task_group() as group:
            for _ in crowds:
                group.start_soon(Passwords(Meeting(), at_once=1).hash, "x")

    asyncio.run(both())


def test_without_a_word_there_are_as_many_at_once_as_cores_for_them() -> None:
    one_core, four_cores = Passwords(), Passwords(PasswordHasher(ARGON2_RFC9106_LOW_MEMORY))
    assert one_core.at_once >= four_cores.at_once >= 1
    assert four_cores.at_once == max(1, one_core.at_once // 4)


def test_where_a_process_cannot_ask_for_its_cores_the_machine_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert Passwords().at_once == (os.cpu_count() or 1)


def test_none_at_once_is_refused() -> None:
    with pytest.raises(ConfigError):
        Passwords(at_once=0)
