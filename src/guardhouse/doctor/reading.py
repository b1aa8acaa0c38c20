"""The parts of a house, so that nothing is written and nobody is told: its store is read, every other verb only says yes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from guardhouse.core.events import Event
from guardhouse.gate.parts import Parts
from guardhouse.state.keeper import Keeper, Storeless
from guardhouse.state.record import Changes, Record
from guardhouse.state.store import EpochStore, KeepsTokens, SessionStore, TokenStore
from guardhouse.state.token import TokenRecord
from guardhouse.vault.keyring import Keyring

__all__ = ["reading"]


def reading(parts: Parts) -> Parts:
    """Take the parts of a house for a request that must leave no trace. Limits begin at nothing, for counting writes."""
    store = parts.store
    made: SessionStore | Storeless
    if isinstance(store, Storeless):
        made = _ReadOnlyCookies(store)
    else:
        made = (
            _ReadOnlyWithTokens(store, store.tokens) if isinstance(store, KeepsTokens) else _ReadOnly(store)
        )
    # A browser that came back would be handed its next secret here, and with the one it has be taken for a thief.
    read = replace(parts, store=made, emit=_told, heard=frozenset[type[Event]](), remembering={})
    read.limits.take_over(parts.limits)
    return read


async def _told(event: Event) -> None:
    """Tell nobody: the listeners are the application's, and may write."""


class _ReadOnlyPowers:
    """What a store does besides: everything begins at nothing."""

    async def once(self, name: bytes, until: float) -> bool:  # noqa: ARG002 - as above
        """Take everything as new: whether it was used cannot be asked without using it."""
        return True

    def limits(self, clock: Callable[[], float]) -> Any:  # noqa: ANN401 - a storage of the extra `limits`
        """Count here only, so that nobody's budget is spent."""
        from guardhouse.stores.memory_limits import MemoryLimits  # noqa: PLC0415 - an extra, loaded where it is used

        return MemoryLimits(clock)


class _ReadOnly(_ReadOnlyPowers):
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


class _ReadOnlyCookies:
    """Sessions in cookies: a new cookie goes to nobody, and what would be called back is not."""

    def __init__(self, store: Storeless) -> None:
        self._store = store
        self.epochs = None if store.epochs is None else _ReadOnlyEpochs(store.epochs)
        beside = store.beside
        self.beside = _ReadOnlyBeside(beside.tokens) if isinstance(beside, KeepsTokens) else _ReadOnlyPowers()

    def keeper(self, keys: Keyring, cookie: str, epochs: EpochStore | None = None) -> Keeper:
        """Read with the epochs that are there."""
        return self._store.keeper(keys, cookie, self.epochs if epochs is None else epochs)


class _ReadOnlyEpochs:
    """Epochs that are read: what would be counted is not."""

    def __init__(self, epochs: EpochStore) -> None:
        self._epochs = epochs

    async def epochs(self, names: Sequence[str]) -> Sequence[int]:
        return await self._epochs.epochs(names)

    async def advance(self, name: str, until: float | None = None) -> int:  # noqa: ARG002 - the protocol's signature
        return 1


class _ReadOnlyWithTokens(_ReadOnly):
    """The same where tokens lie beside the sessions."""

    def __init__(self, store: SessionStore, tokens: TokenStore) -> None:
        super().__init__(store)
        self.tokens = _ReadOnlyTokens(tokens)


class _ReadOnlyBeside(_ReadOnlyPowers):
    """What lies beside sessions in cookies."""

    def __init__(self, tokens: TokenStore) -> None:
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
