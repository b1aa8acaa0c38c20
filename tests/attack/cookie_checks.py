"""The expected fields about cookies: which were set, with what attributes, and what their values show."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.attack.cases import Failure, Finding, Unchecked
from tests.attack.jar import SetCookie
from tests.attack.observation import Check, Observation
from tests.attack.placeholders import expand

FLAGS = frozenset({"secure", "httponly", "partitioned"})


def _set_cookie(rules: Mapping[str, list[str]], seen: Observation) -> Iterable[Finding]:
    for role in rules.get("must", ()):
        found = _set_in(role, seen)
        if found is None:
            yield Unchecked("set_cookie", f"the target names no cookie for {role!r}")
        elif not found:
            yield Failure("set_cookie.must", role, "not set")
    for role in rules.get("must_not", ()):
        yield from (
            Failure("set_cookie.must_not", f"no {role}", f"{one.name} was set")
            for one in _set_in(role, seen) or ()
        )


def _set_in(role: str, seen: Observation) -> list[SetCookie] | None:
    match role:
        case "session":
            return [one for one in seen.cookies("session") if not one.clears]
        case "session_authenticated":
            return [one for one in seen.cookies("session") if not one.clears and seen.scene.whose(one.value)]
        case "session_cleared":
            return [one for one in seen.cookies("session") if one.clears]
        case _:
            cookies = [one for one in seen.cookies(role) if not one.clears]
            return cookies if seen.scene.target.cookie(role) else None


def _values_not(values: list[str], seen: Observation) -> Iterable[Finding]:
    forbidden = {expand(value, seen.scene.value) for value in values}
    for one in seen.cookies("session"):
        if one.value in forbidden:
            yield Failure("set_cookie_value_not", "another value", "the value came back")


def _cookie_attrs(rules: Mapping[str, Mapping[str, Any]], seen: Observation) -> Iterable[Finding]:
    for role, wanted in rules.items():
        for cookie in seen.cookies(role):
            for name, value in wanted.items():
                yield from _attribute(cookie, name, value, seen)


def _attribute(cookie: SetCookie, name: str, wanted: Any, seen: Observation) -> Iterable[Finding]:
    field, got = f"cookie_attrs.{name}", cookie.attributes.get(name.lower())
    if name.lower() in OF_THE_VALUE:
        holds, shown = OF_THE_VALUE[name.lower()](cookie, wanted, seen)
    elif isinstance(wanted, bool) or wanted is None:
        holds, shown = (got is not None) == bool(wanted), _written(got)
    elif name.lower() == "max-age" and isinstance(wanted, int):
        holds, shown = not got or int(got) <= wanted, _written(got)
    elif name.lower() in FLAGS:
        yield Unchecked(field, f"no way to look for {wanted!r}")
        return
    else:
        allowed = wanted if isinstance(wanted, list) else [wanted]
        holds, shown = (got or "").lower() in {str(one).lower() for one in allowed}, _written(got)
    if not holds:
        yield Failure(field, wanted, shown)


def _opaque(cookie: SetCookie, wanted: bool, seen: Observation) -> tuple[bool, str]:
    shown = _shows(cookie.value, seen)
    return bool(shown) != wanted, shown or "nothing can be read in it"


def _prefix(cookie: SetCookie, wanted: Any, _: Observation) -> tuple[bool, str]:
    return cookie.name.startswith(wanted if isinstance(wanted, str) else "__Host-"), cookie.name


def _long(cookie: SetCookie, wanted: int, _: Observation) -> tuple[bool, str]:
    return len(cookie.value) >= wanted, f"{len(cookie.value)} characters"


OF_THE_VALUE: Mapping[str, Callable[[SetCookie, Any, Observation], tuple[bool, str]]] = {
    "opaque": _opaque,
    "prefix": _prefix,
    "name_prefix": _prefix,
    "min_length": _long,
}


def _written(got: str | None) -> str:
    return "(absent)" if got is None else got or "(present)"


def _shows(value: str, seen: Observation) -> str:
    """Return what can be read in a value that should say nothing."""
    pieces = [unquote(value), *re.split(r"[.:|!~]|--", unquote(value))]
    readable = [text for piece in pieces for text in (piece, _decoded(piece))]
    names = [
        text
        for user in seen.scene.target.users.values()
        for text in (user.username, user.marker)
        if len(text) > 2
    ]
    for text in readable:
        if any(name in text for name in names):
            return f"it names the user: {text[:60]}"
        if text[:1] in ("{", "[") and _json(text):
            return f"it is JSON: {text[:60]}"
    return ""


def _decoded(piece: str) -> str:
    try:
        return base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)).decode("latin-1")
    except ValueError:
        return ""


def _json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


COOKIE_CHECKS: Mapping[str, Check] = {
    "set_cookie": _set_cookie,
    "set_cookie_value_not": _values_not,
    "cookie_attrs": _cookie_attrs,
}
