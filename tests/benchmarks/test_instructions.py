"""What a guarded request costs in machine instructions, counted by callgrind beside bare Starlette."""

from __future__ import annotations

import pytest

from benchmarks import instructions, verifying
from benchmarks.contestants import BARE, named

MOST = {
    "guardhouse_memory": {"GET /me": 1.50, "POST /do": 1.65, "GET /open": 1.10},
    "guardhouse_sealed": {"GET /me": 2.30, "POST /do": 2.35, "GET /open": 1.10},
    "guardhouse_token": {"GET /me": 1.65, "POST /do": 1.65, "GET /open": 1.10},
    "guardhouse_jwt": {"GET /me": 1.85, "POST /do": 1.85, "GET /open": 1.10},
}
"""Times what bare Starlette takes for the same request."""

MOST_TO_VERIFY = {
    "guardhouse_verify": {"HS256": 2.5, "ES256": 1.3, "EdDSA": 1.3},
    "guardhouse_guard": {"HS256": 2.5, "ES256": 1.3, "EdDSA": 1.3},
    "guardhouse_seen": {"HS256": 1.25, "ES256": 0.1, "EdDSA": 0.1},
}
"""Times the floor: hmac and one decoding by msgspec, or nothing but the signature of a key pair."""

REQUESTS = 100
"""With 500 as in the benchmark the counts differ by less than one in a thousand."""

pytestmark = [
    pytest.mark.callgrind,
    pytest.mark.slow,
    pytest.mark.skipif(not instructions.available(), reason="no valgrind"),
]


def test_a_request_costs_no_more_instructions_than_it_may():
    counted = instructions.count([named(BARE), *map(named, MOST)], REQUESTS)
    over = {
        (name, heading): ratio
        for name, most in MOST.items()
        for heading, ratio in instructions.ratios(counted, name).items()
        if ratio > most.get(heading, ratio)
    }
    assert not over


def test_verifying_costs_no_more_instructions_than_it_may():
    counted = verifying.count(tuple(MOST_TO_VERIFY))
    over = {
        (name, algorithm): counted[name][algorithm]
        for name, most in MOST_TO_VERIFY.items()
        for algorithm in most
        if counted[name][algorithm] > most[algorithm]
    }
    assert not over
