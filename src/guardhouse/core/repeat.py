"""The line that repeats a request under `guardhouse explain`: all that decided, and of what is secret only the names."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from re import compile as pattern
from shlex import quote
from urllib.parse import quote as quote_url

from guardhouse.core.caller import sender_of
from guardhouse.core.cookies import cookie_names
from guardhouse.core.facts import WEBSOCKET, Facts
from guardhouse.core.origin import TOKEN_HEADERS, origin_of

__all__ = ["APP", "repeat"]

APP = "APP"
"""What stands for the application where nobody knows what a server calls it."""

_PLAIN = (
    b"origin",
    b"sec-fetch-site",
    b"sec-fetch-mode",
    b"sec-fetch-dest",
    b"x-forwarded-proto",
    b"x-requested-with",
)
_HOST = pattern(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?").fullmatch
_SCHEME = pattern(rb"[A-Za-z][A-Za-z0-9-]{1,15}(?= )").match
_NAME = pattern(r"[A-Za-z0-9_.~-]{1,40}").fullmatch
_ELSEWHERE = pattern(r"[&|^!'\"<>]").search
"""What cmd and PowerShell read between the quotes of another shell: a page must hand nobody a line that runs there."""
_LONGEST = 200
_MOST_COOKIES = 12


def repeat(facts: Facts, app: str = APP, credentials: Collection[str] = ()) -> str:
    """Write the line, ready for a shell; `credentials` are the headers that the guards read, by name."""
    method = WEBSOCKET if facts.websocket else facts.method if facts.method.isalpha() else "METHOD"
    return " ".join(
        map(quote, ("guardhouse", "explain", app, method, _address(facts), *_options(facts, credentials)))
    )


def _address(facts: Facts) -> str:
    """Write the address, with the names of its parameters; their values may be keys."""
    path = quote_url(facts.path[:_LONGEST], safe="/:@+,=~-._")
    names = [pair.partition("=")[0] for pair in facts.query.decode("latin-1").split("&") if pair]
    query = "&".join(f"{name}=<value>" for name in names if _NAME(name))
    sender = sender_of(facts)
    begin = f"{sender.scheme}://{sender.host}" if _HOST(sender.host) else ""
    return f"{begin}{path}{'?' if query else ''}{query}"


def _options(facts: Facts, credentials: Collection[str]) -> Iterator[str]:
    for name in _PLAIN:
        for value in facts.lines(name):
            yield from _said(name, value)
    referer = facts.header(b"referer")
    if referer is not None:
        yield from _said(b"referer", origin_of(referer)[:_LONGEST] + b"/")
    accept = facts.header(b"accept") or b""
    if accept.lower().startswith(b"text/html"):
        yield from _header(b"accept", "text/html")
    program = sender_of(facts).program
    if program:
        yield from _header(b"user-agent", program)
    for hidden in dict.fromkeys((*(name.lower().encode() for name in credentials), *TOKEN_HEADERS)):
        for value in facts.lines(hidden):
            yield from _header(hidden, _placeholder(value))
    for cookie in cookie_names(facts)[:_MOST_COOKIES]:
        if cookie.isascii() and cookie.isprintable() and " " not in cookie and not _ELSEWHERE(cookie):
            yield "-b"
            yield f"{cookie}=<value>"


def _said(name: bytes, value: bytes) -> Iterator[str]:
    """Write a header with what a stranger wrote in it, if no shell minds."""
    text = value[: _LONGEST + 1].decode("latin-1")
    if text.isprintable() and not _ELSEWHERE(text):
        yield from _header(name, text)


def _header(name: bytes, value: str) -> Iterator[str]:
    yield "-H"
    yield f"{name.decode().title()}: {value}"


def _placeholder(value: bytes) -> str:
    """Keep the scheme, which says what kind of credential it is, where there is one."""
    scheme = _SCHEME(value)
    return f"{scheme[0].decode()} <credential>" if scheme else "<value>"
