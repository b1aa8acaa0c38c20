"""Rules that say no to everybody, and steps that rely on what is not there."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from typing import Any

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject
from guardhouse.edge.routes import place_of

_STILL = frozenset(
    {
        "RESUME",
        "LOAD_CONST",
        "RETURN_VALUE",
        "RETURN_CONST",
        "NOP",
        "COPY_FREE_VARS",
        "LOAD_SMALL_INT",
        "RETURN_GENERATOR",
        "POP_TOP",
    }
)
"""What a function does that only returns what is written in it."""


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    rules = subject.house.rules
    if not rules.hooked:
        for ability, rule in rules.functions():
            if _never(rule):
                what = f"Rule {ability} returns {_returned(rule)!r} whoever asks and whatever it is about."
                fix = "Write down whom it lets; a rule that is to refuse everybody need not be asked."
                yield found("rule-never-passes", place_of(rule), what, fix)
    for stack, error in subject.house.stacks.faults(subject.house.parts):
        info = next((info for info, asked in subject.guarded() if asked.name == stack.name), None)
        where = info.where if info else f"stack {stack.name}"
        yield found("step-unready", where, f"{stack.name}: {error.key}: {error.found}.", error.fix)


def _never(rule: Callable[..., Any]) -> bool:
    code = getattr(rule, "__code__", None)
    if code is None or any(one.opname not in _STILL for one in dis.get_instructions(code)):
        return False
    return _returned(rule) is False


def _returned(rule: Callable[..., Any]) -> object:
    """Read the one value that it returns; a text is a no with its reason, and None would be no opinion."""
    constants = [
        one.argval for one in dis.get_instructions(rule) if one.opname in ("LOAD_CONST", "RETURN_CONST")
    ]
    return constants[0] if constants else None
