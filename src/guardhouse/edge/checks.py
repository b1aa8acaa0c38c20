"""What looks guarded and is not: found over the built application, before the first request."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from guardhouse.core.guard import ambient
from guardhouse.core.stack import Stack
from guardhouse.edge.routes import REQUIRED_MARK, Guarding, RouteInfo, dependency_calls, walk
from guardhouse.edge.rule_checks import rule_faults
from guardhouse.errors import ConfigError
from guardhouse.house import Guardhouse

_FOREIGN_ORIGIN = "https://guardhouse.invalid"
"""An origin that nobody has (RFC 6761 6.4): who lets it in lets everybody in."""

_LISTED = 5
"""How many routes an error lists; who has more will mend them by a router."""

_DOCUMENTATION = "fastapi.applications"
"""The module of the endpoints that FastAPI adds by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that looks guarded and is not: its code, the error that stops the start, and where it stands."""

    code: str
    error: ConfigError
    info: RouteInfo | None = None


def check(app: Any, house: Any) -> None:  # noqa: ANN401 - any application of the two frameworks, any house
    """Raise for the first fault; each names the place and the fix.

    A route about which nobody said anything is a fault too, unless such routes are open on purpose.
    """
    for fault in faults(app, house):
        raise fault.error
    silent = undeclared(walk(app)) if house.undeclared == "refuse" else []
    if silent:
        raise _undeclared_error(silent)


def faults(app: Any, house: Any) -> Iterator[Fault]:  # noqa: ANN401 - as above
    """Find every fault of an application but the routes about which nobody said anything."""
    routes = list(walk(app))
    if any(ambient(guard) for guard in house.guards.values()):
        for application in (app, *(info.endpoint for info in routes if info.kind == "mount")):
            yield from _open_cors(application)
    for info in routes:
        yield from _bypassed_wrappers(info)
        yield from _guards_as_parameters(info)
        yield from _dropped_layers(info)
        yield from _guarded_and_public(info)
    for info, error in rule_faults(routes, house):
        yield Fault("rule-unknown", error, info)
    yield from _broken_promises([info for info in routes if _left_out(info)])


def undeclared(routes: Iterable[RouteInfo]) -> list[RouteInfo]:
    """List the routes about which nobody said anything."""
    return [info for info in routes if _undeclared(info)]


def _bypassed_wrappers(info: RouteInfo) -> Iterator[Fault]:
    """Trap 2: a decorator above the one that registers the route guards a function that no route leads to."""
    if info.public:
        return
    asked = {guarding.stack.name for guarding in info.guards}
    for guarding in getattr(info.endpoint, "__dict__", {}).get(REQUIRED_MARK, ()):
        if guarding.stack.name not in asked:
            fix = "Write @house.requires(...) below the decorator that makes the route, next to the function."
            yield Fault(
                "wrapper-bypassed",
                ConfigError(_at(info), "@house.requires above the route decorator", fix),
                info,
            )


def _guards_as_parameters(info: RouteInfo) -> Iterator[Fault]:
    """Trap 3: `Annotated[User, SessionGuard()]` is a query parameter to FastAPI, filled in by the visitor."""
    dependant = getattr(info.context or info.route, "dependant", None)
    for call in (info.endpoint, *dependency_calls(dependant)):
        for name, said in _said_of_parameters(call):
            if any(_is_ours(item) for item in said):
                fix = 'Write Annotated[User, house.guard("...")]; nothing else of a house is a dependency.'
                yield Fault(
                    "guard-as-parameter",
                    ConfigError(_at(info), f"parameter {name} annotated with a guard", fix),
                    info,
                )


def _said_of_parameters(call: Any) -> Iterator[tuple[str, Sequence[Any]]]:  # noqa: ANN401 - any callable
    """Read what stands behind each parameter: its `Annotated` metadata, and its default."""
    if not callable(call) or inspect.isclass(call):
        return
    try:
        parameters = inspect.signature(call).parameters
    except (TypeError, ValueError):
        return
    names = getattr(inspect.unwrap(call), "__globals__", {})
    for name, parameter in parameters.items():
        annotation = _evaluated(parameter.annotation, names)
        yield name, (*_metadata(annotation), parameter.default)


def _metadata(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - any annotation
    """Read the metadata, also where `Annotated` stands inside of `Optional` or a union."""
    for part in (annotation, *get_args(annotation)):
        yield from getattr(part, "__metadata__", ())


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:  # noqa: ANN401 - any annotation
    """Evaluate one annotation by itself, so that one for type checkers only does not hide the others."""
    if isinstance(annotation, str):
        try:
            written = SimpleNamespace(__annotations__={"it": annotation})
            annotation = get_type_hints(written, names, include_extras=True)["it"]
        except Exception:  # noqa: BLE001 - an annotation may run any code; FastAPI itself reports what it needs
            return None
    return getattr(annotation, "__value__", annotation)  # `type Me = Annotated[...]`


def _is_ours(item: object) -> bool:
    """Whether that is something of a house which FastAPI does not know for a dependency."""
    if isinstance(item, Guardhouse | Guarding | Stack):
        return True
    if isinstance(item, Middleware):
        return isinstance(item.kwargs.get("guarding"), Guarding)
    if isinstance(getattr(item, "__self__", None), Guardhouse):
        return True
    return all(hasattr(item, member) for member in ("needs", "claim", "fetch", "judge", "named"))


def _dropped_layers(info: RouteInfo) -> Iterator[Fault]:
    """Trap 1: FastAPI's include_router drops the middleware of plain Starlette routes."""
    for layer in info.dropped:
        fix = (
            "include_router() drops the middleware of Starlette routes. Mount the router, or make this an API route "
            f'with dependencies=[house.require("{layer.stack.name}")].'
        )
        yield Fault(
            "layer-dropped", ConfigError(_at(info), f"a {layer.means} that guards nothing", fix), info
        )


def _broken_promises(left_out: Sequence[RouteInfo]) -> Iterator[Fault]:
    """Trap 4: dependencies of a FastAPI application or router do not reach plain routes, mounts and the documentation."""
    documentation = [info.path for info in left_out if is_documentation(info)]
    for info in left_out:
        fix = (
            f'Guard this one with house.layer("{info.promised[0].stack.name}"), or mark it with house.public.'
        )
        if is_documentation(info):
            fix = f"Say that it is open, house.install(app, public={documentation}), or switch it off, docs_url=None and so on."
        error = ConfigError(
            _at(info), "outside of the dependencies around it", f"They reach API routes only. {fix}"
        )
        yield Fault("dependency-skipped", error, info)


def _undeclared_error(silent: Sequence[RouteInfo]) -> ConfigError:
    """Deny by default: a route is guarded, or somebody said that it is open (ASVS 8.1.1)."""
    listed = ", ".join(f"{info.path} ({info.where})" for info in silent[:_LISTED])
    more = f" and {len(silent) - _LISTED} more" if len(silent) > _LISTED else ""
    fix = (
        "Guard them (house.guard, house.require, house.layer, @house.requires), or say that they are open: "
        "@house.public, house.public(application) for a mount, house.install(app, public=[...]) for what a framework "
        "added. Guardhouse(undeclared='open') lets everybody into what is not declared."
    )
    return ConfigError("routes", f"nothing said about {listed}{more}", fix)


def _undeclared(info: RouteInfo) -> bool:
    return not (_decided(info) or _seen_below(info) or is_documentation(info))


def _left_out(info: RouteInfo) -> bool:
    return bool(info.promised) and not _decided(info) and not _seen_below(info)


def _decided(info: RouteInfo) -> bool:
    ours = isinstance(getattr(info.endpoint, "__self__", None), Guardhouse)
    return bool(info.guards or info.public or ours)


def is_documentation(info: RouteInfo) -> bool:
    """Whether that is one of the pages that FastAPI adds by itself."""
    return getattr(info.endpoint, "__module__", "") == _DOCUMENTATION


def _seen_below(info: RouteInfo) -> bool:
    """Whether the routes below a mount are listed too, and answer for themselves."""
    return info.kind == "mount" and getattr(info.endpoint, "routes", None) is not None


def _guarded_and_public(info: RouteInfo) -> Iterator[Fault]:
    if info.public and info.guards and info.kind != "mount":
        fix = "A route is guarded or public; take one of the two away."
        yield Fault(
            "guarded-and-public",
            ConfigError(_at(info), f"public and guarded by {info.guards[0].means}", fix),
            info,
        )


def _open_cors(app: Any) -> Iterator[Fault]:  # noqa: ANN401 - as above
    """Trap 8: any origin with credentials lets every page read what the visitor may read."""
    for item in getattr(app, "user_middleware", ()):
        if item.cls is CORSMiddleware and item.kwargs.get("allow_credentials") and _open_to_all(item.kwargs):
            fix = "Name the front ends: allow_origins=[...], the same as trusted_origins of the house."
            yield Fault(
                "cors-open-to-all", ConfigError("CORSMiddleware", "every origin, with credentials", fix)
            )


def _open_to_all(options: Any) -> bool:  # noqa: ANN401 - the options of the CORS middleware
    pattern = options.get("allow_origin_regex")
    matches = pattern is not None and re.fullmatch(pattern, _FOREIGN_ORIGIN) is not None
    return matches or "*" in options.get("allow_origins", ())


def _at(info: RouteInfo) -> str:
    return f"route {info.path} ({info.where})"
