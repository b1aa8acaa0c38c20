"""What the doctor looks at: one house on one application, its routes, the applications inside, and what is around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.middleware.cors import CORSMiddleware

from guardhouse.core.guard import Guard
from guardhouse.core.stack import Stack
from guardhouse.doctor.sites import Address, address_of, as_browsers_write
from guardhouse.doctor.sources import Sources, read_sources
from guardhouse.edge.asgi import Layer
from guardhouse.edge.routes import Guarding, Guardings, RouteInfo, layers_of, walk


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the place where the application will run."""

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    temporary: tuple[str, ...] = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - they are looked for, not written to


@dataclass(frozen=True, slots=True)
class Inner:
    """An application with a middleware of its own: the main one, or one that is mounted in it."""

    prefix: str
    app: Any
    outside: Guardings = ()
    """The guards that stand around it."""

    @property
    def name(self) -> str:
        """Say which one."""
        return f"the application mounted at {self.prefix}" if self.prefix else "the application"

    @property
    def middleware(self) -> Sequence[Any]:
        """What was added to it, outermost first."""
        return list(getattr(self.app, "user_middleware", ()))

    @property
    def houses(self) -> list[Any]:
        """The houses that are installed on it."""
        return [item.kwargs.get("house") for item in self.middleware if item.cls is Layer]


@dataclass(frozen=True, slots=True)
class Cors:
    """One CORS middleware, and the application that it stands around."""

    around: Inner
    options: CORSMiddleware
    behind: Guardings = ()
    """The guards that a preflight meets before it."""

    @property
    def credentials(self) -> bool:
        """Whether cookies are meant."""
        return "Access-Control-Allow-Credentials" in self.options.simple_headers

    def allows(self, origin: str) -> bool:
        """Whether that origin may read, or was meant to and is written otherwise, which is a finding of its own."""
        meant = map(as_browsers_write, self.options.allow_origins)
        return bool(self.options.is_allowed_origin(origin)) or origin in meant

    def covers(self, info: RouteInfo) -> bool:
        """Whether a route stands behind it."""
        return below(info.path, self.around.prefix)


@dataclass(frozen=True, slots=True)
class Subject:
    """One house on one application."""

    app: Any
    house: Any
    routes: tuple[RouteInfo, ...]
    inner: tuple[Inner, ...]
    cors: tuple[Cors, ...]
    sources: Sources
    around: Surroundings

    @property
    def answering(self) -> Iterator[RouteInfo]:
        """The routes that answer; of a mount only one below which nothing can be seen."""
        for info in self.routes:
            if info.kind != "mount" or not getattr(info.endpoint, "routes", None):
                yield info

    def stacks(self, info: RouteInfo) -> tuple[Stack, ...]:
        """List the stacks of this house that a route asks, each once."""
        ours = (guarding for guarding in info.guards if guarding.house is self.house)
        return tuple({guarding.stack.name: guarding.stack for guarding in ours}.values())

    def guarded(self) -> Iterator[tuple[RouteInfo, Stack]]:
        """Every route with each stack that it asks of this house."""
        for info in self.answering:
            for stack in self.stacks(info):
                yield info, stack

    @property
    def own(self) -> tuple[Address, ...]:
        """What browsers call this application."""
        return tuple(address_of(origin) for origin in sorted(self.house.parts.origins.own))

    @property
    def trusted(self) -> tuple[Address, ...]:
        """The other front ends that are trusted."""
        own = self.house.parts.origins.own
        return tuple(address_of(origin) for origin in sorted(self.house.parts.origins.trusted - own))

    @property
    def own_or_trusted(self) -> bool:
        """Whether the house was told any address at all."""
        return bool(self.own or self.trusted)

    @property
    def public(self) -> bool:
        """Whether it is known to be called from elsewhere than its own machine."""
        return any(not address.local for address in self.own)


def guards_of(stack: Stack) -> tuple[Guard, ...]:
    """Every guard of a stack."""
    return (*stack.explicit, *stack.ambient)


def below(path: str, prefix: str) -> bool:
    """Whether a path lies at a prefix, or below it."""
    return path == prefix or path.startswith(f"{prefix.rstrip('/')}/")


def subject_of(
    asgi: Any,  # noqa: ANN401 - what a server would run
    app: Any,  # noqa: ANN401 - the application with routes inside it
    house: Any,  # noqa: ANN401 - a house of any users
    around: Surroundings | None = None,
    modules: Sequence[str] = (),
) -> Subject:
    """Look at an application once; `modules` are read besides those of its endpoints."""
    routes = tuple(walk(app))
    mounted = (Inner(info.path, info.endpoint, info.guards) for info in routes if info.kind == "mount")
    inner = (Inner("", app), *(one for one in mounted if hasattr(one.app, "user_middleware")))
    cors = (*_wrapped(asgi, inner[0]), *(found for one in inner for found in _added(one)), *_mounted(routes))
    sources = read_sources(routes, modules)
    return Subject(app, house, routes, inner, cors, sources, around or Surroundings())


def _wrapped(asgi: Any, around: Inner, behind: Guardings = ()) -> Iterator[Cors]:  # noqa: ANN401 - as above
    """Find what was put around an application by hand."""
    while asgi is not None and asgi is not around.app:
        guarding = getattr(asgi, "guarding", None)
        if isinstance(asgi, CORSMiddleware):
            yield Cors(around, asgi, behind)
        elif isinstance(guarding, Guarding):
            behind = (*behind, guarding)
        asgi = getattr(asgi, "app", None)


def _mounted(routes: Sequence[RouteInfo]) -> Iterator[Cors]:
    """Find what was put by hand around an application that was mounted then."""
    for info in routes:
        if info.kind == "mount":
            wrapped = getattr(info.route, "app", None)
            own = layers_of(wrapped)
            outside = tuple(guarding for guarding in info.guards if guarding not in own)
            yield from _wrapped(wrapped, Inner(info.path, info.endpoint, info.guards), outside)


def _added(around: Inner) -> Iterator[Cors]:
    behind = around.outside
    for item in around.middleware:
        guarding = item.kwargs.get("guarding")
        if isinstance(item.cls, type) and issubclass(item.cls, CORSMiddleware):
            yield Cors(around, _read(item), behind)
        elif guarding is not None:
            behind = (*behind, guarding)


def _read(item: Any) -> CORSMiddleware:  # noqa: ANN401 - a Middleware of Starlette
    """Read the options as the middleware itself does."""
    return CORSMiddleware(_nothing, *item.args, **item.kwargs)


async def _nothing(scope: object, receive: object, send: object) -> None:
    """Stand where the application would."""
