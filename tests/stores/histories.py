"""Plays a state machine on one kind of store, as often as the time allows."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings


def play(machine: Any, kind: str, examples: int) -> None:
    """Play histories of that machine, whose `kind` says on which store."""
    played: Any = type(f"{machine.__name__}InKind", (machine,), {"kind": kind})
    case = played.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    case("runTest").runTest()
