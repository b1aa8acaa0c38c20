"""What OpenAPI says of guarded routes: their schemes as alternatives, and the refusals a client must expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from guardhouse.core.answer import FOLDED, Explain, public
from guardhouse.core.facts import SAFE_METHODS
from guardhouse.core.guard import SESSION, Guard, scheme_of
from guardhouse.core.reasons import REASONS, Reason
from guardhouse.core.reasons_of_requests import REVEALED
from guardhouse.core.reasons_to_refuse import MAY_NOT
from guardhouse.core.stack import Stack
from guardhouse.edge.routes import RouteInfo, dependency_calls, walk

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEM = "GuardhouseProblem"

_WHEN = {
    401: "Nobody is proven to call.",
    403: "The caller may not do this, or the request may not come from where it comes from.",
    404: "There is nothing here for this caller.",
    429: "Too many requests came from here.",
}

_OF_TOKENS = ("token_", "jwt_", "dpop_")
"""What only guards of such credentials say; each names its own kinds as `says`."""

_OF_WAYS = ("login_", "form_", "link_", "factor_", "passkey_", "foreign_", "last_way_")
"""What only the ways in say, beside those that a session's login may be refused for."""

_OF_SESSIONS = frozenset(
    {
        Reason.NO_LOGIN,
        Reason.SECOND_FACTOR_MISSING,
        Reason.NO_LOGIN_FOR_GUARD,
        Reason.PASSWORD_CHANGED,
        Reason.LOGIN_KEY_UNKNOWN,
        Reason.LOGIN_FORMAT_UNKNOWN,
    }
)

Schema: TypeAlias = dict[str, Any]
Requirement: TypeAlias = dict[str, list[str]]
"""What a caller must bring together; a list of them are alternatives."""


def describe(app: FastAPI, house: Any) -> None:  # noqa: ANN401 - a house of any users
    """Let `app.openapi()` add what the house knows, once to each schema that FastAPI makes."""
    original = app.openapi
    completed: Schema | None = None

    def openapi() -> Schema:
        nonlocal completed
        schema = original()
        if schema is not completed:
            _complete(schema, app, house)
            completed = schema
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(schema: Schema, app: FastAPI, house: Any) -> None:  # noqa: ANN401 - as above
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})[PROBLEM] = _problem_schema()
    for info in walk(app):
        if any(guarding.house is house for guarding in info.guards):
            operations = schema.get("paths", {}).get(info.path_format, {})
            for method in info.methods:
                if method.lower() in operations:
                    _complete_operation(operations[method.lower()], components, info, method, house)


def _complete_operation(
    operation: Schema,
    components: Schema,
    info: RouteInfo,
    method: str,
    house: Any,  # noqa: ANN401 - as above
) -> None:
    """Several stacks on one route must all let a caller pass; in each, any guard will do."""
    ours = [guarding for guarding in info.guards if guarding.house is house]
    required = {guarding.stack.name: guarding.stack for guarding in ours if guarding.means != "optional"}
    stacks = list((required or {guarding.stack.name: guarding.stack for guarding in ours}).values())
    schemes = components.setdefault("securitySchemes", {})
    security: list[Requirement] = operation.get("security") or [{}]
    for stack in stacks:
        security = _both(security, [{_listed(guard, schemes, house): []} for guard in _guards(stack)])
    operation["security"] = security if required else [{}, *(one for one in security if one)]
    for status in _WHEN:
        said = (str(reason) for reason in _said_besides(info) if REASONS[reason].status == status)
        codes = sorted({*_codes(status, stacks, method, house.explain), *said})
        if codes:
            operation.setdefault("responses", {}).setdefault(str(status), _response(status, codes))


def _said_besides(info: RouteInfo) -> Iterator[Reason]:
    """Name what the dependencies of a route say that stand behind its stacks, such as a rule over what it loads."""
    for call in dependency_calls(getattr(info.context or info.route, "dependant", None)):
        says: object = getattr(call, "says", ())
        if isinstance(says, tuple):  # an application's own dependency may have such a name too
            yield from (reason for reason in says if isinstance(reason, Reason))  # pyright: ignore[reportUnknownVariableType]


def _both(one: Sequence[Requirement], other: Sequence[Requirement]) -> list[Requirement]:
    """Demand one of the first alternatives together with one of the second."""
    joined: list[Requirement] = []
    for first in one:
        for second in other:
            if (both := first | second) not in joined:
                joined.append(both)
    return joined


def _guards(stack: Stack) -> tuple[Guard, ...]:
    return (*stack.explicit, *stack.ambient)


def _listed(guard: Guard, schemes: Schema, house: Any) -> str:  # noqa: ANN401 - as above
    """List the scheme of a guard, and return its name; guards of two houses may have the same."""
    name, scheme = _scheme(guard, house)
    while schemes.setdefault(name, scheme) != scheme:
        name += "_"
    return name


def _scheme(guard: Guard, house: Any) -> tuple[str, dict[str, str]]:  # noqa: ANN401 - as above
    """Describe one guard: sessions share one scheme, since one cookie serves them all."""
    if SESSION in guard.needs:
        return "session", {"type": "apiKey", "in": "cookie", "name": house.parts.cookie.session}
    scheme = scheme_of(guard)
    if scheme is not None:
        return guard.name, {"type": "http", "scheme": scheme.lower()}
    kind, _, name = guard.needs[0].name.partition(":")
    return guard.name, {"type": "apiKey", "in": kind, "name": name}


def _codes(status: int, stacks: Sequence[Stack], method: str, explain: Explain) -> Iterator[str]:
    """Name the reasons that can be given on this operation with this status, as a caller is told them."""
    for reason, entry in REASONS.items():
        if entry.status == status and any(_can_say(stack, reason, method) for stack in stacks):
            yield str(public(reason, explain))


def _can_say(stack: Stack, reason: Reason, method: str) -> bool:
    if reason in REVEALED or reason in FOLDED.values():
        return False
    if reason in _OF_SESSIONS or reason.startswith("session_"):
        return stack.session
    if reason.startswith(_OF_WAYS):
        return False
    if reason in MAY_NOT or reason is Reason.STEP_REFUSED:
        return any(reason in step.says for step in (*stack.before, *stack.after)) or (
            reason is Reason.GUESTS_ONLY and stack.guests
        )
    if reason.startswith(_OF_TOKENS) or reason in (Reason.CREDENTIAL_FOREIGN, Reason.CREDENTIAL_UNKNOWN):
        return reason.startswith(_kinds(stack))
    if reason.startswith("credential_"):
        return bool(stack.explicit)
    if reason.startswith("csrf_"):
        return stack.origin and method not in SAFE_METHODS
    return reason is not Reason.WEBSOCKET_ORIGIN


def _kinds(stack: Stack) -> tuple[str, ...]:
    """Say how the reasons begin that the guards of tokens give here, besides what all guards say."""
    kinds = [kind for guard in _guards(stack) for kind in getattr(guard, "says", ())]
    return (*kinds, str(Reason.CREDENTIAL_UNKNOWN)) if kinds else ("no such reason",)


def _response(status: int, codes: list[str]) -> Mapping[str, Any]:
    schema = {
        "allOf": [{"$ref": f"#/components/schemas/{PROBLEM}"}, {"properties": {"code": {"enum": codes}}}]
    }
    return {"description": _WHEN[status], "content": {"application/problem+json": {"schema": schema}}}


def _problem_schema() -> Schema:
    text = {"type": "string"}
    properties = {"type": text, "title": text, "status": {"type": "integer"}, "detail": text, "code": text}
    return {
        "type": "object",
        "title": "A refusal (RFC 9457)",
        "required": list(properties),
        "properties": properties,
    }
