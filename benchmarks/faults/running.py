"""One run: a store, two workers, the load, a fault in the middle, and the history held against the promises."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from benchmarks.faults import load
from benchmarks.faults.app import PASSWORD, Settings
from benchmarks.faults.checker import Complaint, complaints
from benchmarks.faults.client import Client
from benchmarks.faults.history import Call, Outcome
from benchmarks.faults.places import Place
from benchmarks.faults.workers import Worker
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher

WORKERS = 2
PATIENCE = 30.0
HUNG_UP = "hung up"
"""What is said of calls whose client did not wait; they are no failures."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done in a run."""

    sessions: int = 10_000
    users: int = 2_000
    clients: int = 200
    seconds: float = 120.0

    def __str__(self) -> str:
        return f"{self.sessions} sessions, {self.clients} clients, {self.seconds:g} s"


QUICK = Size(sessions=500, users=100, clients=20, seconds=8.0)


@dataclass
class Stage:
    """What a fault may touch while the load goes on."""

    place: Place
    workers: list[Worker]
    world: load.World
    size: Size
    chance: Random
    harmed: list[float] = field(default_factory=list)
    mended: list[float] = field(default_factory=list)
    """When harm began, and when it was over: from then on the clock of recovery runs."""
    notes: list[str] = field(default_factory=list)

    @property
    def ports(self) -> list[int]:
        """Where the workers are."""
        return [worker.port for worker in self.workers]

    def harm(self) -> None:
        """Note that harm is done from now on."""
        self.harmed.append(time.monotonic())

    def mend(self) -> None:
        """Note that nothing is harmed any more."""
        self.mended.append(time.monotonic())

    async def back(self, worker: int) -> None:
        """Wait until a worker that was started again serves: who starts slowly is not killed before he was there."""
        line, ends = Client(self.ports), time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if (await line.ask(worker, "GET", "/health")).outcome is Outcome.DONE:
                break
            await asyncio.sleep(0.05)
        line.close()

    async def wait(self, share: float) -> None:
        """Let the load go on for a share of its time."""
        await asyncio.sleep(self.size.seconds * share)


class Fault:
    """What is done to a store or its users, and what must hold all the same."""

    name = ""
    does = ""
    stores: tuple[str, ...] = ("sqlite", "redis", "sentinel", "cluster", "postgres", "mariadb")
    counted: frozenset[str] = frozenset()
    """Rules whose breaking is counted and published, because this store does not promise them."""
    recovers: float = 5.0
    """Within how many seconds after the harm nothing fails any more."""
    errors: float = 1.0
    """The share of calls that may fail."""
    longest: float = 5.0
    """How long any call may take."""

    def __init__(self, store: str) -> None:
        self.store = store

    def place(self) -> Place:
        """Start the store."""
        from benchmarks.faults.places import PLACES  # noqa: PLC0415 - a table of what may not be installed

        return PLACES[self.store]()

    async def settings(self, settings: Settings) -> Settings:
        """Change what the workers are told."""
        return settings

    async def load(self, stage: Stage, until: float) -> None:
        """Put the usual load on the workers."""
        clients = [load.client(stage.ports, stage.world, until) for _ in range(stage.size.clients)]
        await asyncio.gather(*clients)

    async def inject(self, stage: Stage) -> None:
        """Do the harm, and mend it."""

    async def after(self, stage: Stage) -> list[str]:  # noqa: ARG002 - for those who look
        """Look at what is left when all is over; say what is wrong with it."""
        return []


@dataclass(frozen=True)
class Report:
    """What came of a run."""

    fault: Fault
    seed: int
    calls: int
    errors: float
    broken: Mapping[str, int]
    longest: float
    late: float
    recovery: float
    notes: tuple[str, ...]
    examples: tuple[Complaint, ...]

    @property
    def failures(self) -> list[str]:
        """The bars that were missed."""
        fault = self.fault
        missed = [f"{rule}: {count}" for rule, count in self.broken.items() if rule not in fault.counted]
        if self.errors > fault.errors:
            missed.append(f"errors {self.errors:.1%} > {fault.errors:.0%}")
        if self.longest > fault.longest:
            missed.append(f"longest {self.longest:.1f} s > {fault.longest:.1f} s")
        if self.recovery > fault.recovers:
            missed.append(f"recovery {self.recovery:.1f} s > {fault.recovers:.1f} s")
        return [*missed, *(note for note in self.notes if note.startswith("!"))]


def run(fault: Fault, size: Size, seed: int) -> Report:
    """Run one fault from start to end."""
    place = fault.place()
    try:
        return asyncio.run(_run(fault, place, size, seed))
    finally:
        place.remove()


async def _run(fault: Fault, place: Place, size: Size, seed: int) -> Report:
    await place.prepare()
    hashed = PasswordHasher(ARGON2_CHEAPEST).hash(PASSWORD)
    settings = await fault.settings(
        Settings(place.url, hashed, size.users, ("a secret of the bench, thirty-two bytes or more",))
    )
    world = load.World(size.users, Random(seed))  # noqa: S311 - chance that only shuffles
    await load.populate(settings, world, size.sessions)
    workers = [Worker(settings) for _ in range(WORKERS)]
    try:
        stage = Stage(place, workers, world, size, Random(seed + 1))  # noqa: S311 - the same
        await _ready(stage)
        harm = asyncio.create_task(fault.inject(stage))
        await fault.load(stage, time.monotonic() + size.seconds)
        await harm
        stage.notes.append(f"never fewer than {world.fewest} sessions")
        stage.notes += [f"! {wrong}" for wrong in await fault.after(stage)]
        return _report(fault, stage, seed)
    finally:
        for worker in workers:
            worker.remove()


async def _ready(stage: Stage) -> None:
    """Wait until each worker serves somebody."""
    line = Client(stage.ports)
    ends = time.monotonic() + PATIENCE
    for worker in range(WORKERS):
        while (
            await line.ask(worker, "GET", "/read?key=cart", stage.world.live[0].cookie)
        ).outcome is not Outcome.DONE:
            if time.monotonic() > ends:
                raise RuntimeError("the workers do not start")
            await asyncio.sleep(0.1)
    line.close()


def _report(fault: Fault, stage: Stage, seed: int) -> Report:
    history = stage.world.history
    found = complaints(history)
    asked = [call for call in history if call.said != HUNG_UP]
    failed = [call for call in asked if call.outcome is Outcome.MAYBE]
    reads = sorted(call.end - call.start for call in history if call.kind == "read" and call.done)
    said = Counter(call.said for call in failed)
    if said:
        stage.notes.append("failed: " + ", ".join(f"{count} x {what}" for what, count in said.most_common(3)))
    return Report(
        fault=fault,
        seed=seed,
        calls=len(asked),
        errors=len(failed) / max(1, len(asked)),
        broken=Counter(one.rule for one in found),
        longest=max((call.end - call.start for call in asked), default=0.0),
        late=reads[len(reads) * 99 // 100] if reads else 0.0,
        recovery=_recovery(stage, failed),
        notes=tuple(stage.notes),
        examples=tuple(found[:5]),
    )


def _recovery(stage: Stage, failed: list[Call]) -> float:
    """How long after each harm something still failed that was begun after it; the longest of all."""
    longest = 0.0
    for moment in stage.mended:
        until = min((harm for harm in stage.harmed if harm > moment), default=float("inf"))
        late = [call.start - moment for call in failed if call.start > moment and call.end < until]
        longest = max([longest, *late])
    return longest
