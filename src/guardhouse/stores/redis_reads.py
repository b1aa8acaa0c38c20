"""Reads that come while another is under way are sent together: one round trip then serves them all.

A read that comes alone is sent alone and at once, so that it pays nothing for this. No read is answered by one that
was sent before it came: what was revoked by then is not seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from guardhouse.errors import StoreError

MOST_TOGETHER = 256
MOST_UNDER_WAY = 2
"""More would be smaller each; fewer would let one slow answer hold up everybody."""

Body: TypeAlias = bytes | None
Waiting: TypeAlias = tuple[bytes, asyncio.Future[Body]]


class JoinedReads:
    """The reads of one event loop."""

    def __init__(
        self,
        one: Callable[[bytes], Awaitable[Body]],
        many: Callable[[Sequence[bytes]], Awaitable[Sequence[Body]]],
    ) -> None:
        self._one = one
        self._many = many
        self._under_way = 0
        self._waiting: list[Waiting] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, key: bytes) -> Body:
        """Read what lies under a key."""
        if self._under_way:
            return await self._together(key)
        self._under_way = 1
        try:
            return await self._one(key)
        finally:
            self._done()

    async def _together(self, key: bytes) -> Body:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Body] = loop.create_future()
        self._waiting.append((key, found))
        if len(self._waiting) == 1 and self._under_way < MOST_UNDER_WAY:
            loop.call_soon(self._send)  # who else asks in this turn of the loop goes along
        return await found

    def _send(self) -> None:
        if self._waiting and self._under_way < MOST_UNDER_WAY:
            sent, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            self._under_way += 1
            task = asyncio.get_running_loop().create_task(self._answer(sent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, sent: Sequence[Waiting]) -> None:
        """Read for all who wait. Each may go away meanwhile without the others noticing."""
        try:
            bodies = await self._many([key for key, _ in sent])
        except StoreError as error:
            for _, found in sent:
                if not found.done():
                    found.set_exception(StoreError(*error.args))
        except BaseException:
            for _, found in sent:
                found.cancel()
            raise
        else:
            for (_, found), body in zip(sent, bodies, strict=True):
                if not found.done():
                    found.set_result(body)
        finally:
            self._done()

    def _done(self) -> None:
        self._under_way -= 1
        self._send()
