"""The parts of a house, so that nothing is written and nobody is told: its store is read, every other verb only says yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from guardhouse.core.events import Event
from guardhouse.gate.parts import Parts
from guardhouse.state.record import Changes, Record
from guardhouse.state.store import KeepsTokens, SessionStore, TokenStore
from guardhouse.state.token import TokenRecord

__all__ = ["reading"]


def reading(parts: Parts) -> Parts:
    """Take the parts of a house for a request that must leave no trace. Limits begin at nothing, for counting writes."""
    store = parts.store
    made = _ReadOnlyWithTokens(store, store.tokens) if isinstance(store, KeepsTokens) else _ReadOnly(store)
    read = replace(parts, store=made, emit=_told, heard=frozenset[type[Event]]())
    read.limits.take_over(parts.limits)
    return read


async def _told(event: Event) -> None:
    """Tell nobody: the listeners are the application's, and may write."""


class _ReadOnly:
    """A session store that is read."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    async def load(self, key: bytes) -> Record | None:
        return await self._store.load(key)

    async def create(self, key: bytes, record: Record) -> None:
        """Keep nothing."""

    async def save(self, key: bytes, changes: Changes) -> bool:  # noqa: ARG002 - the protocol's signature
        return True

    async def move(self, old: bytes, new: bytes, changes: Changes) -> bool:  # noqa: ARG002 - as above
        return True

    async def delete(self, key: bytes) -> bool:  # noqa: ARG002 - as above
        return True

    async def once(self, name: bytes, until: float) -> bool:  # noqa: ARG002 - as above
        """Take everything as new: whether it was used cannot be asked without using it."""
        return True

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Count here only, so that nobody's budget is spent."""
        from guardhouse.stores.memory_limits import MemoryLimits  # noqa: PLC0415 - an extra, loaded where it is used

        return MemoryLimits(clock)


class _ReadOnlyWithTokens(_ReadOnly):
    """The same where tokens lie beside the sessions."""

    def __init__(self, store: SessionStore, tokens: TokenStore) -> None:
        super().__init__(store)
        self.tokens = _ReadOnlyTokens(tokens)


class _ReadOnlyTokens:
    """A store of tokens that is read."""

    def __init__(self, tokens: TokenStore) -> None:
        self._tokens = tokens

    async def add_token(self, record: TokenRecord) -> None:
        """Keep nothing."""

    async def token(self, token_id: str) -> TokenRecord | None:
        return await self._tokens.token(token_id)

    async def touch_token(self, token_id: str, used: float) -> bool:  # noqa: ARG002 - the protocol's signature
        return True

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        return await self._tokens.tokens_of(owner)

    async def revoke_token(self, owner: str, token_id: str) -> bool:  # noqa: ARG002 - as above
        return True

    async def revoke_tokens(self, owner: str) -> int:  # noqa: ARG002 - as above
        return 0

    async def prune_tokens(self, before: float) -> int:  # noqa: ARG002 - as above
        return 0
