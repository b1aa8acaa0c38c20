"""Reads of one turn of an event loop look at an SQLite file once: they share the transaction that each would open.

To open one costs as much as the reading: two system calls for its lock. What is read within it is as the file was at
the first read of the turn. That is fresh enough, because the queue of a loop is first in, first out: the end of the
turn is put behind whatever waits by then, so all that runs before it was waiting before the first read, and so was the
request that it serves. Whoever sends his request after a logout was answered is served in a later turn.
"""

from __future__ import annotations

import sqlite3
from asyncio import AbstractEventLoop, get_running_loop
from typing import Any


class Turns:
    """One connection, for one event loop: for others its turns mean nothing.

    A lone read opens nothing, for that would cost it more: a turn shares one transaction where the last one had
    several reads, as those of a busy server have.
    """

    def __init__(self, connection: sqlite3.Connection, loop: AbstractEventLoop) -> None:
        self._loop: AbstractEventLoop | None = loop
        self._connection = connection
        self._reads = 0
        """How many this turn had; none between the turns."""
        self._busy = False

    def are_of(self, loop: AbstractEventLoop | None) -> bool:
        """Whether these are the turns of that loop."""
        return self._loop is loop

    @property
    def over(self) -> bool:
        """Whether there will be no more of them."""
        return self._loop is None or self._loop.is_closed()

    def row(self, statement: str, values: tuple[object, ...]) -> Any:  # noqa: ANN401 - a row of whatever was asked for
        """Read one row; None where there is none."""
        if not self._reads:
            self._begin()
        self._reads += 1
        return self._connection.execute(statement, values).fetchone()

    def close(self) -> None:
        """Close the connection, also in the middle of a turn."""
        self._loop, self._busy = None, False
        self._connection.close()

    def _begin(self) -> None:
        if self._loop is not None:
            self._loop.call_soon(self._end)
        if self._busy:
            self._connection.execute("BEGIN")  # nothing is looked at before the first read

    def _end(self) -> None:
        shared, self._busy, self._reads = self._busy, self._reads > 1 and not self.over, 0
        if shared:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error:
                self.close()  # what cannot be ended must not be read from again; the next read opens another


def running() -> AbstractEventLoop | None:
    """Return the loop that runs in this thread; None in a thread without, and under another library than asyncio."""
    try:
        return get_running_loop()
    except RuntimeError:
        return None
