"""What a page may ask of another origin, and what of the answer it may read: Fetch, 3.2 and 4.8."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from re import compile as pattern
from typing import Literal, TypeAlias

from guardhouse.doctor.browser.whys import Ruling, Why, ruling

Credentials: TypeAlias = Literal["omit", "same-origin", "include"]
Headers: TypeAlias = Sequence[tuple[str, str]]
"""Names in lower case."""

SIMPLE_METHODS = frozenset({"GET", "HEAD", "POST"})
SIMPLE_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
SIMPLE_RESPONSE_HEADERS = frozenset(
    {
        "cache-control",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
    }
)
DEFAULT_MAX_AGE = 5

_LONGEST_SIMPLE, _LONGEST_TOGETHER = 128, 1024
_UNSAFE = pattern(r'[\x00-\x08\x10-\x1f"():<>?@\[\\\]{}\x7f]').search
_LANGUAGE = pattern(r"[0-9A-Za-z *,.;=-]*").fullmatch
_RANGE = pattern(r"bytes=\d+-\d*").fullmatch


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a preflight has allowed, and how long that is believed."""

    url: str
    origin: str
    include: bool
    methods: frozenset[str]
    headers: frozenset[str]
    expires: float

    def covers(self, preflight: Preflight, now: float) -> bool:
        """Whether a further preflight would only say the same (Fetch, 4.9)."""
        return (
            (self.url, self.origin) == (preflight.url, preflight.origin)
            and now < self.expires
            and (self.include or preflight.credentials != "include")
            and (preflight.method in SIMPLE_METHODS or bool({preflight.method, "*"} & self.methods))
            and all(name in self.headers or _by_star(name, self.headers) for name in preflight.headers)
        )


@dataclass(frozen=True, slots=True)
class Preflight:
    """The question whether a request would be welcome."""

    url: str
    origin: str
    method: str
    headers: tuple[str, ...]
    credentials: Credentials

    @property
    def sent(self) -> Headers:
        """Write the headers that ask."""
        asked = [("access-control-request-method", self.method)]
        names = [("access-control-request-headers", ",".join(self.headers))] if self.headers else []
        return (("accept", "*/*"), *asked, *names)


def needs_preflight(method: str, unsafe: Collection[str]) -> bool:
    """Whether a request is more than a form could have sent."""
    return method not in SIMPLE_METHODS or bool(unsafe)


def unsafe_names(headers: Headers) -> tuple[str, ...]:
    """List the headers that must be asked for, sorted as they are sent (Fetch, 2.2.2)."""
    unsafe = {name for name, value in headers if not simple_header(name, value)}
    simple = [(name, value) for name, value in headers if name not in unsafe]
    if sum(len(value) for _, value in simple) > _LONGEST_TOGETHER:
        unsafe |= {name for name, _ in simple}
    return tuple(sorted(unsafe))


def simple_header(name: str, value: str) -> bool:
    """Whether any form or link could send that header (Fetch, 2.2.2, CORS-safelisted request-header)."""
    if len(value) > _LONGEST_SIMPLE:
        return False
    match name:
        case "accept":
            return not _UNSAFE(value)
        case "accept-language" | "content-language":
            return _LANGUAGE(value) is not None
        case "content-type":
            return not _UNSAFE(value) and value.partition(";")[0].strip().lower() in SIMPLE_TYPES
        case "range":
            return _RANGE(value) is not None
        case _:
            return False


def check(headers: Headers, origin: str, credentials: Credentials, what: str) -> Ruling | None:
    """Say why a page of that origin may not read an answer; None when it may (Fetch, 4.10, CORS check)."""
    found = values(headers, "access-control-allow-origin")
    if not found:
        return ruling(Why.CORS_NO_ORIGIN, what=what, origin=origin)
    if len(found) > 1 or "," in found[0]:
        return ruling(Why.CORS_SEVERAL_ORIGINS, what=what)
    if found[0] == "*":
        return None if credentials != "include" else ruling(Why.CORS_WILDCARD, what=what, origin=origin)
    if found[0] != origin:
        return ruling(Why.CORS_OTHER_ORIGIN, what=what, origin=origin, found=found[0])
    if credentials == "include" and values(headers, "access-control-allow-credentials") != ["true"]:
        return ruling(Why.CORS_NO_CREDENTIALS, what=what)
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `said` is what the middleware found wrong, for people."""

    status: int
    headers: Headers
    said: str = ""


def weigh_preflight(asked: Preflight, answer: Answer, now: float, longest: int) -> Allowance | Ruling:
    """Read the answer to a preflight (Fetch, 4.8)."""
    status, headers = answer.status, answer.headers
    against = check(headers, asked.origin, asked.credentials, "preflight refused")
    if against is not None:
        return against
    if not 200 <= status <= 299:  # noqa: PLR2004 - an ok status (Fetch, 2.2.3)
        wanted = str(list(asked.headers))
        told = f"{status} ({answer.said})" if answer.said else str(status)
        return ruling(
            Why.PREFLIGHT_STATUS, status=told, origin=asked.origin, method=asked.method, headers=wanted
        )
    methods = frozenset(listed(headers, "access-control-allow-methods"))
    names = frozenset(name.lower() for name in listed(headers, "access-control-allow-headers"))
    if asked.credentials == "include":  # a star is then only a name like others
        methods, names = methods - {"*"}, names - {"*"}
    if asked.method not in SIMPLE_METHODS and not {asked.method, "*"} & methods:
        return ruling(Why.PREFLIGHT_METHOD, method=asked.method, found=", ".join(sorted(methods)) or "none")
    refused = next((one for one in asked.headers if one not in names and not _by_star(one, names)), None)
    if refused is not None:
        return ruling(Why.PREFLIGHT_HEADER, header=refused)
    age = min(_max_age(headers), longest)
    include = asked.credentials == "include"
    return Allowance(asked.url, asked.origin, include, methods | {asked.method}, names, now + age)


def exposed(headers: Headers, credentials: Credentials) -> frozenset[str]:
    """Name the headers of an answer that a page of another origin can read (Fetch, 2.2.6)."""
    told = {name.lower() for name in listed(headers, "access-control-expose-headers")}
    present = {name for name, _ in headers} - {"set-cookie"}
    if "*" in told and credentials != "include":
        return frozenset(present)
    return frozenset(present & (told | SIMPLE_RESPONSE_HEADERS))


def values(headers: Headers, name: str) -> list[str]:
    """Read every line of that name."""
    return [value.strip() for known, value in headers if known == name]


def listed(headers: Headers, name: str) -> Iterable[str]:
    """Read a header that is a list."""
    return filter(None, (part.strip() for line in values(headers, name) for part in line.split(",")))


def lowered(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Read headers of the wire."""
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)


def _by_star(name: str, names: Collection[str]) -> bool:
    return "*" in names and name != "authorization"  # which must be said by name (Fetch, 2.2.2)


def _max_age(headers: Headers) -> int:
    found = values(headers, "access-control-max-age")
    return int(found[0]) if found and found[0].isdecimal() else DEFAULT_MAX_AGE
