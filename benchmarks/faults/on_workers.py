"""Faults of the application's own processes, and of those who ask them."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from benchmarks.faults import load
from benchmarks.faults.app import Settings
from benchmarks.faults.client import Client, request
from benchmarks.faults.history import Call, Kind, Outcome
from benchmarks.faults.places import EVERY, SINGLE
from benchmarks.faults.running import HUNG_UP, Fault, Stage


class WorkerKill(Fault):
    """A worker dies every two seconds."""

    name = "F1"
    does = "kill -9 of a worker every 2 s"
    stores = SINGLE
    errors = 0.02
    recovers = 1.0
    longest = 5.0

    async def inject(self, stage: Stage) -> None:
        """Kill one after the other."""
        ends = time.monotonic() + stage.size.seconds * 0.8
        while time.monotonic() < ends:
            await asyncio.sleep(2)
            stage.harm()
            number = stage.chance.randrange(len(stage.workers))
            await asyncio.to_thread(stage.workers[number].kill)
            await stage.back(number)
            stage.mend()


class LateSave(Fault):
    """Logout while others read and write, and one saves late."""

    name = "F12"
    does = "50 reads, 10 writes and a late save around each logout"
    stores = EVERY
    errors = 0.0

    async def load(self, stage: Stage, until: float) -> None:
        """Play round after round."""
        lines = [Client(stage.ports) for _ in range(61)]
        rounds = 0
        while time.monotonic() < until:
            await self._round(stage, lines)
            rounds += 1
        stage.notes.append(f"{rounds} rounds")
        for line in lines:
            line.close()

    async def _round(self, stage: Stage, lines: list[Client]) -> None:
        visitor = stage.world.pick(also_dead=False)
        kinds: list[Any] = ["read"] * 50 + ["write"] * 10
        stage.chance.shuffle(kinds)
        start = asyncio.Event()

        async def go(line: Client, kind: Any) -> None:  # noqa: ANN401 - a kind
            await start.wait()
            more = f"&slow={stage.chance.uniform(0, 0.05):.3f}" if kind == "write" else ""
            await load.use(line, stage.world, kind, visitor, more=more)

        around = [asyncio.create_task(go(line, kind)) for line, kind in zip(lines, kinds, strict=False)]
        await asyncio.sleep(0)
        start.set()
        await asyncio.sleep(stage.chance.uniform(0, 0.03))
        await load.use(lines[-1], stage.world, "logout", visitor)
        for worker in (0, 1):
            await load.use(lines[-1], stage.world, "read", visitor, worker=worker)
        await asyncio.gather(*around)
        for worker in (0, 1):
            await load.use(lines[-1], stage.world, "read", visitor, worker=worker)
        await load.log_in(lines[-1], stage.world)


class Cancelled(Fault):
    """Clients hang up in the middle."""

    name = "F15"
    does = "clients hang up at a random byte, or before the answer"
    stores = SINGLE
    errors = 0.02

    def __init__(self, store: str) -> None:
        super().__init__(store)
        self._before: list[dict[str, Any]] = []

    async def inject(self, stage: Stage) -> None:
        """Hang up on both workers all the time."""
        self._before = await self._look(stage)
        ends, dropped = time.monotonic() + stage.size.seconds * 0.8, 0
        while time.monotonic() < ends:
            await asyncio.gather(*(self._hang_up(stage) for _ in range(5)))
            dropped += 5
        stage.notes.append(f"hung up {dropped} times")
        stage.mend()

    async def after(self, stage: Stage) -> list[str]:
        """Look for what was left open."""
        await asyncio.sleep(1)
        wrong: list[str] = []
        for before, now in zip(self._before, await self._look(stage), strict=True):
            stage.notes.append(
                f"tasks {before['tasks']} -> {now['tasks']}, files {before['files']} -> {now['files']}"
            )
            # A pool may have grown to its size; clients have gone, so anything more was leaked.
            wrong += [f"{now['tasks']} tasks are left"] if now["tasks"] > before["tasks"] + 5 else []
            wrong += [f"{now['files']} files are open"] if now["files"] > before["files"] + 40 else []
        return wrong

    async def _hang_up(self, stage: Stage) -> None:
        kinds: list[Kind] = ["read", "write", "logout", "login"]
        kind = stage.chance.choice(kinds)
        user, visitor = str(stage.chance.randrange(stage.size.users)), stage.world.pick(also_dead=False)
        value = f"h{stage.chance.getrandbits(48):x}"
        path = {"login": f"/login?user={user}", "logout": "/logout", "read": "/read?key=cart"}.get(
            kind, f"/write?key=cart&value={value}"
        )
        asked = request("GET" if kind == "read" else "POST", path, "" if kind == "login" else visitor.cookie)
        cut = stage.chance.randrange(1, len(asked)) if stage.chance.random() < 0.5 else len(asked)  # noqa: PLR2004 - half
        start = time.monotonic()
        if kind == "logout":
            stage.world.bury(visitor)
        if kind in {"write", "logout"}:
            call = Call(
                kind, visitor.number, visitor.user, start, start, Outcome.MAYBE, "cart", value, said=HUNG_UP
            )
            stage.world.history.append(call)
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", stage.chance.choice(stage.ports))
            writer.write(asked[:cut])
            await asyncio.sleep(stage.chance.uniform(0, 0.004))
            writer.transport.abort()

    async def _look(self, stage: Stage) -> list[dict[str, Any]]:
        line = Client(stage.ports)
        seen = [dict((await line.ask(worker, "GET", "/health")).body) for worker in (0, 1)]
        line.close()
        return seen


class NewKeys(Fault):
    """A new key comes in while both versions serve."""

    name = "F16"
    does = "a new secret: old, then old and new, then new and old; a worker at a time"
    stores = SINGLE
    errors = 0.02
    longest = 8.0

    async def settings(self, settings: Settings) -> Settings:
        """Begin with one key."""
        return replace(settings, secrets=("the old secret of the bench, thirty-two bytes",))

    async def inject(self, stage: Stage) -> None:
        """Roll it out as the documentation says."""
        old, new = (
            "the old secret of the bench, thirty-two bytes",
            "the new secret of the bench, thirty-two bytes",
        )
        for secrets in ((old, new), (new, old)):
            for number, worker in enumerate(stage.workers):
                await stage.wait(0.2)
                await asyncio.to_thread(worker.change, secrets=secrets)
                await stage.back(number)
        stage.mend()
