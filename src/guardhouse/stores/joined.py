"""What is asked of a server while another question is under way goes together: one round trip then serves them all.

What comes alone is sent alone and at once, so that it pays nothing for this. Nobody is answered by what was sent before
he asked: what was revoked by then is not seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from guardhouse.errors import StoreError

MOST_TOGETHER = 256
MOST_UNDER_WAY = 2
"""More would be smaller each; fewer would let one slow answer hold up everybody."""

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Joined(Generic[Asked, Told]):
    """Questions of one kind in one event loop: how one is asked, and how many at once."""

    def __init__(
        self,
        one: Callable[[Asked], Awaitable[Told]],
        many: Callable[[Sequence[Asked]], Awaitable[Sequence[Told]]],
    ) -> None:
        self._one = one
        self._many = many
        self._under_way = 0
        self._waiting: list[tuple[Asked, asyncio.Future[Told]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, asked: Asked) -> Told:
        """Ask, alone or with others."""
        if self._under_way:
            return await self._together(asked)
        self._under_way = 1
        try:
            return await self._one(asked)
        finally:
            self._done()

    async def _together(self, asked: Asked) -> Told:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Told] = loop.create_future()
        self._waiting.append((asked, told))
        if len(self._waiting) == 1 and self._under_way < MOST_UNDER_WAY:
            loop.call_soon(self._send)  # who else asks in this turn of the loop goes along
        return await told

    def _send(self) -> None:
        if self._waiting and self._under_way < MOST_UNDER_WAY:
            sent, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            self._under_way += 1
            task = asyncio.get_running_loop().create_task(self._answer(sent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(partial(_ended, sent))

    async def _answer(self, sent: Sequence[tuple[Asked, asyncio.Future[Told]]]) -> None:
        """Ask for all who wait. Each may go away meanwhile without the others noticing."""
        try:
            answers = await self._many([asked for asked, _ in sent])
            for (_, told), answer in zip(sent, answers, strict=True):
                if not told.done():
                    told.set_result(answer)
        finally:
            self._done()

    def _done(self) -> None:
        self._under_way -= 1
        self._send()


class JoinedAnywhere(Generic[Asked, Told]):
    """The same in whichever event loops a program runs: questions are joined within one, by what is made for it."""

    def __init__(self, make: Callable[[], Joined[Asked, Told]]) -> None:
        self._make = make
        self._joined: WeakKeyDictionary[asyncio.AbstractEventLoop, Joined[Asked, Told]] = WeakKeyDictionary()

    async def ask(self, asked: Asked) -> Told:
        """Ask, alone or with others."""
        loop = asyncio.get_running_loop()
        joined = self._joined.get(loop)
        if joined is None:
            joined = self._joined[loop] = self._make()
        return await joined.ask(asked)


def _ended(sent: Sequence[tuple[Asked, asyncio.Future[Told]]], asking: asyncio.Task[None]) -> None:
    """Let all who wait hear of trouble, also of what nobody expected; only the end of the loop is a cancellation to them."""
    error = None if asking.cancelled() else asking.exception()
    for _, told in sent:
        if told.done():
            continue
        if error is None:
            told.cancel()
        else:
            told.set_exception(StoreError(*error.args) if isinstance(error, StoreError) else error)
