"""What calling back needs of a store: counted once for all, read together, and kept for as long as it was to be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guardhouse.state.store import InlineEpochs, KeepsEpochs, Prunable

from .test_contract import can

ADA, BOB, LAPTOP = "users:ada", "users:bob", ":0123456789abcdef0123"
STRANGE = ["", "x" * 5000, "users:Ada", "users:ada ", "users:\x00", "users:%", "users:ä", "users:a"]


@pytest.fixture
def epochs(store: Any) -> Any:
    assert isinstance(store, KeepsEpochs)
    return store.epochs


async def test_what_was_never_called_back_stands_at_nothing(epochs):
    assert list(await epochs.epochs([ADA, BOB])) == [0, 0]
    assert list(await epochs.epochs([])) == []


async def test_each_name_counts_by_itself_from_one_to_the_next(epochs):
    assert [await epochs.advance(ADA) for _ in range(3)] == [1, 2, 3]
    assert await epochs.advance(LAPTOP, 1000.0) == 1
    assert list(await epochs.epochs([BOB, ADA, LAPTOP])) == [0, 3, 1]
    assert list(await epochs.epochs([LAPTOP, BOB, ADA])) == [1, 0, 3]


async def test_names_are_told_apart_by_every_byte(epochs):
    await epochs.advance(ADA)
    for place, name in enumerate(STRANGE):
        for _ in range(place + 2):
            await epochs.advance(name)
    assert list(await epochs.epochs([ADA, *STRANGE])) == [1, *range(2, len(STRANGE) + 2)]


async def test_of_many_who_call_back_at_once_each_is_counted(epochs):
    counted = await asyncio.gather(*(epochs.advance(ADA) for _ in range(30)))
    assert sorted(counted) == list(range(1, 31))
    assert list(await epochs.epochs([ADA])) == [30]


async def test_what_is_needed_no_longer_is_swept_and_all_else_stays(store: Any, epochs):
    assert isinstance(store, Prunable)
    future = 4_000_000_000.0
    for name, ends in (("for good", None), ("past", future), ("longer", future), ("kept", future + 10)):
        await epochs.advance(name, ends)
    await epochs.advance("longer", future - 1000)
    await epochs.advance("longer", future + 10)
    await epochs.advance("for good", future)
    while await store.prune(future):
        pass
    await store.prune(future)
    assert list(await epochs.epochs(["for good", "kept", "longer"])) == [2, 1, 3]
    if not type(store).__name__.startswith(
        "Redis"
    ):  # which sweeps by its own clock, and that is not there yet
        assert list(await epochs.epochs(["past"])) == [0]


async def test_what_ends_at_once_is_counted_all_the_same(epochs):
    assert await epochs.advance(LAPTOP, 1.0) == 1


async def test_a_store_that_reads_inline_reads_the_same(epochs):
    if can(epochs, InlineEpochs):
        await epochs.advance(BOB)
        assert list(epochs.epochs_now([ADA, BOB])) == list(await epochs.epochs([ADA, BOB])) == [0, 1]
