"""The last refusals of a house, kept in memory: as many as it was told and no more, without what is secret."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping

from msgspec import Struct

from guardhouse.core.events import Refused
from guardhouse.errors import ConfigError

__all__ = ["Noted", "Recent"]

SIZE = 100
_LONGEST = 200


class Noted(Struct, frozen=True):
    """One refusal as it is kept: text and numbers only, so that it holds nothing of the application alive."""

    at: float
    code: str
    by: str
    status: int
    method: str
    path: str
    route: str
    stack: str
    guards: tuple[str, ...]
    request_id: str
    evidence: Mapping[str, str]
    causes: tuple[str, ...]
    """The codes of all causes, in the order in which they must be mended."""


class Recent:
    """A ring of refusals: `house.recent`, or a listener of your own. Read it like a list, the oldest first."""

    def __init__(self, size: int = SIZE) -> None:
        if size < 1:
            raise ConfigError("recent", size, "Keep one refusal at least.")
        self._ring: deque[Noted] = deque(maxlen=size)

    def __call__(self, event: Refused) -> None:
        """Keep one; the oldest goes when the ring is full."""
        self._ring.append(
            Noted(
                at=event.at,
                code=event.code,
                by=event.by,
                status=event.status,
                method=event.method[:_LONGEST],
                path=event.path[:_LONGEST],
                route=event.route,
                stack=event.stack,
                guards=event.guards,
                request_id=event.request_id,
                evidence={name: str(value)[:_LONGEST] for name, value in event.evidence.items()},
                causes=tuple(str(cause.reason) for cause in event.causes),
            )
        )

    def __iter__(self) -> Iterator[Noted]:
        return iter(tuple(self._ring))

    def __len__(self) -> int:
        return len(self._ring)

    def __repr__(self) -> str:
        return f"Recent({len(self)} of {self._ring.maxlen})"

    @property
    def last(self) -> Noted | None:
        """The newest; None where nobody was refused yet."""
        return self._ring[-1] if self._ring else None

    def by_code(self) -> Mapping[str, int]:
        """Count what is kept by its code, the most frequent first."""
        return dict(Counter(noted.code for noted in self).most_common())

    def clear(self) -> None:
        """Forget all."""
        self._ring.clear()
