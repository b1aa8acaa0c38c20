"""How an object answers for a class of things: its methods are rules, named after abilities."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from msgspec import Struct

from guardhouse.core.rule_function import RuleFunction, read_function
from guardhouse.errors import ConfigError

BEFORE, AFTER = "before", "after"


class Policy(Struct, frozen=True):
    """The rules over one class of things, by the names of abilities, and what is heard before them."""

    name: str
    methods: Mapping[str, RuleFunction]
    before: RuleFunction | None


def read_policy(policy: object, clients: frozenset[str] = frozenset()) -> Policy:
    """Read an object. `clients` names the methods by which programs may be judged. Raise `ConfigError`."""
    if inspect.isclass(policy):
        raise ConfigError(
            "rules.policy", f"class {policy.__name__}", f"Hand in an object: {policy.__name__}()."
        )
    name = type(policy).__name__
    methods = dict(_methods(policy, clients))
    if AFTER in methods:
        fix = "A policy has no `after`; say rules.after(...), or call the method otherwise."
        raise ConfigError(f"policy {name}", AFTER, fix)
    before = methods.pop(BEFORE, None)
    return Policy(name, methods, before)


def _methods(policy: object, clients: frozenset[str]) -> Iterator[tuple[str, RuleFunction]]:
    """List its public methods, those of its parents too, as far as they take a user."""
    kind = type(policy)
    for name in dir(kind):
        written = inspect.getattr_static(kind, name)
        method = inspect.isfunction(written) or isinstance(written, staticmethod | classmethod)
        if not method or name.startswith("_"):
            continue
        asked = getattr(policy, name)
        if name in (BEFORE, AFTER) or inspect.signature(asked).parameters:
            yield name, read_function(asked, f"{kind.__name__}.{name}", clients=name in clients)
