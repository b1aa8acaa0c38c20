"""Where a process dies: when the store has done something, or in the middle of it, before anybody is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

_left: ContextVar[list[int] | None] = ContextVar("steps that are left", default=None)
"""Of the verb that is at work here, also where its work is done in a thread; None where nobody dies."""
VERBS = ("create", "move", "save", "delete", "revoke", "once")


class Failpoints:
    """What a worker dies of: nothing, until it is told."""

    def __init__(self, store: Any, *, mortal: bool) -> None:  # noqa: ANN401 - a store of any kind
        self._verb, self._step, self._survives = "", 0, 0
        if mortal:
            _watch_steps(store)
        for verb in VERBS if mortal else ():
            setattr(store, verb, self._mortal(verb, getattr(store, verb)))

    def arm(self, asked: Mapping[str, str]) -> None:
        """Die at a verb: after a `step` of it, or after all of them, and survive it so often before; who is asked nothing lives."""
        self._verb = asked.get("die", "")
        self._step, self._survives = int(asked.get("step", 0)), int(asked.get("survives", 0))

    def _mortal(self, verb: str, does: Callable[..., Any]) -> Callable[..., Any]:
        async def dying(*asked: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever the verb takes and gives
            if verb != self._verb:
                return await does(*asked, **more)
            self._survives -= 1
            if self._survives >= 0:
                return await does(*asked, **more)
            token = _left.set([self._step] if self._step else None)
            try:
                done = await does(*asked, **more)
            finally:
                _left.reset(token)
            if not self._step:
                os._exit(1)
            return done

        return dying


def _watch_steps(store: Any) -> None:  # noqa: ANN401 - a store of any kind
    """Note each step that this store takes: a round trip to a server, a statement on a file."""
    match type(store).__name__:
        case "RedisStore":
            from guardhouse.stores.redis_link import RedisLink  # noqa: PLC0415 - the one driver that is used

            _count(RedisLink, "_in_turn")
        case "PostgresStore":
            import asyncpg  # noqa: PLC0415 - the same

            _count(asyncpg.Connection, "fetch")
        case "SQLiteStore":
            _count_statements()
        case _:
            from sqlalchemy.ext.asyncio import AsyncConnection  # noqa: PLC0415 - the same

            _count(AsyncConnection, "execute")


def _count(kind: Any, method: str) -> None:  # noqa: ANN401 - a class of a driver
    does = getattr(kind, method)

    async def counting(self: Any, *asked: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
        done = await does(self, *asked, **more)
        _step()
        return done

    setattr(kind, method, counting)


def _count_statements() -> None:
    from guardhouse.stores.sqlite_file import SQLiteFile  # noqa: PLC0415 - the one driver that is used

    writing = SQLiteFile.writing

    @contextmanager
    def counting(self: SQLiteFile) -> Generator[Any, None, None]:
        with writing(self) as connection:
            yield _Counting(connection)

    cast("Any", SQLiteFile).writing = counting


class _Counting:
    """A connection that notes each statement."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - sqlite3's own lets nobody in
        self._connection = connection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        does = getattr(self._connection, name)

        def counting(*asked: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            done = does(*asked, **more)
            _step()
            return done

        return counting


def _step() -> None:
    left = _left.get()
    if left is not None:
        left[0] -= 1
        if left[0] <= 0:
            os._exit(1)
