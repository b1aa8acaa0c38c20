"""What a request costs without a server: the ASGI callable is driven directly, the contestants in turn."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Collection, Mapping, Sequence
from time import perf_counter
from typing import Any

from benchmarks.asking import Answer, Ask, Send
from benchmarks.checking import admitted
from benchmarks.contestants import BARE, Contestant, installed
from benchmarks.ratios import ratio, table

ROUNDS = 15
BATCH = 400
TITLE = "In process: time of a request, x bare Starlette (median ± half the interquartile range)"
OWN_TITLE = "In process: time of a request, x the contestant's own bare framework"

Times = Mapping[str, Mapping[str, Sequence[float]]]
"""Seconds by heading, contestant and round."""


def sender(app: Any) -> Send:  # noqa: ANN401 - an ASGI application of any framework
    """Send requests to the application, and gather what it answers."""

    async def send(ask: Ask) -> Answer:
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": ask.body, "more_body": False}

        async def gather(message: Any) -> None:  # noqa: ANN401 - an ASGI message
            messages.append(message)

        await app(ask.scope(), receive, gather)
        start, *bodies = messages
        body = b"".join(message.get("body", b"") for message in bodies)
        return Answer(start["status"], tuple(start["headers"]), body)

    return send


class Exchange:
    """One request as a server drives it: it holds the scope, and hands out its own methods.

    What keeps such a method in the scope has made a cycle, and leaves every request to the garbage collector.
    """

    __slots__ = ("scope",)

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope

    async def receive(self) -> dict[str, Any]:
        """Hand over an empty body."""
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, _: Any) -> None:  # noqa: ANN401 - an ASGI message
        """Take what the application sends."""


async def drive(app: Any, scopes: list[dict[str, Any]]) -> None:  # noqa: ANN401 - an ASGI application
    """Put requests to the application, one after the other, and let go of each as a server does."""
    while scopes:
        exchange = Exchange(scopes.pop())
        await app(exchange.scope, exchange.receive, exchange.send)


async def measure(contestants: Sequence[Contestant], rounds: int) -> Times:
    """Check every contestant, warm it up, then time all of them in every round."""
    apps = {contestant.name: contestant.load() for contestant in contestants}
    visitors = [await admitted(contestant, sender(apps[contestant.name])) for contestant in contestants]
    times: dict[str, dict[str, list[float]]] = {}
    for turn in range(rounds + 1):
        for visitor in visitors:
            for heading, ask in visitor.asks.items():
                seconds = await _time(apps[visitor.contestant.name], ask)
                if turn:  # the first round warms up
                    times.setdefault(heading, {}).setdefault(visitor.contestant.name, []).append(seconds)
    return times


async def _time(app: Any, ask: Ask) -> float:  # noqa: ANN401 - as above
    scopes = [ask.scope() for _ in range(BATCH)]
    gc.collect()
    began = perf_counter()
    await drive(app, scopes)
    return (perf_counter() - began) / BATCH


def report(times: Times, contestants: Sequence[Contestant]) -> str:
    """Print two tables: beside bare Starlette, and beside each one's own framework."""
    scale = min(times["GET /me"][BARE]) * 1e6
    beside_bare = _rows(times, contestants, own=False)
    beside_own = _rows(times, [one for one in contestants if one.guarded], own=True)
    return "\n".join(
        [
            table(TITLE, ["", *times], beside_bare),
            f"(for scale: bare Starlette, GET, {scale:.1f} us)",
            table(OWN_TITLE, ["", *times], beside_own),
        ]
    )


def _rows(times: Times, contestants: Sequence[Contestant], *, own: bool) -> list[list[str]]:
    return [
        [
            one.title,
            *(str(ratio(costs[one.name], costs[one.bare if own else BARE])) for costs in times.values()),
        ]
        for one in contestants
    ]


def main(rounds: int = ROUNDS, names: Collection[str] = ()) -> None:
    """Measure and print."""
    logging.disable()  # the checks provoke refusals
    contestants = installed(names)
    print(report(asyncio.run(measure(contestants, rounds)), contestants), flush=True)


if __name__ == "__main__":
    main()
