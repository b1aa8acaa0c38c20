"""The expected fields about sessions, tokens and the log: what came of a request, looked at from outside."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.attack.cases import Failure, Finding, Remark, Unchecked
from tests.attack.observation import SESSIONS, Check, Observation
from tests.attack.placeholders import expand
from tests.attack.scene import REDIRECT, SUCCESS

LOG_SECONDS = 0.7


SHORT = 8


def _session(expected: str, seen: Observation) -> Iterable[Finding]:
    match expected:
        case "any":
            return
        case "none":
            yield from _nobody_let_in(seen)
        case "unchanged":
            yield from _unchanged(seen)
        case "regenerated":
            yield from _regenerated(seen)
        case "terminated":
            if seen.session_before and seen.scene.whose(seen.session_before):
                yield Failure("session", "terminated", "the session still works")
        case _:
            yield Unchecked("session", f"no way to look for {expected!r}")


def _nobody_let_in(seen: Observation) -> Iterable[Finding]:
    for session in seen.new_sessions:
        who = seen.scene.whose(session)
        if who:
            yield Failure("session", "none", f"a session of {who}")


def _unchanged(seen: Observation) -> Iterable[Finding]:
    before = seen.session_before
    changed = [session for session in seen.new_sessions if session != before]
    if changed and (before or seen.scene.whose(changed[0])):
        yield Failure("session", "unchanged", "the answer sets another session id")
    # Who is half-way in is nobody, before and after.
    if before and before != seen.scene.names.get("HALF_WAY") and not seen.scene.whose(before):
        yield Failure("session", "unchanged", "the session does not work any more")


def _regenerated(seen: Observation) -> Iterable[Finding]:
    old = {one for one in {seen.session_before, *seen.sent_sessions} if one}
    if not seen.new_sessions:
        yield Failure("session", "regenerated", "the answer sets no session id")
        return
    new = seen.new_sessions[-1]
    if new in old:
        yield Failure("session", "regenerated", "the session id that was sent is kept")
    elif not seen.scene.whose(new):
        yield Failure("session", "regenerated", "the new session id stands for nobody")
    for value in old - {new}:
        if seen.scene.whose(value):
            yield Failure("session", "regenerated", "the former session id still works")


def _fresh(expected: bool, seen: Observation) -> Iterable[Finding]:
    """Ask for the list of sessions, which wants a proof of a moment ago."""
    status = seen.scene.visit("session_list", seen.scene.jar).status
    if (status in SUCCESS) != expected:
        yield Failure("fresh", expected, f"session_list answered {status}")


def _family_revoked(expected: bool, seen: Observation) -> Iterable[Finding]:
    """Look whether what the answers handed out is still good: the sessions, and the remember cookie alone."""
    scene, name = seen.scene, seen.scene.target.cookie("remember")
    handed = [one.value for one in seen.cookies("remember") if not one.clears]
    held = [*map(scene.whose, seen.new_sessions), *(scene.who({name: value}) for value in handed)]
    if not held:
        yield Unchecked("family_revoked", "nothing was handed out")
    elif all(held) == expected:
        yield Failure("family_revoked", expected, f"{held.count('')} of {len(held)} are good for nothing")


def _unique_tokens(count: int, seen: Observation) -> Iterable[Finding]:
    tokens = [one.value for one in seen.cookies("csrf")]
    if len(set(tokens)) < min(count, len(seen.answers)):
        yield Failure(
            "unique_tokens_over", count, f"{len(set(tokens))} tokens in {len(seen.answers)} answers"
        )
    for position, token in enumerate(tokens):
        if not _accepted(token, seen):
            yield Failure(
                "unique_tokens_over", "every token valid", f"token {position + 1} of {len(tokens)} is refused"
            )
            return


def _accepted(token: str, seen: Observation) -> bool:
    """Whether a token alone, without Origin and Fetch Metadata, opens protected_post."""
    scene = seen.scene
    role = scene.target.roles["protected_post"]
    request = {
        "method": role.method,
        "path_role": "protected_post",
        "headers": [["${CSRF_HEADER}", token]],
        "cookies": "jar",
    }
    status = scene.ask(scene.message(request)).status
    return status in SUCCESS or status in REDIRECT


def _log(expected: str, seen: Observation) -> Iterable[Finding]:
    shapes = seen.scene.target.log.get(expected)
    if shapes is None:
        yield Unchecked("log", f"the target does not say what it writes for {expected!r}")
        return
    end = time.monotonic() + LOG_SECONDS
    while True:
        records = seen.scene.application.child.records(seen.line)
        if any(_fits(record, shape) for record in records for shape in shapes):
            return
        if time.monotonic() > end:
            yield Failure(
                "log", expected, [record.get("code", record) for record in records] or "nothing written"
            )
            return
        time.sleep(0.01)


def _fits(record: Mapping[str, Any], shape: Mapping[str, str]) -> bool:
    return all(fnmatchcase(str(record.get(key)), pattern) for key, pattern in shape.items())


def _log_must_not(forbidden: list[str] | str, seen: Observation) -> Iterable[Finding]:
    scene = seen.scene
    texts: set[str] = set()
    for what in [forbidden] if isinstance(forbidden, str) else forbidden:
        if "${" in what:
            texts.add(expand(what, scene.value))
        else:
            texts |= {user.password for user in scene.target.users.values()}
            texts |= {scene.names[name] for name in (*SESSIONS, "CSRF") if scene.names.get(name)}
    written = "\n".join(scene.application.child.lines[seen.line :])
    yield from (
        Failure("log_must_not", "no secret", f"...{text[:4]}...")
        for text in texts
        if len(text) >= SHORT and text in written
    )


def _note(text: str, _: Observation) -> Iterable[Finding]:
    yield Remark("note", text)


SESSION_CHECKS: Mapping[str, Check] = {
    "session": _session,
    "fresh": _fresh,
    "family_revoked": _family_revoked,
    "unique_tokens_over": _unique_tokens,
    "log": _log,
    "log_must_not": _log_must_not,
    "note": _note,
}
