"""The checks that an area runs, derived from what its guards need, each with its because.

Explicit guards are asked first and their word is final, so a token client never touches a session. Everything
below them reads what a browser sends by itself, so the origin check stands between. The order is not a setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from guardhouse.core.area import Answers, Area, Step, flat, for_guests
from guardhouse.core.guard import SESSION, Guard, ambient
from guardhouse.core.origin import ORIGIN_HEADERS
from guardhouse.errors import UnmetNeedError

_ALWAYS_SUPPLIED = ("header:<name>", "cookie:<name>", "session")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a stack: what runs, in which phase, and because of what."""

    name: str
    phase: str
    because: str


@dataclass(frozen=True, slots=True)
class Stack:
    """What an area runs. Print it to read the lines with their reasons."""

    name: str
    explicit: tuple[Guard, ...]
    ambient: tuple[Guard, ...]
    names: tuple[str, ...]
    answers: Answers = "auto"
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()
    guests: bool = False
    """Whether it lets in whom none of its guards believes, and nobody else."""
    clients: bool = False
    """Whether it lets in programs that are no users."""
    notes: tuple[Check, ...] = ()
    checks: tuple[Check, ...] = ()
    session: bool = False
    """Whether a session is read here."""
    plain: bool = False
    """Whether there is nothing but ambient guards, as in most areas."""
    sole: Guard | None = None
    """The only guard, where there is nothing but one that needs the session alone, or nothing that browsers send."""
    explicit_vary: frozenset[bytes] = frozenset()
    ambient_vary: frozenset[bytes] = frozenset()
    unsafe_vary: frozenset[bytes] = frozenset()
    """The same where the origin check has read its headers too."""

    @property
    def origin(self) -> bool:
        """Whether unsafe requests must prove where they come from."""
        return bool(self.ambient)

    def __str__(self) -> str:
        width = max(len(check.name) for check in self.checks)
        lines = [f"{check.name:<{width}}  because {check.because}" for check in self.checks]
        return "\n".join([f"stack {self.name}", *(f"  {line}" for line in lines)])


def derive(name: str, area: Area, guards: Mapping[str, Guard], notes: Sequence[Check] = ()) -> Stack:
    """Derive the stack of an area: every need met, in the one order that is safe."""
    asked = [(guard_name, _beside(guards, guard_name, area.guards)) for guard_name in area.guards]
    for guard_name, guard in asked:
        _require_supplied(guard_name, guard)
    explicit = [(n, g) for n, g in asked if not ambient(g)]
    browser = [(n, g) for n, g in asked if ambient(g)]
    steps = tuple(flat(area.steps))
    guests = area.guests or any(map(for_guests, area.steps))
    stack = Stack(
        name=name,
        explicit=tuple(g for _, g in explicit),
        ambient=tuple(g for _, g in browser),
        names=tuple(n for n, _ in explicit + browser),
        answers=area.answers,
        before=tuple(step for step in steps if step.phase == "before guards"),
        after=tuple(step for step in steps if step.phase == "after guards"),
        refused=tuple(step for step in steps if step.phase == "refused"),
        guests=guests,
        clients=area.clients,
        notes=(*(Check(note.name, "note", note.because) for note in area.notes), *notes),
        session=any(SESSION in g.needs for _, g in browser),
        plain=not (explicit or steps),
        sole=None if steps or guests else _sole([g for _, g in asked]),
        explicit_vary=_varying([g for _, g in explicit]),
        ambient_vary=_varying([g for _, g in browser]),
        unsafe_vary=_varying([g for _, g in browser]) | ORIGIN_HEADERS,
    )
    return _with_checks(stack, explicit, browser)


def _sole(guards: Sequence[Guard]) -> Guard | None:
    if len(guards) != 1 or (ambient(guards[0]) and guards[0].needs != (SESSION,)):
        return None
    return guards[0]


def _beside(guards: Mapping[str, Guard], name: str, names: Sequence[str]) -> Guard:
    """Tell a guard that wants to know it which others are asked in the same area, so that it can leave theirs to them."""
    beside = getattr(guards[name], "beside", None)
    told: Guard = guards[name] if beside is None else beside([guards[n] for n in names if n != name])
    return told


def _require_supplied(name: str, guard: Guard) -> None:
    for need in guard.needs:
        kind, _, rest = need.name.partition(":")
        if need != SESSION and not (kind in ("header", "cookie") and rest):
            raise UnmetNeedError(need.name, f"guard {name}", _ALWAYS_SUPPLIED)


def _with_checks(
    stack: Stack, explicit: Sequence[tuple[str, Guard]], browser: Sequence[tuple[str, Guard]]
) -> Stack:
    checks: list[Check] = []
    checks += [Check(f"step {step.name}", "before guards", "the area adds it") for step in stack.before]
    checks += [Check(f"guard {n}", "explicit", _because_explicit(g)) for n, g in explicit]
    if browser:
        checks.append(Check("origin", "origin", _because_origin([n for n, _ in browser])))
    if stack.session:
        readers = [n for n, g in browser if SESSION in g.needs]
        checks.append(
            Check("session", "ambient", f"{_join(readers)} {_verb(readers, 'read')} it; loaded when asked")
        )
    checks += [Check(f"guard {n}", "ambient", _because_ambient(g)) for n, g in browser]
    checks += [Check(f"step {step.name}", "after guards", "the area adds it") for step in stack.after]
    checks += [Check(f"step {step.name}", "refused", "it takes note of refusals") for step in stack.refused]
    if stack.guests:
        checks.append(Check("guests", "after guards", "whoever is logged in has no business here"))
    checks += stack.notes
    checks.append(Check("answer", "answer", _because_answer(stack)))
    return replace(stack, checks=tuple(checks))


def _varying(guards: Sequence[Guard]) -> frozenset[bytes]:
    """Name the request headers on which the answer of these guards depends."""
    needs = (need.name.partition(":") for guard in guards for need in guard.needs)
    return frozenset(
        name.title().encode("ascii") if kind == "header" else b"Cookie" for kind, _, name in needs
    )


def _because_explicit(guard: Guard) -> str:
    return f"the caller puts {_needs(guard)} there on purpose: its yes or no is final"


def _because_ambient(guard: Guard) -> str:
    return f"the browser sends {_needs(guard)} by itself"


def _because_origin(names: Sequence[str]) -> str:
    return (
        f"{_join(names)} {_verb(names, 'trust')} what browsers send by themselves; safe methods pass (CSRF)"
    )


def _because_answer(stack: Stack) -> str:
    how = {
        "auto": "a navigation gets a page or the login, everything else a problem document",
        "json": "the area answers programs: a problem document, never a redirect",
        "page": "the area is for people: the login or a page",
    }[stack.answers]
    return f"{how}; no-store and Vary because the answer depends on the caller"


def _needs(guard: Guard) -> str:
    return _join([need.name.replace("header:", "the header ") for need in guard.needs])


def _join(words: Sequence[str]) -> str:
    return " and ".join(words)


def _verb(subjects: Sequence[str], verb: str) -> str:
    return verb if len(subjects) > 1 else f"{verb}s"
