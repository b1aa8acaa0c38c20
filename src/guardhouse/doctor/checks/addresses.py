"""Addresses of the house that lead nowhere, or in a circle: where to log in, where to go then, where the CSRF cookie is."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import compile_path

from guardhouse.core.stack import Stack
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject, below
from guardhouse.edge.routes import Guarding, RouteInfo

_DEFAULT_CSRF_URL = "/csrf-cookie"


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    house = subject.house
    login = house.login_url
    if login is not None and login.startswith("/"):
        yield from _login(subject, login.partition("?")[0])
    if any(stack.guests for _, stack in subject.guarded()) and reached(subject, house.home_url) is None:
        fix = "Make that route, or name another: Guardhouse(home_url=...)."
        yield found("home-url-nowhere", "home_url", f"No GET route answers {house.home_url}.", fix)
    csrf = house.parts.csrf_url
    if csrf not in (_DEFAULT_CSRF_URL, None) and csrf.startswith("/") and reached(subject, csrf) is None:
        fix = "Mount house.csrf_cookie there, or name where it is: Guardhouse(csrf_url=...)."
        yield found("csrf-url-nowhere", "csrf_url", f"No GET route answers {csrf}.", fix)


def _login(subject: Subject, path: str) -> Iterator[Finding]:
    info = reached(subject, path)
    if info is None:
        fix = "Make that route, or name the one there is: Guardhouse(login_url=...)."
        yield found("login-url-nowhere", "login_url", f"No GET route answers {path}.", fix)
        return
    for guarding in info.guards:
        if guarding.house is subject.house and _asks(guarding):
            what = (
                f"{path} is guarded by {guarding.stack.name}, which sends whoever is not logged in to {path}."
            )
            fix = "Take the guard away, or let guests in: @house.public, house.guest(...)."
            yield found("login-url-guarded", info.where, what, fix)
            return
    for guarding in info.guards:
        if guarding.house is subject.house and guarding.stack.guests:
            yield from _other_realm(subject, info, guarding.stack)


def _asks(guarding: Guarding) -> bool:
    return not guarding.stack.guests and guarding.means != "optional"


def _other_realm(subject: Subject, login: RouteInfo, guests: Stack) -> Iterator[Finding]:
    """Find a page whose visitors the login page takes for logged in, by a guard that the page does not ask."""
    known = _realms(guests)
    for info, stack in subject.guarded():
        if stack.guests or stack.answers == "json" or not stack.session or known & _realms(stack):
            continue
        what = (
            f"{info.path} asks for a login of {', '.join(sorted(_realms(stack)))}; whoever is logged in to "
            f"{', '.join(sorted(known))} only is sent to {login.path}, and from there away again."
        )
        fix = "Let the login page ask the guard of the pages that lead there, or give both one realm."
        yield found("guests-other-guard", login.where, what, fix)
        return


def _realms(stack: Stack) -> set[str]:
    return {realm for guard in stack.ambient if isinstance(realm := getattr(guard, "realm", None), str)}


def reached(subject: Subject, path: str) -> RouteInfo | None:
    """Find the route that answers a GET of that path; a mount below which nothing can be seen may answer anything."""
    path = path.partition("?")[0]
    for info in subject.answering:
        if info.kind == "mount":
            if below(path, info.path):
                return info
        elif (
            info.kind == "http" and (not info.methods or "GET" in info.methods) and _matches(info.path, path)
        ):
            return info
    return None


def _matches(route: str, path: str) -> bool:
    try:
        pattern, _, _ = compile_path(route)
    except ValueError:  # two mounts around each other may have parameters of one name
        return False
    return pattern.match(path) is not None
