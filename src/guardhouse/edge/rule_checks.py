"""Rules that routes ask and nobody answers: found over the built application, before the first request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from starlette.routing import PARAM_REGEX, Host

from guardhouse.edge.routes import RouteInfo, dependency_calls
from guardhouse.errors import ConfigError
from guardhouse.steps.can import Can, unbound, unbound_error

RuleFault: TypeAlias = tuple[RouteInfo, ConfigError]


def rule_faults(routes: Sequence[RouteInfo], house: Any) -> Iterator[RuleFault]:  # noqa: ANN401 - a house of any users
    """Find the rules that do not exist, and the path parameters that a route does not have."""
    # A host gives parameters too, and is not part of any path.
    hosts = any(isinstance(info.route, Host) for info in routes)
    for info in routes:
        for can in _asked_in_stacks(info, house):
            yield from _unknown(info, can.name, can.ability, house)
            there = [name for name, _ in PARAM_REGEX.findall(info.path)]
            absent = () if hosts else unbound(can, there)
            if absent:
                yield info, _at(info, can.name, unbound_error(can, absent[0], there))
        for call in dependency_calls(getattr(info.context or info.route, "dependant", None)):
            ability = getattr(call, "rule_asked", None)
            if isinstance(ability, str) and getattr(call, "house", None) is house:
                yield from _unknown(info, repr(call), ability, house)


def _asked_in_stacks(info: RouteInfo, house: Any) -> Iterator[Can]:  # noqa: ANN401 - as above
    for guarding in info.guards:
        if guarding.house is house:
            yield from (step.run for step in guarding.stack.after if isinstance(step.run, Can))


def _unknown(info: RouteInfo, asked: str, ability: str, house: Any) -> Iterator[RuleFault]:  # noqa: ANN401 - as above
    try:
        house.rules.known(ability)
    except ConfigError as error:
        yield info, _at(info, asked, error)


def _at(info: RouteInfo, asked: str, error: ConfigError) -> ConfigError:
    """Say at which route."""
    key = f"route {info.path} ({info.where}), {asked}"
    return ConfigError(key, error.found, error.fix, nearest=error.nearest)
