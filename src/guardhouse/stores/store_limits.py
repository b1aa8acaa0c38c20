"""What the storages of the library `limits` over our stores have in common: no URL leads to them, and their trouble is a store's."""

from __future__ import annotations

from abc import abstractmethod

from limits.aio.storage import Storage

from guardhouse.errors import StoreError


class StoreLimits(Storage):
    """A storage beside the sessions of a store."""

    STORAGE_SCHEME = None  # no URL leads here: a store of the house does

    @property
    def base_exceptions(self) -> type[Exception]:
        """What it raises when the store is away."""
        return StoreError

    async def check(self) -> bool:
        """Say whether the store can be reached."""
        try:
            await self._reach()
        except StoreError:
            return False
        return True

    @abstractmethod
    async def _reach(self) -> None:
        """Ask it for nothing."""
