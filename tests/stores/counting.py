"""A store that counts: how often the one inside is read and written."""

from __future__ import annotations

from guardhouse.state.record import Changes, Record
from guardhouse.state.store import SessionStore


class CountingStore:
    """Any store, with two counters; it has no power but the five verbs, as a store over a network would."""

    def __init__(self, inside: SessionStore) -> None:
        self.inside = inside
        self.reads = self.writes = 0

    @property
    def counted(self) -> tuple[int, int]:
        """Return reads and writes since the last time."""
        counted, self.reads, self.writes = (self.reads, self.writes), 0, 0
        return counted

    async def load(self, key: bytes) -> Record | None:
        self.reads += 1
        return await self.inside.load(key)

    async def create(self, key: bytes, record: Record) -> None:
        self.writes += 1
        await self.inside.create(key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        self.writes += 1
        return await self.inside.save(key, changes)

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:
        self.writes += 1
        return await self.inside.move(old, new, changes)

    async def delete(self, key: bytes) -> bool:
        self.writes += 1
        return await self.inside.delete(key)
