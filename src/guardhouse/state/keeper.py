"""What the gate asks of whoever keeps sessions, wherever they lie: under an id in a store, or in the cookie itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from guardhouse.state.crumbs import CookieReader
from guardhouse.state.record import Changes, Record
from guardhouse.state.store import EpochStore
from guardhouse.vault.keyring import Keyring


class Handed(Struct, frozen=True):
    """What the visitor is given: the value of his cookie, the key that it is found by from now on, and what it holds."""

    value: str
    key: bytes
    record: Record

    def __repr__(self) -> str:
        return f"Handed({self.record.public_id!r})"


class Keeper(Protocol):
    """Keeps sessions. A key is what the cookie of a request comes to; a verb that gives a new cookie says so."""

    load_now: Callable[[bytes], Record | None] | None
    """Read without waiting, where that is possible."""

    def reader(self, name: str) -> CookieReader:
        """Make what reads the cookie."""
        ...

    def binding(self, key: bytes) -> bytes | None:
        """Say what CSRF tokens are bound to: it changes with the id, and with nothing else. None where nothing can be."""
        ...

    def seen(self, key: bytes) -> Mapping[str, object]:
        """Say what a developer should know of a session that cannot be read."""
        ...

    async def load(self, key: bytes) -> Record | None:
        """Read a record. Raise `UnreadableRecordError` for one that cannot be understood."""
        ...

    async def create(self, record: Record) -> Handed:
        """Keep a new record, under an id that nobody knows."""
        ...

    async def save(self, key: bytes, changes: Changes) -> Handed | bool:
        """Merge changes in; False where the session is gone, a new cookie where it takes one."""
        ...

    async def move(self, key: bytes, record: Record, changes: Changes) -> Handed | None:
        """Go on under a new id with changes merged in, the old one dead in the same step; None where it is gone."""
        ...

    async def end(self, key: bytes) -> None:
        """End a session."""
        ...

    async def bury(self, key: bytes) -> None:
        """Let one that has expired stay dead, where that takes anything."""
        ...


@runtime_checkable
class Storeless(Protocol):
    """Stands in the place of a store, and keeps no sessions: they lie with the visitors."""

    @property
    def beside(self) -> object | None:
        """Return the store for all that is no session, if there is one: tokens, limits, what is used once."""
        ...

    @property
    def epochs(self) -> EpochStore | None:
        """Return where is counted what was called back, if anybody counts."""
        ...

    def keeper(self, keys: Keyring, cookie: str, epochs: EpochStore | None = None) -> Keeper:
        """Return who keeps the sessions of a house with these keys, in a cookie of that name; other epochs are for looking on."""
        ...
