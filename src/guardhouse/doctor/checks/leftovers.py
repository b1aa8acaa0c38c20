"""What belongs to development and to tests, and was left on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject
from guardhouse.edge.routes import Guarding
from guardhouse.users.passwords import Passwords
from guardhouse.vault.password import ARGON2_CHEAPEST, PasswordHasher

_FOR_TESTS = ("guardhouse.testing", "guardhouse.demo.controlled")


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    house = subject.house
    if subject.public:
        address = next(one.origin for one in subject.own if not one.local)
        if house.debug:
            what = f"This is the house of {address}, and explain is {house.explain!r}."
            yield found("debug-left-on", "debug", what, "Say debug=False there, and explain='code'.")
        for one in subject.inner:
            if getattr(one.app, "debug", False):
                what = f"{one.name} shows tracebacks to visitors of {address}."
                yield found("app-debug-left-on", f"debug of {one.name}", what, "Say debug=False there.")
        yield from _insecure(subject, address)
    if not house.debug:
        yield from _testing(subject)
    yield from _overridden(subject)


def _insecure(subject: Subject, address: str) -> Iterator[Finding]:
    parts = {"cookie": subject.house.parts.cookie, "sessions": subject.house.parts.sessions}
    for key, part in {**parts, **{f"guards.{n}": g for n, g in subject.house.guards.items()}}.items():
        for name in _switched_on(part):
            what = f"{name} is on at {address}."
            yield found(
                "insecure-left-on",
                f"{key}.{name}",
                what,
                "Take it away; what it was needed for has another way.",
            )


def _switched_on(part: object) -> Iterator[str]:
    if is_dataclass(part):
        for one in fields(part):
            if one.name.startswith("insecure_") and getattr(part, one.name):
                yield one.name


def _testing(subject: Subject) -> Iterator[Finding]:
    parts = subject.house.parts
    built = {
        "clock": parts.clock,
        "store": parts.store,
        **{f"users.{n}": p for n, p in parts.providers.items()},
    }
    for key, part in built.items():
        if type(part).__module__.startswith(_FOR_TESTS):
            what = f"{key} is a {type(part).__name__}, which is made for tests."
            yield found(
                "testing-parts", key, what, "Leave it to the tests; without it the real one is built."
            )
    if _cheap(parts.passwords):
        what = "Passwords are hashed at the least cost there is."
        yield found(
            "testing-parts", "passwords", what, "Leave passwords out, or take fast_passwords() in tests only."
        )


def _overridden(subject: Subject) -> Iterator[Finding]:
    """Find guards that FastAPI was told to replace; the tests of an application set that after the doctor has looked."""
    for one in subject.inner:
        for key in getattr(one.app, "dependency_overrides", None) or ():
            if isinstance(getattr(key, "guarding", None), Guarding):
                what = f"{key!r} is replaced by a function in {one.name}: whoever calls is taken for what that returns."
                fix = "Set dependency_overrides in a test and clear it there, or log in for real: guardhouse.testing.Client."
                yield found("guard-overridden", "dependency_overrides", what, fix)


def _cheap(passwords: Passwords) -> bool:
    hasher = passwords.hasher
    return isinstance(hasher, PasswordHasher) and hasher.profile == ARGON2_CHEAPEST
