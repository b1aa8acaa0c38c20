"""The last look at an answer that no guard was asked about: what is public may leave, what nobody decided about not unseen.

The checks at start see what stands in the application then. A route that is added later, or a foreign application that
makes routes of its own, they cannot see; their answers pass here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Mount
from starlette.types import Message, Scope

from guardhouse.core.facts import WEBSOCKET
from guardhouse.edge.checks import is_documentation
from guardhouse.edge.routes import is_public, place_of, walk
from guardhouse.house import Guardhouse

if TYPE_CHECKING:
    from guardhouse.edge.asgi import Passage

_ERROR = 400
_REMEMBERED = 10_000
"""How many endpoints are held at most: a foreign application could make one for every request."""


class Net:
    """The net of one house on one application; where silence means open, there is none."""

    def __init__(self, app: Any, house: Guardhouse[Any]) -> None:  # noqa: ANN401 - an application of either framework
        self._app = app
        self._house = house
        self._known: dict[int, object] | None = None
        """What the walk found decided, by identity; held, so that no other thing takes its number."""
        self.passed: dict[int, object] = {}
        """The endpoints that were found public: they are looked at once, for this is on the way of every open page."""

    def look(self, passage: Passage, scope: Scope, message: Message) -> None:
        """Look at an answer whose guards, if there are any, were not asked. An error page gives nothing away."""
        endpoint = scope.get("endpoint")
        if endpoint is None or message.get("status", 0) >= _ERROR or _asked(passage, scope):
            return
        if self._decided(scope, endpoint):
            if len(self.passed) < _REMEMBERED:
                self.passed[id(endpoint)] = endpoint
            return
        self._house.parts.watch.note_undecided(_route(scope), place_of(endpoint))

    def _decided(self, scope: Scope, endpoint: Any) -> bool:  # noqa: ANN401 - any callable
        if self._known is None:
            self._known = _known(self._app)
        ours = isinstance(getattr(endpoint, "__self__", None), Guardhouse)
        public = is_public(endpoint) or is_public(scope.get("route"))
        return ours or public or id(endpoint) in self._known


def _known(app: Any) -> dict[int, object]:  # noqa: ANN401 - as above
    """Collect what is public, or stands in the application with a guard: a test may have replaced that guard."""
    found: dict[int, object] = {}
    for info in walk(app):
        if (
            info.public
            or is_documentation(info)
            or (info.guards and getattr(app, "dependency_overrides", None))
        ):
            mounted = getattr(info.route, "app", None) if info.kind == "mount" else None
            found |= {id(one): one for one in (info.endpoint, mounted) if one is not None}
    return found


def _asked(passage: Passage, scope: Scope) -> bool:
    """Whether anybody was asked, at this house or at one further in."""
    inner: Passage | None = scope.get("guardhouse")
    while inner is not None and inner is not passage:
        if inner.by is not None or inner.seen is not None or (inner.entered and inner.entered.decisions):
            return True
        inner = inner.outer
    return passage.entered is not None and bool(passage.entered.decisions)


def _route(scope: Scope) -> str:
    """Name the route as the application wrote it; where it is mounted may hold what a visitor wrote."""
    method = WEBSOCKET if scope["type"] == "websocket" else str(scope["method"])
    route = scope.get("route")
    path = str(getattr(route, "path", "")) or "of a mounted application"
    return f"{method} {path}{'/...' if isinstance(route, Mount) else ''}"
