"""Faults of clocks: those of the workers go wrong, as the house is told the time, and as the system tells it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.faults.client import Client
from benchmarks.faults.places import SINGLE, Place
from benchmarks.faults.running import Fault, Stage
from tests.services import Missing

HOUR = 3600.0
PATIENCE = 5.0


class Clocks(Fault):
    """The clocks of the workers go wrong."""

    name = "F11"
    does = "clocks: 30 s apart, +-2 s jitter, a leap second, one hour ahead, one hour behind"
    stores = SINGLE
    errors = 0.0

    async def inject(self, stage: Stage) -> None:
        """Set them wrong in every way, one after the other."""
        line = Client(stage.ports)
        wrong = _wrong(stage)
        for skews in wrong:
            await self._set(line, skews)
            await stage.wait(0.8 / len(wrong))
        line.close()

    async def _set(self, line: Client, skews: tuple[float, float]) -> None:
        for worker, skew in enumerate(skews):
            await line.ask(worker, "GET", f"/health?skew={skew}")


class SystemClocks(Clocks):
    """The system tells the workers a wrong time, whichever library of theirs asks: each is started again for that."""

    name = "F11 system"
    does = "clocks as the system tells them (libfaketime): 30 s apart, one hour ahead, one hour behind"
    errors = 1.0  # workers are stopped all the time: the bar is that nothing breaks
    longest = 6.0
    _library = ""

    def place(self) -> Place:
        """Start the store, whose clock stays right."""
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            raise Missing("libfaketime", "-", "faketime")
        self._library = str(found[-1])
        return super().place()

    async def inject(self, stage: Stage) -> None:
        """Set them wrong, one worker after the other; nobody's monotonic clock is touched."""
        line = Client(stage.ports)
        wrong = [(0, 30), (HOUR, 30), (HOUR, HOUR), (-HOUR, HOUR), (-HOUR, -HOUR), (0, 0)]
        now = [0.0, 0.0]
        for skews in wrong:
            for worker, skew in enumerate(skews):
                if now[worker] != skew:
                    await asyncio.to_thread(stage.workers[worker].restart, self._faked(skew))
                    await stage.back(worker)
                    now[worker] = skew
                    told = await line.ask(worker, "GET", "/health")
                    off = float(told.body.get("now", 0)) - time.time() - skew
                    if told.body and abs(off) > PATIENCE:
                        raise RuntimeError(
                            f"a clock that was set {skew:+.1f} s wrong is {off:+.1f} s off that"
                        )
            await stage.wait(0.6 / len(wrong))
        stage.mend()
        line.close()

    def _faked(self, skew: float) -> Mapping[str, str]:
        return {
            "LD_PRELOAD": self._library,
            "FAKETIME": f"{skew:+.0f}s",
            # What is waited for is measured by a clock that nobody sets.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


def _wrong(stage: Stage) -> list[tuple[float, float]]:
    """List by how much each clock is wrong, in turn."""
    jitter = [(stage.chance.uniform(-2, 2), stage.chance.uniform(-2, 2)) for _ in range(5)]
    ahead = [(HOUR, 0.0), (HOUR, HOUR), (0.0, HOUR)]
    behind = [(-HOUR, 0.0), (-HOUR, -HOUR)]
    return [(0.0, 30.0), *jitter, (-1.0, -1.0), *ahead, *behind, (0.0, 0.0)]
