"""What browsers on other origins may read, compared with whom the house trusts and what the routes need."""

from __future__ import annotations

from collections.abc import Iterator

from guardhouse.core.guard import ambient
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.sites import as_browsers_write
from guardhouse.doctor.sources import names_in
from guardhouse.doctor.subject import Cors, Subject
from guardhouse.edge.routes import RouteInfo

_SETTING = "CORSMiddleware"
_SHOWN = 3
"""How many routes a finding names."""
_DESK, _DESK_VERBS = frozenset({"auth", "desk"}), frozenset({"attempt", "login", "logout"})


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    for one in subject.cors:
        yield from _behind_guard(one)
        yield from _malformed(one)
        yield from _untrusted(subject, one)
        yield from _methods(subject, one)
        yield from _headers(subject, one)
    if any(ambient(guard) for guard in subject.house.guards.values()):
        yield from _trusted(subject)


def _behind_guard(one: Cors) -> Iterator[Finding]:
    for guarding in one.behind:
        what = f"The preflights for {one.around.name} meet the guard {guarding.stack.name} first, and are refused."
        fix = "Put the CORS middleware outside of the guard: on the outermost application, before house.layer(...)."
        yield found("cors-behind-guard", _at(one, ""), what, fix)
        return


def _malformed(one: Cors) -> Iterator[Finding]:
    for origin in one.options.allow_origins:
        better = as_browsers_write(origin)
        if origin not in ("*", better):
            fix = (
                f"Write {better!r}."
                if better
                else "Write scheme and host, such as 'https://app.example.com'."
            )
            what = f"{origin!r} never matches: browsers send scheme, host and port, and nothing else."
            yield found("cors-origin-malformed", _at(one, "allow_origins"), what, fix)


def _untrusted(subject: Subject, one: Cors) -> Iterator[Finding]:
    """Find origins that may read what a visitor may read, and may change nothing."""
    known = {address.origin for address in (*subject.trusted, *subject.own)}
    changing = any(stack.origin and _changing(info) for info, stack in subject.guarded() if one.covers(info))
    if not (one.credentials and changing and subject.own_or_trusted):
        return
    for origin in one.options.allow_origins:
        if origin not in known and origin == as_browsers_write(origin):
            what = f"{origin} may read with credentials, and is not among trusted_origins."
            fix = f"Add it, Guardhouse(trusted_origins=[{origin!r}]), or take it out of allow_origins."
            yield found("cors-origin-untrusted", _at(one, "allow_origins"), what, fix)


def _methods(subject: Subject, one: Cors) -> Iterator[Finding]:
    lacking: dict[str, RouteInfo] = {}
    for info in _wanted(subject, one):
        for method in info.methods:
            if method not in one.options.allow_methods and method not in ("HEAD", "OPTIONS"):
                lacking.setdefault(method, info)
    for method, info in lacking.items():
        what = f"{method} {info.path} has a preflight that is refused; allowed are {', '.join(sorted(one.options.allow_methods))}."
        fix = f"Add {method!r} to allow_methods of the CORS middleware."
        yield found("cors-method-missing", _at(one, "allow_methods"), what, fix)


def _headers(subject: Subject, one: Cors) -> Iterator[Finding]:
    if one.options.allow_all_headers:
        return
    lacking: dict[str, RouteInfo] = {}
    for info in _wanted(subject, one):
        for name in _read(subject, info):
            if name not in one.options.allow_headers:
                lacking.setdefault(name, info)
    for name, info in lacking.items():
        what = f"{info.path} reads {_written(name)}, which front ends of other origins may not send."
        fix = f"Add {_written(name)!r} to allow_headers of the CORS middleware."
        yield found("cors-header-missing", _at(one, "allow_headers"), what, fix)


def _read(subject: Subject, info: RouteInfo) -> Iterator[str]:
    """Name the headers that are read there; the CSRF token where a page of the other origin can read its cookie."""
    stacks = subject.stacks(info)
    for stack in stacks:
        for guard in stack.explicit:
            yield from (
                need.name.partition(":")[2] for need in guard.needs if need.name.startswith("header:")
            )
    if subject.house.parts.cookie.domain and any(stack.session for stack in stacks) and _changing(info):
        yield "x-xsrf-token"


def _written(name: str) -> str:
    return "X-XSRF-TOKEN" if name == "x-xsrf-token" else name.title()


def _wanted(subject: Subject, one: Cors) -> Iterator[RouteInfo]:
    """List the guarded routes that are meant to be called from elsewhere: those of tokens, with credentials all."""
    if not (one.options.allow_origins or one.options.allow_origin_regex):
        return
    cookies = one.credentials or any(one.allows(address.origin) for address in subject.trusted)
    for info in subject.answering:
        stacks = subject.stacks(info)
        if one.covers(info) and stacks and (cookies or all(stack.explicit for stack in stacks)):
            yield info


def _trusted(subject: Subject) -> Iterator[Finding]:
    """Compare whom the house trusts with whom CORS lets read."""
    own = {address.origin for address in subject.own}
    for address in subject.trusted:
        if address.origin in own:
            continue
        allowing = [one for one in subject.cors if one.allows(address.origin)]
        if not subject.cors:
            fix = f"Add CORSMiddleware with allow_origins=[{address.origin!r}], allow_credentials=True."
            what = f"{address.origin} is trusted, and nothing here lets it read an answer."
            yield found("cors-absent", "trusted_origins", what, fix)
        elif not allowing:
            fix = f"Add {address.origin!r} to allow_origins of the CORS middleware."
            what = f"{address.origin} is among trusted_origins, and CORS does not let it read."
            yield found("cors-origin-missing", "trusted_origins", what, fix)
        elif not any(one.credentials for one in allowing):
            yield _without_credentials(allowing[0], address.origin)
        else:
            yield from _not_covered(subject, allowing, address.origin)


def _without_credentials(one: Cors, origin: str) -> Finding:
    star = one.options.allow_all_origins
    what = (
        f"{origin} may read"
        + (", as everybody may" if star else "")
        + ", but no answer to a request with cookies."
    )
    named = f"allow_origins=[{origin!r}] in place of '*', and " if star else ""
    return found(
        "cors-credentials-missing", _at(one, "allow_credentials"), what, f"Say {named}allow_credentials=True."
    )


def _not_covered(subject: Subject, allowing: list[Cors], origin: str) -> Iterator[Finding]:
    """Find what a front end needs and cannot read: guarded routes, and those that log in."""
    left_out = [
        info
        for info in subject.answering
        if info.kind == "http"
        and (any(stack.ambient for stack in subject.stacks(info)) or _is_desk(subject, info))
        and not any(one.covers(info) for one in allowing)
    ]
    if left_out:
        paths = ", ".join(info.path for info in left_out[:_SHOWN])
        more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
        what = f"{origin} may read at {allowing[0].around.prefix or '/'} only; {paths}{more} stand outside."
        fix = "Put the CORS middleware on the outermost application."
        yield found("cors-not-covering", left_out[0].where, what, fix)


def _is_desk(subject: Subject, info: RouteInfo) -> bool:
    """Whether a script logs in or out there. A path that can be opened in the window has a form, which needs no CORS."""
    names = names_in(info.endpoint)
    opened = any("GET" in other.methods for other in subject.answering if other.path == info.path)
    return not opened and bool(names & _DESK) and bool(names & _DESK_VERBS)


def _changing(info: RouteInfo) -> bool:
    """Whether a request may change something there; a WebSocket is opened without asking CORS."""
    return info.kind != "websocket" and info.unsafe


def _at(one: Cors, option: str) -> str:
    place = f" of {one.around.prefix}" if one.around.prefix else ""
    return f"{_SETTING}{f'({option})' if option else ''}{place}"
