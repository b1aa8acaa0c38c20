"""A process of its own at a store by its URL: it logs out everywhere whom it is told, and says how many sessions that ended."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from guardhouse.stores.opening import open_store


async def _revoke_what_is_said(url: str) -> None:
    store: Any = open_store(url)
    while owner := (await asyncio.to_thread(sys.stdin.readline)).strip():
        print(await store.revoke(owner), flush=True)
    await store.close()


if __name__ == "__main__":
    asyncio.run(_revoke_what_is_said(sys.argv[1]))
