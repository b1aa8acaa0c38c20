"""Faults of what counts guesses: its store goes away while many guess at once, and not one guess more is weighed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from benchmarks.faults import load
from benchmarks.faults.app import GUESSES
from benchmarks.faults.client import Client
from benchmarks.faults.history import Outcome
from benchmarks.faults.places import Place, RedisPlace
from benchmarks.faults.running import Fault, Stage

MORE = 5
"""How many more may be weighed than the limit says."""
AT_ONCE = 20
AWAY_SECONDS = 1.0


class Guessed(Fault):
    """Many guess passwords, each from another address, while the store that counts them stops and comes back."""

    name = "F17"
    does = f"twenty at once guess one password after another; the store that counts to {GUESSES} is killed, or held, for 1 s"
    stores = ("redis", "postgres", "mariadb")
    longest = 6.0

    def place(self) -> Place:
        """Let it keep what it counted."""
        if self.store == "redis":
            return RedisPlace("redis", "", "--appendonly", "yes", "--appendfsync", "always")
        return super().place()

    async def load(self, stage: Stage, until: float) -> None:
        """Guess besides the usual load."""
        await asyncio.gather(super().load(stage, until), self._guess(stage, until))

    async def inject(self, stage: Stage) -> None:
        """Kill it, and hold it, in turns."""
        ends, number = time.monotonic() + stage.size.seconds * 0.7, 0
        while time.monotonic() < ends:
            await asyncio.sleep(2)
            stage.harm()
            await self._away(stage, killed=number % 2 == 0)
            stage.mend()
            number += 1
        stage.notes.append(f"away {number} times")

    async def after(self, stage: Stage) -> list[str]:
        """Count what was weighed for each account. What was not answered may have been; a 503 was not."""
        weighed, refused = Counter[str](), 0
        for call in stage.world.history:
            if call.kind == "guess":
                refused += call.outcome is Outcome.REFUSED
                weighed[call.key] += call.done or (call.outcome is Outcome.MAYBE and "503" not in call.said)
        most = max(weighed.values(), default=0)
        stage.notes.append(f"{len(weighed)} accounts, at most {most} guesses weighed, {refused} refused")
        return [f"{most} guesses were weighed"] if not 0 < most <= GUESSES + MORE else []

    async def _away(self, stage: Stage, *, killed: bool) -> None:
        server = stage.place.servers.server
        if not killed:
            server.hold()
            await asyncio.sleep(AWAY_SECONDS)
            server.resume()
            return
        kill = stage.place.servers.kill if self.store == "redis" else stage.place.servers.stop
        await asyncio.to_thread(kill)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(server.start)

    async def _guess(self, stage: Stage, until: float) -> None:
        lines = [Client(stage.ports) for _ in range(AT_ONCE)]
        number = 0
        while time.monotonic() < until:
            user = str(number % stage.size.users)
            number += 1
            for turn in range(3):
                guesses = [
                    load.guess(line, stage.world, user, f"10.{number % 250}.{turn}.{at}", at % 2)
                    for at, line in enumerate(lines)
                ]
                await asyncio.gather(*guesses)
        for line in lines:
            line.close()
