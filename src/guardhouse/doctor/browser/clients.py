"""What each client adds by habit: which cookies it asks the browser for, which token it copies, what it accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal, TypeAlias

from guardhouse.doctor.browser.cors import Credentials
from guardhouse.doctor.browser.metadata import Mode
from guardhouse.doctor.browser.sites import Origin

Copies: TypeAlias = Literal["never", "same-origin", "always"]

PAGE_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Client:
    """One client with its settings, as its own documentation names them."""

    name: str
    mode: Mode = "cors"
    credentials: Credentials = "same-origin"
    copies: Copies = "never"
    """Whether it copies the XSRF cookie into a header."""
    copies_when_reading: bool = False
    cookie: str = "XSRF-TOKEN"
    header: str = "X-XSRF-TOKEN"
    accept: str = "*/*"
    common: tuple[tuple[str, str], ...] = ()
    """Headers that go along with everything."""
    remedy: str = ""
    """How cookies of another origin are asked for."""

    def copies_to(self, method: str, page: Origin, target: Origin) -> bool:
        """Whether the token is copied into this request."""
        if self.copies == "never" or (method in _READING and not self.copies_when_reading):
            return False
        return self.copies == "always" or page == target


CLIENTS: Mapping[str, Client] = MappingProxyType(
    {
        # axios 1.x: xhr, withCredentials false, the token to its own origin with every method (lib/helpers/resolveConfig).
        "axios": Client(
            name="axios",
            copies="same-origin",
            copies_when_reading=True,
            accept="application/json, text/plain, */*",
            remedy="Set axios.defaults.withCredentials = true.",
        ),
        "fetch": Client(name="fetch", remedy="Write fetch(url, {credentials: 'include'})."),
        # Angular's HttpClient: the token to its own origin, with what changes something (withXsrfConfiguration).
        "angular": Client(
            name="angular",
            copies="same-origin",
            accept="application/json, text/plain, */*",
            remedy="Send each request with {withCredentials: true}.",
        ),
        "form": Client(name="form", mode="navigate", credentials="include", accept=PAGE_ACCEPT),
        "curl": Client(name="curl", mode="bare", credentials="include"),
    }
)

_CREDENTIALS: Mapping[str, Credentials] = {"omit": "omit", "same-origin": "same-origin", "include": "include"}
_SETTINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "axios": ("withCredentials", "withXSRFToken", "xsrfCookieName", "xsrfHeaderName", "headers.common"),
        "fetch": ("credentials", "headers"),
        "angular": ("withCredentials", "cookieName", "headerName"),
        "form": (),
        "curl": ("headers",),
    }
)


def client_with(name: str, settings: Sequence[str] = ()) -> Client:
    """Return a client with settings such as `withCredentials=true`. Raises `ValueError` in words."""
    client = CLIENTS[name]
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or key not in _SETTINGS[name]:
            raise ValueError(_unknown(name, key))
        client = _set(client, key, value)
    return client


def _unknown(name: str, key: str) -> str:
    known = _SETTINGS[name]
    if not known:
        return f"{name} has no settings"
    nearest = get_close_matches(key, known, n=1)
    guess = f"; did you mean {nearest[0]!r}?" if nearest and nearest[0] != key else ""
    return f"write NAME=VALUE; {name} has {', '.join(known)}{guess}"


def _set(client: Client, key: str, value: str) -> Client:
    match key:
        case "withCredentials":
            return replace(client, credentials="include" if _switch(key, value) else "same-origin")
        case "withXSRFToken":
            return replace(client, copies="always" if _switch(key, value) else "never")
        case "xsrfCookieName" | "cookieName":
            return replace(client, cookie=value)
        case "xsrfHeaderName" | "headerName":
            return replace(client, header=value)
        case "credentials":
            return replace(client, credentials=_mode(value))
        case (
            "headers.common"
        ):  # the thread's way: the assignment also throws away the Accept that axios came with
            return replace(client, common=_headers(value), accept="*/*")
        case _:
            return replace(client, common=_headers(value))


def _switch(key: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError(f"{key} is true or false")
    return value == "true"


def _mode(value: str) -> Credentials:
    if value not in _CREDENTIALS:
        raise ValueError(f"credentials is one of {', '.join(_CREDENTIALS)}")
    return _CREDENTIALS[value]


def _headers(value: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for line in value.split(";"):
        name, colon, content = line.partition(":")
        if not colon or not name.strip().isascii() or not line.isprintable() or " " in name.strip():
            raise ValueError("write 'Name: value', several with ; between them")
        found.append((name.strip().lower(), content.strip()))
    return tuple(found)
