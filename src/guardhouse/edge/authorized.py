"""A thing that an endpoint of FastAPI asks for and a rule lets it have: loaded once, judged, and handed on with its type."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from fastapi import Path, params
from starlette.requests import HTTPConnection

from guardhouse.core.reasons import Reason
from guardhouse.core.rule import Answer, Denied, Question, ability_text, missing
from guardhouse.core.stack import Stack
from guardhouse.edge.asgi import visit_of
from guardhouse.edge.ruling import refused
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse

Load = Callable[..., Any] | params.Depends | str
"""Where the thing comes from: a dependency, or the name of a path parameter that `rules.bind` knows."""


def authorized(
    house: Guardhouse[Any],
    asking: Any,  # noqa: ANN401 - house.guard(...), house.require(...) or house.optional(...)
    ability: object,
    load: Load,
) -> Any:  # noqa: ANN401 - a params.Depends; Annotated gives the parameter its type
    """Return a dependency that hands on what `load` finds and the rule lets the user have.

    `asking` says who asks; it is answered first, so that nobody learns what exists who is not let in. What is loaded
    as None is refused as a hidden thing is (404), and so is what a rule hides. The rule is asked for each parameter.
    """
    return params.Depends(Authorizing(house, asking, ability_text(ability), load), use_cache=False)


class Authorizing:
    """The function behind the dependency. Its signature asks FastAPI for the user, the thing and the connection."""

    says = (Reason.RULE_DENIED, Reason.RULE_HIDDEN)
    """The reasons that it may give, for OpenAPI."""

    def __init__(self, house: Guardhouse[Any], asking: Any, ability: str, load: Load) -> None:  # noqa: ANN401 - as above
        self.house = house
        self._stack: Stack = asking.guarding.stack
        self.rule_asked = ability
        self._parameter = load if isinstance(load, str) else None
        self.__signature__ = _signature(asking, load, ability)

    def __repr__(self) -> str:
        return f"house.authorized({self.rule_asked!r})"

    async def __call__(self, **given: Any) -> Any:  # noqa: ANN401 - what FastAPI has found for the signature
        """Ask, and return the thing."""
        connection: HTTPConnection = given.pop("guardhouse_connection")
        user = given.pop("guardhouse_user")
        (thing,) = given.values()
        rules, name = self.house.rules, self._parameter
        if name is not None:
            thing = await rules.load(name, connection.path_params[name])
        if thing is None:
            answer: Answer = missing(Question(self.rule_asked), name or "the dependency")
        else:
            answer = await rules.inspect(user, self.rule_asked, thing)
        if isinstance(answer, Denied):
            visit = visit_of(connection, self.house)
            raise await refused(self.house, visit, self._stack, answer, nobody=user is None)
        return thing


def _signature(asking: Any, load: Load, ability: str) -> Signature:  # noqa: ANN401 - as above
    """Who asks comes first: FastAPI solves in this order."""
    if isinstance(load, str):
        if not load.isidentifier():
            fix = "Name a path parameter, or hand in a function that loads the thing."
            raise ConfigError(f"authorized({ability!r})", load, fix)
        thing = _parameter(load, str, Path())
    else:
        thing = _parameter("thing", Any, load if isinstance(load, params.Depends) else params.Depends(load))
    return Signature(
        [
            _parameter("guardhouse_user", Any, asking),
            thing,
            _parameter("guardhouse_connection", HTTPConnection, Parameter.empty),
        ]
    )


def _parameter(name: str, kind: Any, default: Any) -> Parameter:  # noqa: ANN401 - as inspect has it
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
