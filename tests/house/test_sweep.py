"""While an application runs, its store is swept now and then; what is expired goes, what lives stays."""

from __future__ import annotations

from anyio import move_on_after

from guardhouse import house
from guardhouse.errors import StoreError
from guardhouse.stores.memory import MemoryStore
from tests.houses import starlette_house


class Counted(MemoryStore):
    """A store that counts its sweeps, and is down at the first."""

    sweeps = 0

    async def prune(self, now: float) -> int:
        """Sweep, but for the first time."""
        self.sweeps += 1
        if self.sweeps == 1:
            raise StoreError("down")
        return await super().prune(now)


async def test_a_store_that_was_down_is_swept_again(monkeypatch):
    monkeypatch.setattr(house, "SWEEP_SECONDS", 0.001)
    store = Counted()
    with move_on_after(0.2):
        await starlette_house(store=store).sweep()
    assert store.sweeps > 1
