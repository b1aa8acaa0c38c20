"""Guards that are asked nowhere, that can let nobody in, or that take a cookie for a header put there on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from guardhouse.core.guard import SESSION, Guard
from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject, guards_of
from guardhouse.guards.session import SessionGuard
from guardhouse.users.memory import MemoryUsers

_AMBIENT = frozenset({"header:cookie", "header:origin", "header:referer", "header:user-agent", "header:host"})
"""Headers that browsers write by themselves; a guard may say that they are explicit, and is wrong."""


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    yield from _unused(subject)
    for name, guard in subject.house.guards.items():
        if _mistaken(guard):
            what = f"Guard {name} reads {', '.join(need.name for need in guard.needs)}, and says that no browser sends that by itself."
            fix = f"Declare what it is: needs = (Need({guard.needs[0].name!r}, ambient=True),), so that the origin check goes before."
            yield found("guard-reads-cookie", f"guards.{name}", what, fix)
    for name, provider in subject.house.parts.providers.items():
        if isinstance(provider, MemoryUsers) and provider.empty and not subject.sources.mentions("add"):
            fix = "Hand users in, MemoryUsers([...]), or a provider that finds yours."
            yield found("users-none", f"users.{name}", f"Provider {name} has no users.", fix)


def _unused(subject: Subject) -> Iterator[Finding]:
    """Find guards that no route asks; a session guard is asked where another of its realm is."""
    asked = {guard.name for _, stack in subject.guarded() for guard in guards_of(stack)}
    realms = {_realm(guard) for name, guard in subject.house.guards.items() if name in asked}
    for name, guard in subject.house.guards.items():
        used = name in asked or (_realm(guard) is not None and _realm(guard) in realms)
        if not used and not _named_in_source(subject, name) and subject.sources.whole:
            fix = f"Ask it where it should let somebody in, house.guard({name!r}), or take it out of guards."
            yield found("guard-unused", f"guards.{name}", f"No route asks guard {name}.", fix)


def _named_in_source(subject: Subject, name: str) -> bool:
    return any(call.guard == name or not call.written for call in subject.sources.desk_calls(subject.house))


def _realm(guard: Guard) -> str | None:
    return guard.realm if isinstance(guard, SessionGuard) else None


def _mistaken(guard: Guard) -> bool:
    """Whether a guard calls explicit what every browser sends along."""
    for need in guard.needs:
        sent = need.name == SESSION.name or need.name.startswith("cookie:") or need.name in _AMBIENT
        if sent and not need.ambient:
            return True
    return False
