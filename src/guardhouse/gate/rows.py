"""Sessions as rows of a store: the cookie holds an id of 256 random bits, and the store knows its hash alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import token_urlsafe

from guardhouse.state import csrf
from guardhouse.state.crumbs import CookieReader, key_of
from guardhouse.state.keeper import Handed
from guardhouse.state.record import Changes, Record, merged
from guardhouse.state.store import SessionStore, inline

ID_BYTES = 32


class Rows:
    """Keeps sessions in a store."""

    __slots__ = ("_store", "load_now")

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.load_now: Callable[[bytes], Record | None] | None = inline(store, "load_now", "load")

    def reader(self, name: str) -> CookieReader:
        """Read ids."""
        return CookieReader(name)

    def binding(self, key: bytes) -> bytes:
        """Bind to the key: it changes with the id, and needs no look into the store."""
        return csrf.session_binding(key)

    def seen(self, key: bytes) -> Mapping[str, object]:  # noqa: ARG002 - what lies in a store is not shown
        """Say nothing."""
        return {}

    async def load(self, key: bytes) -> Record | None:
        """Read a row."""
        return await self._store.load(key)

    async def create(self, record: Record) -> Handed:
        """Keep a new row."""
        session_id, key = _new_id()
        await self._store.create(key, record)
        return Handed(session_id, key, record)

    async def save(self, key: bytes, changes: Changes) -> bool:
        """Merge into the row; the cookie stays as it is."""
        return await self._store.save(key, changes)

    async def move(self, key: bytes, record: Record, changes: Changes) -> Handed | None:
        """Put the row under the hash of a new id."""
        session_id, new = _new_id()
        if not await self._store.move(key, new, changes):
            return None
        return Handed(session_id, new, merged(record, changes))

    async def end(self, key: bytes) -> None:
        """Drop the row."""
        await self._store.delete(key)

    async def bury(self, key: bytes) -> None:
        """Drop the row, so that it stays dead although the clock may be set back."""
        await self._store.delete(key)


def _new_id() -> tuple[str, bytes]:
    session_id = token_urlsafe(ID_BYTES)
    return session_id, key_of(session_id.encode("ascii"))
