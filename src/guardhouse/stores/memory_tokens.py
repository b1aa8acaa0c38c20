"""Tokens in this process, beside its sessions; the lock is for event loops in several threads."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from msgspec.structs import replace

from guardhouse.errors import StoreError
from guardhouse.state.token import TokenRecord
from guardhouse.stores.twice import TOKEN_TWICE


class MemoryTokens:
    """A token store in a dict."""

    def __init__(self) -> None:
        self._records: dict[str, TokenRecord] = {}
        self._lock = Lock()

    def token_now(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        return self._records.get(token_id)

    async def token(self, token_id: str) -> TokenRecord | None:
        """Find a token by its id."""
        return self._records.get(token_id)

    async def add_token(self, record: TokenRecord) -> None:
        """Keep a new token."""
        with self._lock:
            if record.id in self._records:
                raise StoreError(TOKEN_TWICE)
            self._records[record.id] = record

    async def touch_token(self, token_id: str, used: float) -> bool:
        """Note when a token was last used; a note from the past changes nothing."""
        with self._lock:
            record = self._records.get(token_id)
            if record is None:
                return False
            self._records[token_id] = replace(record, used=max(used, record.used or used))
            return True

    async def tokens_of(self, owner: str) -> Sequence[TokenRecord]:
        """List the tokens of one user, the oldest first."""
        with self._lock:
            return sorted(self._owned(owner), key=lambda record: (record.created, record.id))

    async def revoke_token(self, owner: str, token_id: str) -> bool:
        """Delete one token of this user."""
        with self._lock:
            record = self._records.get(token_id)
            if record is None or record.owner != owner:
                return False
            del self._records[token_id]
            return True

    async def revoke_tokens(self, owner: str) -> int:
        """Delete all tokens of this user."""
        with self._lock:
            owned = self._owned(owner)
            for record in owned:
                del self._records[record.id]
            return len(owned)

    async def prune_tokens(self, before: float) -> int:
        """Delete what expired before that moment."""
        with self._lock:
            over = [
                one.id for one in self._records.values() if one.expires is not None and one.expires < before
            ]
            for token_id in over:
                del self._records[token_id]
            return len(over)

    def _owned(self, owner: str) -> list[TokenRecord]:
        return [record for record in self._records.values() if record.owner == owner]
