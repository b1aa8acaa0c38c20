"""Whose sessions are which, in what the garbage collector does not look at: a set for each user would cost it a second in a million."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class MemoryOwners:
    """The places of each owner's sessions: one by itself, several as a tuple. The store holds the same numbers, so each is there once.

    The collector lets go of a tuple that holds nothing but numbers the first time that it meets it.
    """

    def __init__(self) -> None:
        self._held: dict[str, int | tuple[int, ...]] = {}

    def __len__(self) -> int:
        return sum(len(self.places_of(owner)) for owner in self._held)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._held))

    def places_of(self, owner: str) -> Sequence[int]:
        """List the places of an owner."""
        held = self._held.get(owner, ())
        return (held,) if isinstance(held, int) else held

    def add(self, owner: str, place: int) -> None:
        """Add a place, once."""
        places = self.places_of(owner)
        if place not in places:
            self._held[owner] = (*places, place) if places else place

    def remove(self, owner: str, place: int) -> None:
        """Take a place away, and with the last one the owner."""
        match [kept for kept in self.places_of(owner) if kept != place]:
            case []:
                self._held.pop(owner, None)
            case [only]:
                self._held[owner] = only
            case several:
                self._held[owner] = tuple(several)
