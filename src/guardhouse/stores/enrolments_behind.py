"""Enrolments behind a gate: each verb is told before it is done, so that a double or a test hook may hold it up or refuse it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from guardhouse.state.enrolment import Enrolment, Kind
from guardhouse.state.store import EnrolmentStore

READS = frozenset({"enrolment", "enrolled"})
WRITES = frozenset({"enrol", "change", "withdraw", "withdraw_all", "prune_enrolments"})


class EnrolmentsBehind:
    """An enrolment store that asks `gate` first, with the name of the verb. What that raises is the answer."""

    def __init__(self, inside: EnrolmentStore, gate: Callable[[str], Awaitable[None]]) -> None:
        self.inside = inside
        self._gate = gate

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Keep a new one."""
        await self._gate("enrol")
        return await self.inside.enrol(enrolment)

    async def enrolment(self, kind: Kind, name: str) -> Enrolment | None:
        """Find one by its name."""
        await self._gate("enrolment")
        return await self.inside.enrolment(kind, name)

    async def enrolled(self, owner: str, *kinds: Kind) -> Sequence[Enrolment]:
        """List what one user has."""
        await self._gate("enrolled")
        return await self.inside.enrolled(owner, *kinds)

    async def change(self, before: Enrolment, after: Enrolment) -> bool:
        """Put `after` in the place of `before`."""
        await self._gate("change")
        return await self.inside.change(before, after)

    async def withdraw(self, owner: str, kind: Kind, name: str) -> bool:
        """Take one away from its user."""
        await self._gate("withdraw")
        return await self.inside.withdraw(owner, kind, name)

    async def withdraw_all(self, owner: str, *kinds: Kind) -> int:
        """Take away all of these kinds, or of every kind, from one user."""
        await self._gate("withdraw_all")
        return await self.inside.withdraw_all(owner, *kinds)

    async def prune_enrolments(self, before: float) -> int:
        """Delete what ended before that moment."""
        await self._gate("prune_enrolments")
        return await self.inside.prune_enrolments(before)
