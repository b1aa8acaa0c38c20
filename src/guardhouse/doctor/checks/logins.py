"""Logins that no route can make, that are asked of a guard which keeps none, or that may be guessed without end."""

from __future__ import annotations

from collections.abc import Iterator

from guardhouse.doctor.finding import Finding, Severity
from guardhouse.doctor.findings import found
from guardhouse.doctor.sources import DeskCall
from guardhouse.doctor.subject import Subject, guards_of
from guardhouse.guards.basic import BasicGuard
from guardhouse.guards.session import SessionGuard
from guardhouse.stores.memory import MemoryStore

_THROTTLES = ("LoginThrottle", "take")


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    calls = list(subject.sources.desk_calls(subject.house))
    yield from _stateless(subject, calls)
    if subject.sources.whole and subject.sources.trees:
        yield from _nowhere(subject, calls)
        if not subject.house.debug:
            yield from _unthrottled(subject, calls)
    if not subject.house.debug:
        yield from _uncounted(subject)


def _stateless(subject: Subject, calls: list[DeskCall]) -> Iterator[Finding]:
    house = subject.house
    able = [name for name, guard in house.guards.items() if isinstance(guard, SessionGuard)]
    for call in calls:
        name = call.guard or house.default
        if call.written and name not in able:
            kind = type(house.guards[name]).__name__ if name in house.guards else "not there"
            default = "" if call.guard else ", the default"
            what = f"A login is asked of guard {name}{default}, which is {kind} and keeps none."
            others = ", ".join(map(repr, able)) or "none, add a SessionGuard()"
            fix = f"Name a session guard, house.auth(request, ...): {others}."
            yield found("login-at-stateless-guard", call.where, what, fix)


def _nowhere(subject: Subject, calls: list[DeskCall]) -> Iterator[Finding]:
    """Find realms that are asked for and that no call could log in to. A shared store may be written by others."""
    house = subject.house
    if any(not call.written for call in calls) or _by_package(subject):
        return
    names = {call.guard or house.default for call in calls if call.logs_in}
    made = {_realm(house.guards.get(name)) for name in names}
    seen: set[str] = set()
    for info, stack in subject.guarded():
        realms = {realm for guard in guards_of(stack) if (realm := _realm(guard))}
        if not realms or realms & made or realms <= seen or stack.guests:
            continue
        seen |= realms
        alone = isinstance(house.parts.store, MemoryStore) and not stack.explicit
        severity: Severity = "warning" if alone else "note"
        what = (
            f"{info.path} asks for a login of realm {', '.join(sorted(realms))}, and no route makes one"
            f"{': ' + ', '.join(sorted(filter(None, made))) + ' is all that is logged in to' if any(made) else ''}."
        )
        guard = next(guard.name for guard in guards_of(stack) if _realm(guard))
        fix = f"Log in there, house.auth(request, {guard!r}).attempt(...), or give both guards one realm."
        yield found("login-nowhere", info.where, what, fix, severity)


def _by_package(subject: Subject) -> bool:
    """Whether routes of a package of ours may log somebody in."""
    return any(
        str(getattr(info.endpoint, "__module__", "")).startswith(("guardhouse.flows", "guardhouse.console"))
        for info in subject.routes
    )


def _realm(guard: object) -> str | None:
    return guard.realm if isinstance(guard, SessionGuard) else None


def _unthrottled(subject: Subject, calls: list[DeskCall]) -> Iterator[Finding]:
    if any(subject.sources.mentions(name) for name in _THROTTLES):
        return
    if any(
        step.name.startswith("throttle")
        for _, stack in subject.guarded()
        for step in stack.before
        if stack.guests
    ):
        return
    for call in calls:
        if call.asks == "attempt":
            fix = "Count tries before the password is looked at: LoginThrottle(house.limits).take(...), see docs/throttling.md."
            yield found(
                "login-unthrottled", call.where, "Whoever likes tries one password after the other here.", fix
            )


def _uncounted(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for info, stack in subject.guarded():
        basic = [guard.name for guard in guards_of(stack) if isinstance(guard, BasicGuard)]
        if (
            basic
            and not any(step.name.startswith("throttle") for step in stack.refused)
            and stack.name not in seen
        ):
            seen.add(stack.name)
            what = f"{info.path} takes a password with every request (guard {basic[0]}), and nothing counts the wrong ones."
            fix = f"Add a limit to its area: Throttle(60), or house.guard({stack.name!r}, 'throttle:60,1')."
            yield found("guesses-uncounted", info.where, what, fix)
