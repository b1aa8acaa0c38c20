"""Every setting of a house as it is in effect: its value without secrets, where it came from, and what it risks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, TypeAlias

from guardhouse.core.guard import ambient
from guardhouse.doctor.finding import Finding
from guardhouse.state.cookie import CookiePolicy
from guardhouse.state.policy import SessionPolicy
from guardhouse.stores.memory import MemoryStore
from guardhouse.vault.password import ARGON2_OWASP

HIDDEN = "(hidden)"
DEFAULT, GIVEN = "default", "constructor"

Shown: TypeAlias = bool | int | float | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in effect."""

    key: str
    value: Shown
    source: str
    """`default`, `constructor`, or the file and its key."""
    risk: str = ""
    """What follows from it that somebody should know; empty for what is safe as it is."""


_Read: TypeAlias = tuple[str, Shown, bool]
"""A key, its value, and whether that is the default."""


def settings_of(house: Any, findings: Iterable[Finding] = ()) -> list[Setting]:  # noqa: ANN401 - a house of any users
    """List the settings; what the doctor has found about one of them is its risk."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.where, []).append(f"{finding.code}: {finding.what}")
    return [_setting(house, read, found) for read in _read(house)]


def _setting(house: Any, read: _Read, found: Mapping[str, list[str]]) -> Setting:  # noqa: ANN401 - as above
    key, value, default = read
    written: Mapping[str, str] = house.written
    source = written.get(key) or (DEFAULT if default else GIVEN)
    told = [*_risk(key, value, default=default), *found.get(key, ())]
    return Setting(key, value, source, " ".join(told))


def _read(house: Any) -> Iterator[_Read]:  # noqa: ANN401 - as above
    yield from _keys_and_stores(house)
    yield from _guards(house)
    yield from _addresses(house)
    yield from _fields("sessions", house.parts.sessions, SessionPolicy())
    yield from _fields("cookie", house.parts.cookie, CookiePolicy())
    yield "explain", house.explain, house.explain == "code"
    yield "undeclared", house.undeclared, house.undeclared == "refuse"
    yield "debug", house.debug, not house.debug
    yield "clock", _name(house.parts.clock), getattr(house.parts.clock, "__module__", "") == "time"


def _keys_and_stores(house: Any) -> Iterator[_Read]:  # noqa: ANN401 - as above
    parts = house.parts
    yield "secret", f"{HIDDEN} key {parts.csrf.key_id}", False
    store = parts.store
    path = getattr(store, "path", None)
    yield (
        "store",
        f"{type(store).__name__} {path}" if path else type(store).__name__,
        isinstance(store, MemoryStore),
    )
    for name, provider in parts.providers.items():
        yield f"users.{name}", type(provider).__name__, False
    profile = getattr(parts.passwords.hasher, "profile", None)
    yield (
        "passwords",
        getattr(profile, "name", type(parts.passwords.hasher).__name__),
        profile == ARGON2_OWASP,
    )


def _guards(house: Any) -> Iterator[_Read]:  # noqa: ANN401 - as above
    yield "default", house.default, house.default == next(iter(house.guards))
    for name, guard in house.guards.items():
        said = [type(guard).__name__, f"over {guard.provider}"]
        realm: object = getattr(guard, "realm", None)
        said += [f"realm {realm}"] if isinstance(realm, str) and realm != guard.provider else []
        said += ["sent by browsers themselves" if ambient(guard) else "explicit"]
        yield f"guards.{name}", ", ".join(said), list(house.guards) == ["web"] and not house.written
    for name, area in house.areas.items():
        said = [" | ".join(area.guards), f"answers {area.answers}", *(step.name for step in area.steps)]
        yield f"areas.{name}", ", ".join(said), False


def _addresses(house: Any) -> Iterator[_Read]:  # noqa: ANN401 - as above
    origins = house.parts.origins
    for key, listed in (("public_url", origins.own), ("trusted_origins", origins.trusted)):
        yield key, tuple(sorted(origin.decode("ascii") for origin in listed)), not listed
    yield "trusted_proxies", tuple(map(str, house.proxies)), not house.proxies
    yield "login_url", house.login_url, house.login_url is None
    yield "home_url", house.home_url, house.home_url == "/"
    yield "csrf_url", house.parts.csrf_url, house.parts.csrf_url == "/csrf-cookie"


def _fields(key: str, policy: Any, usual: Any) -> Iterator[_Read]:  # noqa: ANN401 - one of the two policies
    for one in fields(policy):
        if one.init:
            value = getattr(policy, one.name)
            yield f"{key}.{one.name}", _plain(value), value == getattr(usual, one.name)


def _plain(value: object) -> Shown:
    if isinstance(value, timedelta):
        return str(value)
    return value if isinstance(value, bool | int | str) or value is None else str(value)


def _name(part: Any) -> str:  # noqa: ANN401 - a function, or an object that can be called
    return str(getattr(part, "__qualname__", type(part).__name__))


# -- what a value risks ---------------------------------------------------------------------------------------------


def _on(text: str) -> Callable[[Shown], str]:
    return lambda value: text if value else ""


def _off(text: str) -> Callable[[Shown], str]:
    return lambda value: "" if value else text


def _is(bad: Shown, text: str) -> Callable[[Shown], str]:
    return lambda value: text if value == bad else ""


_RISKS: Mapping[str, Callable[[Shown], str]] = {
    "secret": _on("Whoever has it makes CSRF tokens and signed URLs of this application."),
    "store": _is("MemoryStore", "Lost at every restart, and not shared by several processes."),
    "passwords": _is("cheapest", "Stolen hashes are guessed at once."),
    "public_url": _off("The Host header is compared in its place; not behind a proxy that rewrites it."),
    "trusted_origins": _on("Each may act for whoever is logged in."),
    "trusted_proxies": _on("Each may say which address and scheme a request has."),
    "explain": _is("full", "Every visitor reads evidence, hint and trace."),
    "undeclared": _is("open", "Everybody is let into a route about which nobody said anything."),
    "debug": _on("explain='full' and plain cookies are allowed, and what slips through is an error page."),
    "cookie.same_site": _is("None", "The cookie goes along with requests of every site."),
    "cookie.domain": _on("Every sub-domain reads and writes the cookie, and the name loses __Host-."),
    "cookie.insecure_plain_http": _on("The cookie travels without TLS, and its name promises nothing."),
}


def _risk(key: str, value: Shown, *, default: bool) -> Iterator[str]:
    said = _RISKS[key](value) if key in _RISKS else ""
    if said:
        yield said
    if key.rpartition(".")[2].startswith("insecure_") and not default and key not in _RISKS:
        yield "What its name says."


def document(target: str, settings: Iterable[Setting]) -> dict[str, object]:
    """Write it for programs."""
    told = [{"key": s.key, "value": s.value, "source": s.source, "risk": s.risk} for s in settings]
    return {"app": target, "settings": told}
