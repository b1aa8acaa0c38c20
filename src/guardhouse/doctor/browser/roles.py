"""Which routes of an application play the parts of a journey: login, a guarded read and write, logout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guardhouse.core.facts import SAFE_METHODS, WEBSOCKET
from guardhouse.doctor.listing import Line
from guardhouse.guards.session import SessionGuard
from guardhouse.house import Guardhouse

LOGIN_NAMES = ("login", "log-in", "log_in", "signin", "sign-in", "sign_in", "session", "sessions")
LOGOUT_NAMES = ("logout", "log-out", "log_out", "signout", "sign-out", "sign_out")
_OWN_NAMES = ("me", "user", "whoami", "profile", "account")
# What nobody wants to happen by trying out whether it is reachable.
_GRAVE = (
    *("delete", "destroy", "remove", "revoke", "purge", "reset", "wipe", "deactivate", "close", "cancel"),
    *("pay", "checkout", "order", "transfer", "send", "invite", "publish", "deploy", "password", "token"),
)


class RoleError(Exception):
    """No route was found for a part, or the one that was named cannot be read."""


@dataclass(frozen=True, slots=True)
class Role:
    """One request of a journey by method and path."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts of a journey; None for one that the application does not have."""

    login: Role
    csrf: Role | None = None
    page: Role | None = None
    """The page with the form, for a client that is one."""
    read: Role | None = None
    write: Role | None = None
    logout: Role | None = None


def read_role(text: str) -> Role:
    """Read `POST /login`."""
    method, _, path = text.strip().partition(" ")
    path = path.strip()
    if (
        not (method.isalpha() and method.isascii() and path.startswith("/") and path.isprintable())
        or " " in path
    ):
        raise RoleError(f"{text!r} is no route: write METHOD and path, such as 'POST /login'")
    return Role(method.upper(), path)


def find_roles(
    lines: Sequence[Line], house: Guardhouse[Any], told: Mapping[str, Role], *, pages: bool
) -> Roles:
    """Choose the routes, those that somebody named first. Raises `RoleError` when there is no login."""
    open_ones = [line for line in lines if line.info.kind == "http" and "{" not in line.info.path]
    guarded = [line for line in open_ones if _by_session(line, house)]
    login = told.get("login") or _login(open_ones, house)
    if login is None:
        raise RoleError("no route looks like a login: name it with --login 'POST /path'")
    return Roles(
        login=login,
        csrf=_at(open_ones, "GET", house.parts.csrf_url),
        page=_at(open_ones, "GET", login.path) if pages else None,
        read=told.get("read") or _read(guarded, pages=pages),
        write=told.get("write") or _write(guarded),
        logout=told.get("logout") or _named(open_ones, LOGOUT_NAMES, ("POST", "DELETE")),
    )


def _by_session(line: Line, house: Guardhouse[Any]) -> bool:
    """Whether each stack before the route may be passed with a session."""
    names = [[house.guards.get(name) for name in stack.names] for stack in line.stacks]
    alone = not any(stack.guests for stack in line.stacks)
    return bool(names) and alone and all(any(isinstance(g, SessionGuard) for g in some) for some in names)


def _at(lines: Iterable[Line], method: str, path: str) -> Role | None:
    found = any(line.info.path == path and method in line.methods for line in lines)
    return Role(method, path) if found else None


def _login(lines: Sequence[Line], house: Guardhouse[Any]) -> Role | None:
    known = (house.login_url or "").partition("?")[0]
    return _at(lines, "POST", known) or _named(lines, LOGIN_NAMES, ("POST",))


def _named(lines: Sequence[Line], names: Sequence[str], methods: Sequence[str]) -> Role | None:
    """Find a route by the last word of its path, then by the name of its endpoint."""
    for method in methods:
        for word in (_last_word, _endpoint_word):
            found = [line for line in lines if method in line.methods and word(line) in names]
            if found:
                nearest = min(found, key=lambda line: names.index(word(line)))
                return Role(method, nearest.info.path)
    return None


def _last_word(line: Line) -> str:
    return line.info.path.rstrip("/").rpartition("/")[2].lower()


def _endpoint_word(line: Line) -> str:
    return str(getattr(line.info.endpoint, "__name__", "")).lower()


def _read(lines: Sequence[Line], *, pages: bool) -> Role | None:
    """Choose what a visitor reads about himself; a page for a form, data for a script."""
    found = [line for line in lines if "GET" in line.methods]
    fitting = [
        line for line in found if any((stack.answers == "json") != pages for stack in line.stacks)
    ] or found
    own = [line for line in fitting if _last_word(line) in _OWN_NAMES] or fitting
    return Role("GET", own[0].info.path) if own else None


def _write(lines: Sequence[Line]) -> Role | None:
    """Choose something to change: nothing that sounds as if it could not be undone."""
    words = (*LOGIN_NAMES, *LOGOUT_NAMES)
    for line in lines:
        methods = [
            method for method in line.methods if method not in SAFE_METHODS | {"DELETE", "any", WEBSOCKET}
        ]
        if (
            methods
            and _last_word(line) not in words
            and not any(word in line.info.path.lower() for word in _GRAVE)
        ):
            return Role("POST" if "POST" in methods else methods[0], line.info.path)
    return None
