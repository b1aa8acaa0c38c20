"""What a guarded request costs in machine instructions, counted by callgrind beside bare Starlette."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from benchmarks.contestants import BARE, named

HELD = {"GET /me": 1.80, "POST /do": 1.95, "GET /open": 1.10}
"""Times what bare Starlette takes for the same request. A ratchet: tighten it with every gain."""

GOALS = {"GET /me": 1.50, "POST /do": 1.65}
"""What the project has set itself."""

pytestmark = [
    pytest.mark.callgrind,
    pytest.mark.slow,
    pytest.mark.skipif(not instructions.available(), reason="no valgrind"),
]


@pytest.fixture(scope="module")
def ratios() -> instructions.Counts:
    guarded = "guardhouse_memory"
    return instructions.ratios(instructions.count([named(BARE), named(guarded)]), guarded)


def over(ratios: instructions.Counts, budgets: dict[str, float]) -> dict[str, float]:
    return {heading: ratios[heading] for heading, budget in budgets.items() if ratios[heading] > budget}


def test_a_request_costs_no_more_instructions_than_it_did(ratios):
    assert not over(ratios, HELD)


@pytest.mark.xfail(
    strict=True, reason="not reached: about 1.74 and 1.89 were measured; see benchmarks/README.md"
)
def test_a_request_costs_no_more_instructions_than_its_goal(ratios):
    assert not over(ratios, GOALS)
