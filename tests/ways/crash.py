"""A process that dies between two effects of a plan: what was written before stays, and nothing after it happens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guardhouse.desks import desk as desks
from guardhouse.desks.perform import perform
from guardhouse.flows.plan import Next, Plan


class CrashError(Exception):
    """The process is gone."""


def crash_after(patch: pytest.MonkeyPatch, effects: int) -> None:
    """Let it die after so many effects of a visit, counted over all plans; with fewer it lives."""
    left = effects

    async def cut(desk: Any, plan: Plan) -> Next:
        nonlocal left
        following = await perform(desk, replace(plan, effects=plan.effects[:left]))
        if len(plan.effects) > left:
            raise CrashError
        left -= len(plan.effects)
        return following

    patch.setattr(desks, "perform", cut)
