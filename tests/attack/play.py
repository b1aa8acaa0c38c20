"""Play one case: build its state, send its requests, look at everything that is expected of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.attack.answer_checks import ANSWER_CHECKS
from tests.attack.application import Application
from tests.attack.cases import (
    Case,
    Failure,
    Finding,
    Request,
    Result,
    SetUpError,
    SkippedError,
    Step,
    Unchecked,
)
from tests.attack.checks import CHECKS, cautious
from tests.attack.cookie_checks import COOKIE_CHECKS
from tests.attack.mail import MAIL_CHECKS
from tests.attack.observation import Observation
from tests.attack.preconditions import build
from tests.attack.scene import INDEXED_EMAIL, Scene
from tests.attack.session_checks import SESSION_CHECKS
from tests.attack.wire import Answer, Message

TRANSPORTS = frozenset({"http", "raw"})
ALL_CHECKS = {**CHECKS, **ANSWER_CHECKS, **COOKIE_CHECKS, **SESSION_CHECKS, **MAIL_CHECKS}
ELSEWHERE = frozenset({"idle_timer", "body_equal_group", "timing", "repeat"})
"""Fields that take more than one playing of the case."""


def play(case: Case, application: Application) -> Result:
    """Play a case from a fresh start."""
    started = time.perf_counter()
    talk: list[str] = []
    try:
        refuse_what_is_not_offered(case, application)
        application.serve(case.methods)
        scene = set_up(case, application)
        talk = scene.talk
        findings = [finding for step in case.steps for finding in _step(step, scene)]
        findings += _idle_timer(case, application)
    except SkippedError as reason:
        return Result(case, skipped=str(reason))
    except SetUpError as problem:
        findings = [Failure("precondition", case.precondition, str(problem))]
    except OSError as problem:
        findings = [Failure("connection", "an answer", f"{type(problem).__name__}: {problem}")]
    disputed = application.target.disputed.get(case.id, {})
    distinct = tuple(dict.fromkeys(_weighed(finding, disputed) for finding in findings))
    return Result(case, distinct, seconds=time.perf_counter() - started, talk=tuple(talk))


def refuse_what_is_not_offered(case: Case, application: Application) -> None:
    """Skip what this application does not have."""
    target = application.target
    missing = [name for name in case.requires if name not in target.requires and name not in target.roles]
    missing += sorted(case.roles - set(target.roles) - set(missing))
    if case.transport not in TRANSPORTS and case.transport not in target.variants:
        missing.append(f"transport {case.transport}")
    if missing:
        raise SkippedError(f"not offered: {', '.join(dict.fromkeys(missing))}")


def set_up(case: Case, application: Application) -> Scene:
    """Begin anew, and build the state that the case starts from."""
    application.reset()
    scene = Scene(application, case.transport)
    scene.case = case.id
    for special in case.requires:
        scene.names |= application.target.values_with.get(special, {})
    scene.instead = application.target.instead.get(case.id, {})
    build(case.precondition, scene)
    return scene


def _step(step: Step, scene: Scene) -> Iterable[Finding]:
    match step.action:
        case "restart_app":
            scene.application.restart()
        case "":
            pass
        case action:
            raise SkippedError(f"no way to {action}")
    if step.request:
        times = {"repeat": step.expected["repeat"]} if "repeat" in step.expected else {}
        yield from look(step, observe({**step.request, **times}, scene))


def look(step: Step, seen: Observation) -> Iterable[Finding]:
    """Look at every expected field."""
    for field, expected in step.expected.items():
        if field in ALL_CHECKS:
            yield from cautious(ALL_CHECKS[field], field)(expected, seen)
        elif field not in ELSEWHERE:
            yield Unchecked(field, "no way to look at this")


def observe(request: Request, scene: Scene) -> Observation:
    """Send what a step orders, and note what moved."""
    application = scene.application
    held = dict(scene.jar.cookies)
    line, hits = len(application.child.lines), len(application.callback.hits)
    before = application.state()
    messages, answers = _send(request, scene)
    after = application.state()
    for answer in answers:
        scene.jar.take(answer.headers)
    _remember_what_changed(scene, held)
    return Observation(
        scene=scene,
        request=request,
        messages=tuple(messages),
        answers=tuple(answers),
        held=held,
        before=before,
        after=after,
        line=line,
        hits=hits,
        again=lambda: _send(request, scene)[1],
    )


def _send(request: Request, scene: Scene) -> tuple[list[Any], list[Answer]]:
    together = request.get("concurrency", {}).get("parallel", 0)
    # Each is written anew, so that what is random differs.
    messages = [_numbered(request, scene, index) for index in range(together or request.get("repeat", 1))]
    if together:
        return messages, scene.ask_together(messages)
    return messages, [scene.ask(message) for message in messages]


def _numbered(request: Request, scene: Scene, index: int) -> Message:
    scene.names["INDEXED_EMAIL"] = INDEXED_EMAIL.format(index)
    return scene.message(request)


def _remember_what_changed(scene: Scene, held: dict[str, str]) -> None:
    name = scene.target.cookie("session")
    before, now = held.get(name, ""), scene.jar.get(name)
    if before and before != now:
        scene.names["OLD_SID"] = before
    if now:
        scene.names["SID"] = now


def _idle_timer(case: Case, application: Application) -> Iterable[Finding]:
    """Play the first step late in a session's life: afterwards the session ends when it would have ended anyway."""
    step = case.steps[0]
    expected = step.expected.get("idle_timer")
    if expected is None:
        return
    scene = set_up(case, application)
    try:
        idle = scene.lifetime("idle")
        scene.move_clock(idle * 0.8)
        session = scene.jar.get(scene.target.cookie("session"))
        observe(step.request, scene)
        scene.move_clock(idle + 60)
    except SkippedError as missing:
        yield Unchecked("idle_timer", str(missing))
        return
    extended = bool(scene.whose(session))
    if extended != (expected != "unchanged"):
        yield Failure("idle_timer", expected, "extended" if extended else "unchanged")


def _weighed(finding: Finding, disputed: Mapping[str, Any]) -> Finding:
    """Let a disputed failure be an open question; and let a hundred equal ones be one."""
    if not isinstance(finding, Failure):
        return finding
    if finding.field.partition(".")[0] in disputed.get("fields", ()):
        return Unchecked(finding.field, f"held to be wrong: {disputed['because']}")
    return Failure(finding.field, _text(finding.expected), _text(finding.got))


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def alike(answers: Sequence[Answer]) -> list[str]:
    """Say in what answers differ that must not tell two causes apart; dates and fresh cookies aside."""
    first, *others = answers
    differences: list[str] = []
    for other in others:
        if other.status != first.status:
            differences.append(f"status {first.status} and {other.status}")
        if other.body != first.body:
            differences.append(f"body {first.text[:120]!r} and {other.text[:120]!r}")
        if _comparable(other) != _comparable(first):
            differences.append(f"headers {sorted(_comparable(first) ^ _comparable(other))}")
    return differences


def _comparable(answer: Answer) -> frozenset[tuple[str, str]]:
    aside = {"date", "set-cookie"}
    named = {(name.lower(), value) for name, value in answer.headers if name.lower() not in aside}
    return frozenset(named | {("set-cookie", value.partition("=")[0]) for value in answer.all("set-cookie")})
