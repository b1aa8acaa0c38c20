"""The house on FastAPI: guards as dependencies, heard before the body is read, and told truly in OpenAPI."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar, Unpack

from fastapi import FastAPI, params
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Scope

from guardhouse.edge import starlette
from guardhouse.edge.also import Also, also
from guardhouse.edge.asgi import Admit, BeforeBody, Passage, passage_in, user_in
from guardhouse.edge.authorized import Load, authorized
from guardhouse.edge.openapi import describe
from guardhouse.edge.routes import Guarding
from guardhouse.stacks import Asked

U = TypeVar("U")

_USERS = frozenset({"guard", "optional", "require"})
"""The verbs that look the user up."""

_CALLERS = frozenset({"identity", "caller"})
"""The verbs to whom a user is welcome without being looked up."""


class Guardhouse(starlette.Guardhouse[U]):
    """A house for FastAPI applications."""

    _unquotes: ClassVar[bool] = True

    def install(self, app: Starlette, *, public: Sequence[str] = ()) -> None:
        """Put the house around an application; on FastAPI its OpenAPI tells of schemes and refusals too."""
        super().install(app, public=public)
        if isinstance(app, FastAPI):
            describe(app, self)

    def guard(self, *asked: Asked, **wanted: Unpack[Also]) -> Any:  # noqa: ANN401 - a params.Security; Annotated gives the parameter its type
        """Return the user: `Annotated[User, house.guard("api")]`. Nobody else reaches the endpoint."""
        return self._security(also(asked, **wanted), self.admit_user, "guard")

    def identity(self, *asked: Asked) -> Any:  # noqa: ANN401 - as above
        """Return the `Identity`, without looking the user up."""
        return self._security(asked, self.admit, "identity")

    def as_caller(self, *asked: Asked) -> Any:  # noqa: ANN401 - as above
        """Return whoever was let in: the `Identity` of a user, or the `Client` that called in its own name."""
        return self._security(asked, self.admit_caller, "caller")

    def client(self, *asked: Asked) -> Any:  # noqa: ANN401 - as above
        """Return the `Client`, a program that called in its own name. No user reaches the endpoint."""
        return self._security(asked, self.admit_client, "client")

    def guest(self, *asked: Asked) -> Any:  # noqa: ANN401 - as above
        """Let guests only pass: `dependencies=[house.guest("web")]`, at a login page."""
        return self._security(asked, self.admit_guest, "guest")

    def optional(self, *asked: Asked) -> Any:  # noqa: ANN401 - as above
        """Return the user, or None for a guest; a bad credential is refused all the same."""
        return self._security(asked, self.admit_optional, "optional")

    def require(self, *asked: Asked, **wanted: Unpack[Also]) -> Any:  # noqa: ANN401 - as above
        """Guard a router or a route whose endpoints do not ask for the user: `dependencies=[house.require("web")]`.

        `can` asks a rule, `fresh` a proof of who one is within that time, `factors` two of them, or one of those named.
        """
        return self._security(also(asked, **wanted), self.enter_user, "require")

    def authorized(self, ability: object, load: Load, *asked: Asked, guests: bool = False) -> Any:  # noqa: ANN401 - as above
        """Return a thing that a rule lets the user have: `Annotated[Post, house.authorized("update", load_post, "api")]`.

        `load` is a dependency, or the name of a path parameter that `house.rules.bind` knows. With `guests` nobody is
        sent away before the rule was asked; it hears of None then.
        """
        welcome = self.require if self.stack(*asked).clients else self.guard
        return authorized(self, (self.optional if guests else welcome)(*asked), ability, load)

    def _before_body(self) -> BeforeBody:
        return _ask_route

    @cached_property
    def _askings(self) -> dict[tuple[str, str], Asking]:
        return {}

    def _security(self, asked: tuple[Asked, ...], admit: Admit, means: str) -> params.Security:
        """Return the same object for the same question, so that FastAPI asks once and tests can replace it."""
        stack = self.stack(*asked)
        known = self._askings.get((means, stack.name))
        if known is None:
            known = self._askings[means, stack.name] = Asking(Guarding(stack, means, self), admit)
        return known


class Asking(params.Security):
    """A dependency that asks a stack.

    It is the marker for `Annotated` and the function behind it in one, which makes it the key under which tests
    replace it: `app.dependency_overrides[house.guard("api")] = lambda: ada`.
    """

    guarding: Guarding
    admit: Admit

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __init__(self, guarding: Guarding, admit: Admit) -> None:
        super().__init__(dependency=self)
        vars(self).update(guarding=guarding, admit=admit)  # FastAPI's markers are frozen

    def __repr__(self) -> str:
        return f"house.{self.guarding.means}({self.guarding.stack.name!r})"

    async def __call__(self, connection: HTTPConnection) -> Any:  # noqa: ANN401 - user or identity, as the verb promised
        scope, house, stack = connection.scope, self.guarding.house, self.guarding.stack
        # Who is asked has nothing more to say when a body is read later, perhaps after a logout.
        passage = passage_in(scope, house)
        passage.before_body = None
        if self.guarding.means in _USERS and not stack.clients:
            return await user_in(scope, house, stack, self.admit)
        caller = passage.identity(scope, stack) if self.guarding.means in _CALLERS else None
        if caller is None:
            caller = await self.admit(passage.visit(scope), stack)
        passage.by = stack
        return caller


async def _ask_route(passage: Passage, scope: Scope) -> None:
    """Ask the guards of the route that is about to read its body; when their dependencies run, they have answered.

    FastAPI reads and parses bodies before it solves dependencies. The first read comes through our `receive`, and a
    refusal raised there reaches the exception handlers like one of a dependency.
    """
    route = _effective_route(scope)
    overrides = getattr(getattr(route, "dependency_overrides_provider", None), "dependency_overrides", {})
    for asking in _askings(getattr(route, "dependant", None), overrides):
        if asking.guarding.house is passage.house:
            try:
                await asking(HTTPConnection(scope))
            except HTTPException:
                raise
            except Exception:  # noqa: BLE001 - FastAPI would call it an error of the body; as a dependency it raises again
                return


def _effective_route(scope: Any) -> Any:  # noqa: ANN401 - FastAPI's own types
    """Find the route with the guards of the routers it was included through.

    FastAPI keeps that under a private key. Without it the route's own guards still speak first, and those of the
    inclusion when their dependencies run: later, never not at all.
    """
    effective = scope.get("fastapi", {}).get("effective_route_context")
    return effective if getattr(effective, "dependant", None) is not None else scope.get("route")


def _askings(dependant: Any, overrides: Container[Any]) -> Iterator[Asking]:  # noqa: ANN401 - FastAPI's own type
    """Find the guards below; what tests have replaced asks nobody, nor does what stands below it."""
    for sub in getattr(dependant, "dependencies", ()):
        if sub.call in overrides:
            continue
        if isinstance(sub.call, Asking):
            yield sub.call
        yield from _askings(sub, overrides)


__all__ = ["Asking", "Guardhouse"]
