"""Routes that look guarded and are not, about which nobody said anything, or whose house is not there."""

from __future__ import annotations

from collections.abc import Iterator

from guardhouse.doctor.finding import Finding
from guardhouse.doctor.findings import found
from guardhouse.doctor.subject import Subject, below
from guardhouse.edge.checks import Fault, faults, undeclared

_OPEN_FIX = (
    "Guard it (house.guard, house.require, house.layer, @house.requires), or say that it is open: @house.public, "
    "house.public(application) for a mount."
)


def check(subject: Subject) -> Iterator[Finding]:
    """Find them."""
    for fault in faults(subject.app, subject.house):
        yield _of_fault(fault)
    yield from _undeclared(subject)
    yield from _elsewhere(subject)
    yield from _twice(subject)


def _of_fault(fault: Fault) -> Finding:
    where = fault.error.key if fault.info is None else fault.info.where
    route = "" if fault.info is None else f"{fault.info.path}: "
    guess = f" Did you mean {fault.error.nearest!r}?" if fault.error.nearest else ""
    return found(fault.code, where, f"{route}{fault.error.found}.{guess}", fault.error.fix)


def _undeclared(subject: Subject) -> Iterator[Finding]:
    refused = subject.house.undeclared == "refuse"
    for info in undeclared(subject.routes):
        methods = " ".join(method for method in info.methods if method != "HEAD" or "GET" not in info.methods)
        what = f"{methods or info.kind} {info.path}: nobody said whether it is guarded or open, so "
        what += "the application does not start." if refused else "everybody is let in."
        yield found("route-undeclared", info.where, what, _OPEN_FIX, None if refused else "warning")


def _elsewhere(subject: Subject) -> Iterator[Finding]:
    """Find guards whose house a request to the route does not pass."""
    for info in subject.answering:
        around = [house for one in subject.inner if below(info.path, one.prefix) for house in one.houses]
        for guarding in info.guards:
            if not any(guarding.house is house for house in around):
                what = f"{info.path}: {guarding.means}({guarding.stack.name!r}) is of a house that requests there do not pass."
                fix = "Call install(app) of that house on the outermost application, the one that your server runs."
                yield found("house-elsewhere", info.where, what, fix)
                break


def _twice(subject: Subject) -> Iterator[Finding]:
    for one in subject.inner[1:]:
        if any(house is subject.house for house in one.houses):
            what = f"{one.name} installs the house that is installed around it."
            yield found(
                "house-twice",
                f"house.install at {one.prefix}",
                what,
                "Install it on the outermost application alone.",
            )
