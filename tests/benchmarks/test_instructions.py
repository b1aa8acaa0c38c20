"""A guarded request stays within its budget of machine instructions, counted by callgrind beside bare Starlette."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from benchmarks.contestants import BARE, named

BUDGETS = {"GET /me": 1.50, "POST /do": 1.65, "GET /open": 1.10}
"""Times what bare Starlette takes for the same request: two from who is logged in, and one that nobody guards."""


@pytest.mark.callgrind
@pytest.mark.slow
@pytest.mark.skipif(not instructions.available(), reason="no valgrind")
def test_a_request_costs_no_more_instructions_than_its_budget():
    guarded = "guardhouse_memory"
    ratios = instructions.ratios(instructions.count([named(BARE), named(guarded)]), guarded)
    over = {heading: ratios[heading] for heading, budget in BUDGETS.items() if ratios[heading] > budget}
    assert not over
