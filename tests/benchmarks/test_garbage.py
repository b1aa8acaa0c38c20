"""A guarded request leaves nothing behind that only the garbage collector could find: its pauses would hit others."""

from __future__ import annotations

import gc

import pytest

from benchmarks.checking import admitted
from benchmarks.contestants import named
from benchmarks.in_process import drive, sender

REQUESTS = 50


@pytest.mark.parametrize("heading", ["GET /me", "POST /do", "GET /open"])
@pytest.mark.parametrize(
    "name",
    [
        "bare_starlette",
        "guardhouse_memory",
        "guardhouse_user",
        "guardhouse_token",
        "guardhouse_jwt",
        "bare_fastapi",
        "guardhouse_fastapi",
    ],
)
async def test_a_request_leaves_no_cycles(name, heading):
    contestant = named(name)
    app = contestant.load()
    ask = (await admitted(contestant, sender(app))).asks[heading]
    await drive(app, [ask.scope() for _ in range(REQUESTS)])
    gc.collect()
    gc.disable()
    try:
        await drive(app, [ask.scope() for _ in range(REQUESTS)])
        left = gc.collect()
    finally:
        gc.enable()
    assert (
        left < REQUESTS
    )  # a cycle in each request leaves more; a few may be left by what else the process does
