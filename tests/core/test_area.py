"""An area or a step that cannot work is an error where it is written, with the key, what was found, and the fix."""

from __future__ import annotations

from typing import Any

import pytest

from guardhouse.core.area import Area, Note, Step
from guardhouse.errors import ConfigError


def any_text(text: object) -> Any:
    return text


def nothing(visit):
    return None


@pytest.mark.parametrize(
    ("make", "key", "fix"),
    [
        pytest.param(lambda: Area(guards=()), "area.guards", "at least one guard", id="no guard"),
        pytest.param(lambda: Area(guards=("a", "b", "a")), "area.guards", "once", id="a guard twice"),
        pytest.param(
            lambda: Area(guards=("a",), answers=any_text("html")),
            "area.answers",
            "auto, json, page",
            id="answers",
        ),
        pytest.param(
            lambda: Area(guards=("a",), steps=(any_text("throttle:60,1"),)),
            "area.steps",
            "A step is a value",
            id="a step as text",
        ),
        pytest.param(
            lambda: Area(guards=("a",), steps=(any_text(Step),)),
            "area.steps",
            "A step is a value",
            id="a class that was not called",
        ),
        pytest.param(
            lambda: Step("audit", nothing, phase=any_text("later")), "step audit", "before guards", id="phase"
        ),
    ],
)
def test_what_cannot_work_says_how_to_mend_it(make, key, fix):
    with pytest.raises(ConfigError) as raised:
        make()
    assert raised.value.key == key
    assert fix in raised.value.fix


def test_what_works_keeps_what_it_was_given():
    step, note = Step("audit", nothing), Note("throttle", "not known here")
    area = Area(guards=("api",), answers="json", steps=(step,), notes=(note,))
    assert (area.guards, area.answers, area.steps, area.notes) == (("api",), "json", (step,), (note,))
    assert step.phase == "after guards"
