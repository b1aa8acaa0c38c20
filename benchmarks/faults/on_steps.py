"""Faults in the middle of a call: the process dies after the store has done something, or a part of it, and is asked again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace

from benchmarks.faults import load
from benchmarks.faults.app import Settings
from benchmarks.faults.client import Client
from benchmarks.faults.failpoints import VERBS
from benchmarks.faults.history import Outcome
from benchmarks.faults.load import Visitor
from benchmarks.faults.places import EVERY, SINGLE
from benchmarks.faults.running import Fault, Stage

CUT = ("move", "revoke", "create", "delete", "save")
"""What may take several steps: names are used in one."""
MOST_STEPS = 6
PATIENCE = 2.0


class _Mortal(Fault):
    longest = 6.0  # who waits for a worker that is started again gives up after five seconds

    async def settings(self, settings: Settings) -> Settings:
        """Let workers die when they are told to."""
        return replace(settings, mortal=True)


class Failpoint(_Mortal):
    """A worker dies after the store did something and before anybody is told."""

    name = "F2"
    does = f"exit between store and answer, at {', '.join(VERBS)}"
    stores = SINGLE
    errors = 0.1

    async def inject(self, stage: Stage) -> None:
        """Let both die again and again, each time at another verb; do meanwhile what the load does not."""
        ends, number, died = time.monotonic() + stage.size.seconds * 0.8, 0, Counter[str]()
        while time.monotonic() < ends:
            verb = VERBS[number % len(VERBS)]
            died[verb] += await self._once(stage, number, verb)
            number += 1
        stage.mend()
        stage.notes.append("died at " + ", ".join(f"{verb} {count} times" for verb, count in died.items()))

    async def _once(self, stage: Stage, number: int, verb: str) -> bool:
        return await die_at(stage, number, verb, survives=3)


class Cut(_Mortal):
    """A worker dies in the middle of what takes several steps, and what was asked of it is asked again."""

    name = "F10"
    does = f"exit after the first, second ... step within {', '.join(CUT)}; then asked again"
    stores = EVERY

    async def inject(self, stage: Stage) -> None:
        """Cut each verb after its first step, then each after its second, and so on: what has fewer is not cut."""
        ends, number, died = time.monotonic() + stage.size.seconds * 0.8, 0, Counter[str]()
        rounds = [(verb, step) for step in range(1, MOST_STEPS + 1) for verb in CUT]
        whole: dict[str, int] = {}
        while time.monotonic() < ends:
            verb, step = rounds[number % len(rounds)]
            number += 1
            if step >= whole.get(verb, MOST_STEPS + 1):
                await asyncio.sleep(0)
                continue
            if await die_at(stage, number, verb, step=step):
                died[f"{verb} after {step}"] += 1
            else:
                whole[verb] = step  # it was done with fewer steps than that
        stage.mend()
        stage.notes.append("cut: " + ", ".join(f"{what} ({count})" for what, count in died.items()))

    async def after(self, stage: Stage) -> list[str]:
        """Look whether anything was cut at all."""
        return ["nothing was cut"] if "cut: " in stage.notes else []  # with nothing behind it


async def die_at(stage: Stage, number: int, verb: str, *, step: int = 0, survives: int = 0) -> bool:
    """Let one worker die at a verb; return whether it did. It comes back without a will to die."""
    at = number % 2
    line = Client(stage.ports)
    await line.ask(at, "GET", f"/health?die={verb}&step={step}&survives={survives}")
    await _meanwhile(stage, line, number, at)
    died = stage.workers[at].died
    if died:
        await asyncio.to_thread(stage.workers[at].kill)
    await stage.back(at)  # which tells it to live, too
    line.close()
    return died


async def _meanwhile(stage: Stage, line: Client, number: int, at: int) -> None:
    """Use names once and go on under new ids at the worker that is to die, and again at the other one."""
    ends, tried = time.monotonic() + PATIENCE, 0
    while time.monotonic() < ends and not stage.workers[at].died:
        name = f"name-{number}-{tried}"
        tried += 1
        for worker in (at, 1 - at):
            await load.use_up(line, stage.world, name, worker)
        visitor = await load.log_in(line, stage.world, 1 - at)
        if visitor is not None:
            await _renew(stage, line, visitor, at)


async def _renew(stage: Stage, line: Client, visitor: Visitor, at: int) -> None:
    """Whoever is not answered asks again with what he has; what he had is dead in the end, whichever answer came."""
    renewed, again = await load.renew(line, stage.world, visitor, at), 1 - at
    if renewed is None:
        stage.world.dead.remove(visitor)  # nobody may write into it as long as it may live
        renewed = await load.renew(line, stage.world, visitor, again)
        if renewed is None and stage.world.history[-1].outcome is not Outcome.MAYBE:
            stage.notes.append(f"! asked again, and was told {stage.world.history[-1].said}")
    for one in filter(None, (visitor, renewed)):
        await load.use(line, stage.world, "read", one, worker=again)
