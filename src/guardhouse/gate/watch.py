"""What slipped through: answers that nobody decided about, and writes that came too late.

In development and in tests that is an error; in production it is counted, and a route is warned of once.
"""

from __future__ import annotations

import logging
from collections import Counter

from guardhouse.errors import LateWriteError, UndecidedError

logger = logging.getLogger("guardhouse.watch")


class Watch:
    """The net under one house. `undecided` and `late` count by route in production."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        """Whether to raise: with debug=True, and under `guardhouse.testing.Client`."""
        self.undecided: Counter[str] = Counter()
        self.late: Counter[str] = Counter()

    def note_undecided(self, route: str, where: str) -> None:
        """Raise `UndecidedError`, or count it. `route` is one of the application's, never a visitor's path."""
        error = UndecidedError(route, where)
        if self.strict:
            raise error
        self.undecided[route] += 1
        if self.undecided[route] == 1:
            fields = {"event": "undecided", "route": route, "where": where}
            logger.warning("%s", error, extra={"guardhouse": fields})

    def note_late(self, what: str, endpoint: str) -> None:
        """Raise `LateWriteError`, or count it. Only the name of a key is told, never a value."""
        error = LateWriteError(what, endpoint)
        if self.strict:
            raise error
        self.late[endpoint] += 1
        fields = {"event": "late write", "what": what, "endpoint": endpoint}
        logger.warning("%s", error, extra={"guardhouse": fields})
