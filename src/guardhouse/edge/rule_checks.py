"""Rules that routes ask and nobody answers: found over the built application, before the first request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import PARAM_REGEX, Host

from guardhouse.edge.routes import RouteInfo, dependency_calls
from guardhouse.errors import ConfigError
from guardhouse.steps.can import Can, unbound, unbound_error


def check_rules(routes: Sequence[RouteInfo], house: Any) -> None:  # noqa: ANN401 - a house of any users
    """Raise for the first rule that does not exist, and for the first path parameter that its route does not have."""
    # A host gives parameters too, and is not part of any path.
    hosts = any(isinstance(info.route, Host) for info in routes)
    for info in routes:
        for can in _asked_in_stacks(info, house):
            _refuse_unknown(info, can.name, can.ability, house)
            there = [name for name, _ in PARAM_REGEX.findall(info.path)]
            absent = () if hosts else unbound(can, there)
            if absent:
                raise _at(info, can.name, unbound_error(can, absent[0], there))
        for call in dependency_calls(getattr(info.context or info.route, "dependant", None)):
            ability = getattr(call, "rule_asked", None)
            if isinstance(ability, str) and getattr(call, "house", None) is house:
                _refuse_unknown(info, repr(call), ability, house)


def _asked_in_stacks(info: RouteInfo, house: Any) -> Iterator[Can]:  # noqa: ANN401 - as above
    for guarding in info.guards:
        if guarding.house is house:
            yield from (step.run for step in guarding.stack.after if isinstance(step.run, Can))


def _refuse_unknown(info: RouteInfo, asked: str, ability: str, house: Any) -> None:  # noqa: ANN401 - as above
    try:
        house.rules.known(ability)
    except ConfigError as error:
        raise _at(info, asked, error) from None


def _at(info: RouteInfo, asked: str, error: ConfigError) -> ConfigError:
    """Say at which route."""
    key = f"route {info.path} ({info.where}), {asked}"
    return ConfigError(key, error.found, error.fix, nearest=error.nearest)
