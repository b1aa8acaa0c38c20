"""What there is to say about each route: who is asked, whether CSRF is weighed, or that nobody has decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from guardhouse.core.facts import WEBSOCKET
from guardhouse.core.stack import Stack
from guardhouse.edge.routes import Guarding, RouteInfo, walk
from guardhouse.house import Guardhouse


@dataclass(frozen=True, slots=True)
class Line:
    """One route as it is listed."""

    info: RouteInfo
    public: bool

    @property
    def stacks(self) -> tuple[Stack, ...]:
        """The stacks that must all let a request pass, each once."""
        return tuple({guarding.stack.name: guarding.stack for guarding in self.info.guards}.values())

    @property
    def undecided(self) -> bool:
        """Whether nobody said anything: no guard, and not public either."""
        return not self.info.guards and not self.public

    @property
    def csrf(self) -> bool:
        """Whether an unsafe request, or a WebSocket, must prove where it comes from."""
        if not any(stack.origin for stack in self.stacks):
            return False
        return self.info.unsafe

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods, without the HEAD that comes with every GET."""
        if self.info.kind == "websocket":
            return (WEBSOCKET,)
        methods = self.info.methods
        return tuple(method for method in methods if method != "HEAD" or "GET" not in methods) or ("any",)


def lines_of(app: Any) -> Iterator[Line]:  # noqa: ANN401 - any ASGI application
    """List the routes that answer; a mount is one only where nothing can be seen below it."""
    routes = list(walk(app))
    public = [info.path for info in routes if info.kind == "mount" and info.public]
    for info in routes:
        below = info.kind == "mount" and getattr(info.endpoint, "routes", None)
        if not below:
            yield Line(info, info.public or _of_a_house(info.endpoint) or _under(info.path, public))


def _of_a_house(endpoint: object) -> bool:
    """Whether a house itself answers there: `csrf_cookie` is for everybody."""
    return isinstance(getattr(endpoint, "__self__", None), Guardhouse)


def _under(path: str, mounts: Sequence[str]) -> bool:
    return any(path.startswith(f"{mount.rstrip('/')}/") for mount in mounts)


def means_of(guarding: Guarding) -> str:
    """Say how a route asks: `guard`, `require`, `layer`, without the place where it was written."""
    return guarding.means.partition(" ")[0]


def line_document(line: Line, where: str) -> dict[str, object]:
    """Write one route for programs."""
    return {
        "methods": line.methods,
        "path": line.info.path,
        "kind": line.info.kind,
        "stacks": [stack.name for stack in line.stacks],
        "guards": list(dict.fromkeys(name for stack in line.stacks for name in stack.names)),
        "means": list(dict.fromkeys(map(means_of, line.info.guards))),
        "csrf": line.csrf,
        "public": line.public,
        "undecided": line.undecided,
        "where": where,
    }


def stack_document(stack: Stack) -> dict[str, object]:
    """Write one stack for programs."""
    checks = [{"name": c.name, "phase": c.phase, "because": c.because} for c in stack.checks]
    return {"name": stack.name, "guards": stack.names, "answers": stack.answers, "checks": checks}
