"""The expected fields that the bytes of an answer settle: its headers, its body, where it leads, who may keep it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.attack.cases import Failure, Finding, Remark
from tests.attack.locations import leads_to
from tests.attack.observation import SESSIONS, Check, Observation
from tests.attack.placeholders import expand
from tests.attack.scene import SUCCESS
from tests.attack.wire import Answer

STACK_TRACE = re.compile(
    r'Traceback \(most recent call last\)|File "[^"\n]+", line \d+|site-packages|\.py:\d+'
)


ADDRESS_FIELDS = ("next", "redirect", "redirect_to", "redirect_url", "location", "url", "to")


# RFC 9110 15.1: what a cache may keep although nothing says for how long.
HEURISTIC = frozenset({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501})


def _headers(rules: Mapping[str, list[list[str]]], seen: Observation) -> Iterable[Finding]:
    for answer in seen.answers:
        for name, pattern in rules.get("must", ()):
            if not any(re.search(pattern, value) for value in answer.all(name)):
                yield Failure("headers.must", f"{name}: /{pattern}/", answer.get(name) or "(none)")
        for name, pattern in rules.get("must_not", ()):
            yield from (
                Failure("headers.must_not", f"{name}: not /{pattern}/", value)
                for value in answer.all(name)
                if re.search(pattern, value)
            )
        for name, pattern in rules.get("should", ()):
            if not re.search(pattern, answer.get(name)):
                yield Remark(
                    "headers.should", f"{name}: /{pattern}/ is preferred, got {answer.get(name) or '(none)'}"
                )


def _if_set_cookie(rules: Mapping[str, Any], seen: Observation) -> Iterable[Finding]:
    if any(answer.all("set-cookie") for answer in seen.answers):
        yield from _headers(rules["headers"], seen)


def _headers_on_429(names: list[str], seen: Observation) -> Iterable[Finding]:
    for answer in seen.answers:
        missing = [name for name in names if answer.status == 429 and not answer.get(name)]
        yield from (Failure("headers_on_429", name, "(none)") for name in missing)


def _body_must_not(forbidden: list[str], seen: Observation) -> Iterable[Finding]:
    for what in forbidden:
        texts = _forbidden(what, seen)
        for answer in seen.answers:
            traced = what == "stack_trace" and STACK_TRACE.search(answer.text)
            if traced or any(text in answer.text for text in texts):
                yield Failure("body_must_not", what, answer.text[:160])


def _forbidden(what: str, seen: Observation) -> list[str]:
    scene = seen.scene
    match what:
        case "stack_trace":
            return []
        case "secret":
            passwords = {user.password for user in scene.target.users.values()}
            sessions = {scene.names[name] for name in SESSIONS if scene.names.get(name)}
            return [*passwords, *sessions, *seen.new_sessions]
        case "${PROTECTED_MARKER}":
            return scene.target.markers
        case _:
            return [expand(what, scene.value)]


def _headers_must_not_contain(forbidden: list[str], seen: Observation) -> Iterable[Finding]:
    own = seen.scene.target.cookie("session") + "="
    for text in (expand(what, seen.scene.value) for what in forbidden):
        for answer in seen.answers:
            others = [
                (k, v) for k, v in answer.headers if not (k.lower() == "set-cookie" and v.startswith(own))
            ]
            yield from (
                Failure("headers_must_not_contain", "no session id", f"{k}: {v}")
                for k, v in others
                if text in v
            )


def _location(expected: bool, seen: Observation) -> Iterable[Finding]:
    origin = seen.scene.value("ORIGIN")
    for answer in seen.answers:
        for place in _places(answer):
            if (leads_to(place, origin) == origin) != expected:
                yield Failure("location_same_origin", origin if expected else "another origin", place)


def _places(answer: Answer) -> Iterable[str]:
    yield from answer.all("location")
    yield from (value.partition("url=")[2] for value in answer.all("refresh") if "url=" in value)
    try:
        said = json.loads(answer.body or b"null")
    except ValueError:
        return
    if answer.status in SUCCESS and isinstance(said, dict):
        yield from (said[name] for name in ADDRESS_FIELDS if isinstance(said.get(name), str))


def _cacheable(expected: bool, seen: Observation) -> Iterable[Finding]:
    for answer in seen.answers:
        control = answer.get("cache-control").lower()
        forbidden = any(word in control for word in ("no-store", "private"))
        told = any(word in control for word in ("public", "max-age", "s-maxage")) or bool(
            answer.get("expires")
        )
        if (not forbidden and (told or answer.status in HEURISTIC)) != expected:
            yield Failure("cacheable", expected, f"{answer.status}, Cache-Control: {control or '(none)'}")


def _body_json(expected: Mapping[str, Any], seen: Observation) -> Iterable[Finding]:
    for said in map(_object, seen.answers):
        got = {key: said.get(key) for key in expected}
        if got != expected:
            yield Failure("body_json", dict(expected), got)


def _body_json_exact(expected: Any, seen: Observation) -> Iterable[Finding]:
    yield from (
        Failure("body_json_exact", expected, said) for said in map(_object, seen.answers) if said != expected
    )


def _object(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


ANSWER_CHECKS: Mapping[str, Check] = {
    "headers": _headers,
    "if_set_cookie": _if_set_cookie,
    "headers_on_429": _headers_on_429,
    "headers_must_not_contain": _headers_must_not_contain,
    "body_must_not": _body_must_not,
    "body_json": _body_json,
    "body_json_exact": _body_json_exact,
    "location_same_origin": _location,
    "cacheable": _cacheable,
}
