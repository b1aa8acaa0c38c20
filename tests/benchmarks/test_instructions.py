"""What a guarded request costs in machine instructions, counted by callgrind beside bare Starlette."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from benchmarks.contestants import BARE, named

MOST = {"GET /me": 1.50, "POST /do": 1.65, "GET /open": 1.10}
"""Times what bare Starlette takes for the same request."""

pytestmark = [
    pytest.mark.callgrind,
    pytest.mark.slow,
    pytest.mark.skipif(not instructions.available(), reason="no valgrind"),
]


def test_a_request_costs_no_more_instructions_than_it_may():
    guarded = "guardhouse_memory"
    ratios = instructions.ratios(instructions.count([named(BARE), named(guarded)]), guarded)
    over = {heading: ratios[heading] for heading, most in MOST.items() if ratios[heading] > most}
    assert not over
