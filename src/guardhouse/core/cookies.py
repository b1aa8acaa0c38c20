"""The names of the cookies that came, without their values: often another one is the clue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guardhouse.core.facts import Facts

__all__ = ["cookie_crumbs", "cookie_names", "shown"]

_SHOWN = 8
_LONGEST = 40


def cookie_names(facts: Facts) -> list[str]:
    """Name every cookie, in the order of the wire."""
    return [_name(crumb) for crumb in cookie_crumbs(facts)]


def cookie_crumbs(facts: Facts) -> Iterator[bytes]:
    """Cut the Cookie lines into their pairs; for comparing only, they hold what is secret."""
    return (crumb.strip(b" \t") for line in facts.lines(b"cookie") for crumb in line.split(b";"))


def shown(names: Sequence[str]) -> str:
    """List the first few."""
    return ", ".join(names[:_SHOWN]) or "none at all"


def _name(crumb: bytes) -> str:
    name, equals, _ = crumb.partition(b"=")
    return name.strip(b" \t")[:_LONGEST].decode("latin-1") if equals else "one without a name"
