"""While an application runs, its store is swept now and then; what is expired goes, what lives stays."""

from __future__ import annotations

from datetime import timedelta

from anyio import move_on_after

from guardhouse import SessionGuard, TokenGuard, house
from guardhouse.errors import StoreError
from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.stores.memory import MemoryStore
from guardhouse.stores.sealed import SealedSessions
from tests.houses import ADA, starlette_house


class Counted(MemoryStore):
    """A store that counts its sweeps, and is down at the first."""

    sweeps = 0

    async def prune(self, now: float) -> int:
        """Sweep, but for the first time."""
        self.sweeps += 1
        if self.sweeps == 1:
            raise StoreError("down")
        return await super().prune(now)


async def test_tokens_that_ended_a_day_ago_are_swept_too(monkeypatch):
    monkeypatch.setattr(house, "SWEEP_SECONDS", 0.001)
    guards = {"web": SessionGuard(), "token": TokenGuard()}
    now = [1_000_000.0]
    swept = starlette_house(guards=guards, clock=lambda: now[0])
    for name, hours in (("old", 1), ("new", 23)):
        await swept.tokens().issue(ADA, name, expires=timedelta(hours=hours))
    await swept.tokens().issue(ADA, "lasting")
    now[0] += 36 * 3600
    with move_on_after(0.2):
        await swept.sweep()
    assert {record.name for record in await swept.tokens().list(ADA)} == {"new", "lasting"}


async def test_enrolments_that_ended_a_day_ago_are_swept_too(monkeypatch):
    monkeypatch.setattr(house, "SWEEP_SECONDS", 0.001)
    store, now = MemoryStore(), 1_000_000.0
    for name, ends in (("old", now - 90_000), ("new", now - 80_000), ("living", now + 1), ("lasting", None)):
        await store.enrolments.enrol(Enrolment(Kind.REMEMBERED, name, "users:1", 1.0, ends=ends))
    with move_on_after(0.2):
        await starlette_house(store=store, clock=lambda: now).sweep()
    assert {one.name for one in await store.enrolments.enrolled("users:1")} == {"new", "living", "lasting"}


async def test_what_lies_beside_sessions_in_cookies_is_swept_too(monkeypatch):
    monkeypatch.setattr(house, "SWEEP_SECONDS", 0.001)
    store, now = MemoryStore(), 1_000_000.0
    for name, ends in (("old", now - 90_000), ("new", now - 80_000)):
        await store.enrolments.enrol(Enrolment(Kind.REMEMBERED, name, "users:1", 1.0, ends=ends))
    with move_on_after(0.2):
        await starlette_house(store=SealedSessions(epochs=store), clock=lambda: now).sweep()
    assert {one.name for one in await store.enrolments.enrolled("users:1")} == {"new"}


async def test_a_store_that_was_down_is_swept_again(monkeypatch):
    monkeypatch.setattr(house, "SWEEP_SECONDS", 0.001)
    store = Counted()
    with move_on_after(0.2):
        await starlette_house(store=store).sweep()
    assert store.sweeps > 1
