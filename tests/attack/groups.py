"""Fields that compare cases with each other: equal answers, and times that tell nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from math import erfc, sqrt
from statistics import median
from typing import Any

from tests.attack.application import Application
from tests.attack.cases import Case, Failure, Finding, Remark, Request, SetUpError, SkippedError, Unchecked
from tests.attack.play import alike, refuse_what_is_not_offered, set_up
from tests.attack.preconditions import build
from tests.attack.scene import Scene

ATTEMPTS = 3
ROUND = 4
"""So many tries of an account between two resets: fewer than any throttle allows."""
UNSURE = 0.01


class Groups:
    """The groups of a file of cases. What one case needs of its mates is asked once, selected or not."""

    def __init__(self, cases: Iterable[Case], application: Application, *, timing: bool) -> None:
        self._cases = list(cases)
        self._application = application
        self._timing = timing
        self._told: dict[str, Mapping[str, Sequence[Finding]]] = {}

    def findings(self, case: Case) -> Iterable[Finding]:
        """Look at the fields of a case that compare it with others."""
        expected = case.steps[0].expected
        if "body_equal_group" in expected:
            yield from self._equal(case, expected["body_equal_group"])
        if "timing" in expected:
            yield from self._timed(case, expected["timing"])

    def _mates(self, field: str, group: str) -> list[Case]:
        return [one for one in self._cases if _group(one.steps[0].expected.get(field)) == group]

    def _equal(self, case: Case, group: str) -> Iterable[Finding]:
        mates = self._mates("body_equal_group", group)
        if len(mates) < 2:
            yield Unchecked("body_equal_group", f"nobody else is in {group!r}")
            return
        try:
            answers = [
                _asked(mate, self._application)
                for mate in (case, *(one for one in mates if one.id != case.id))
            ]
        except SkippedError as missing:
            yield Unchecked("body_equal_group", str(missing))
            return
        yield from (Failure("body_equal_group", f"as all of {group!r}", said) for said in alike(answers))

    def _timed(self, case: Case, rule: Mapping[str, Any]) -> Iterable[Finding]:
        if not self._timing:
            yield Unchecked("timing", "it takes half a minute: ask for it with --timing")
            return
        group = rule["group"]
        if group not in self._told:
            self._told[group] = _told(self._mates("timing", group), self._application)
        yield from self._told[group][case.id]


def _group(rule: Any) -> Any:
    return rule.get("group") if isinstance(rule, Mapping) else rule


def _asked(case: Case, application: Application) -> Any:
    scene = set_up(case, application)
    return scene.ask(scene.message(case.steps[0].request))


def _told(cases: Sequence[Case], application: Application) -> Mapping[str, Sequence[Finding]]:
    """Measure again what was found: a leak is there each time, what else the machine does meanwhile is not."""
    told: dict[str, Sequence[Finding]] = {}
    open_still = cases
    for _ in range(ATTEMPTS):
        times = _measure(cases, application)
        for case in open_still:
            told[case.id] = [*_compare(times, case.id, case.steps[0].expected["timing"])]
        open_still = [case for case in open_still if _leaks(told[case.id])]
        if not open_still:
            break
    return told


def _leaks(findings: Sequence[Finding]) -> bool:
    return any(isinstance(one, Failure) for one in findings)


def _measure(cases: Sequence[Case], application: Application) -> Mapping[str, Sequence[float]]:
    """Time the cases and two plain failures in turns, so that what the machine does meanwhile hits all alike."""
    offered = [case for case in cases if _offered(case, application)]
    repeat = max(int(case.steps[0].request.get("repeat", 100)) for case in cases)
    times: dict[str, list[float]] = {}
    for _ in range(0, repeat, ROUND):
        scenes = {case.id: (set_up(case, application), case.steps[0].request) for case in offered[-1:]}
        scenes |= {case.id: (_joined(case, application), case.steps[0].request) for case in offered[:-1]}
        any_scene = next(iter(scenes.values()))[0]
        scenes |= {name: (any_scene, _failing(user)) for name, user in PLAIN_FAILURES.items()}
        for _ in range(ROUND):
            for name, (scene, request) in scenes.items():
                times.setdefault(name, []).append(scene.ask(scene.message(request)).seconds)
    return times


def _offered(case: Case, application: Application) -> bool:
    try:
        refuse_what_is_not_offered(case, application)
        set_up(case, application)
    except (SkippedError, SetUpError):
        return False
    return True


def _joined(case: Case, application: Application) -> Scene:
    """Build the state of a case beside another one's, without beginning anew."""
    scene = Scene(application)
    build(case.precondition, scene)
    return scene


PLAIN_FAILURES = {"a wrong password": "${USER}", "an unknown user": "nobody-${RANDOM:8}@example.com"}


def _failing(user: str) -> Request:
    return {
        "method": "POST",
        "path_role": "login",
        "headers": [["Origin", "${ORIGIN}"], ["Sec-Fetch-Site", "same-origin"]],
        "body": {"kind": "json", "value": {"username": user, "password": "wrong"}},
    }


def _compare(times: Mapping[str, Sequence[float]], name: str, rule: Mapping[str, Any]) -> Iterable[Finding]:
    if name not in times:
        yield Unchecked("timing", "its own state cannot be built")
        return
    own = times[name]
    medians = ", ".join(f"{one} {median(seconds) * 1000:.1f} ms" for one, seconds in times.items())
    yield Remark("timing", f"medians of {len(own)}: {medians}")
    for other, seconds in times.items():
        ratio = median(own) / median(seconds)
        ratio = max(ratio, 1 / ratio)
        if ratio > rule["max_ratio"] and mann_whitney(own, seconds) < UNSURE:
            said = f"{median(own) * 1000:.1f} ms, {other} {median(seconds) * 1000:.1f} ms, {len(own)} each"
            yield Failure("timing", f"medians within {rule['max_ratio']}", said)


def mann_whitney(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how likely two samples as different as these come from one source (two-sided, normal approximation)."""
    everything = sorted([*one, *other])
    # Equal values share the middle of their places.
    ranks = sum((bisect_left(everything, value) + bisect_right(everything, value) + 1) / 2 for value in one)
    count, others = len(one), len(other)
    above = ranks - count * (count + 1) / 2
    deviation = sqrt(count * others * (count + others + 1) / 12)
    return erfc(abs(above - count * others / 2) / deviation / sqrt(2))
