"""What is unsafe about a PostgreSQL server that is otherwise at work: told at the start, each with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SKEW_SECONDS = 5.0

LOOK = """
SELECT current_setting('synchronous_commit') AS commits, current_setting('fsync') AS flushes,
    extract(epoch FROM clock_timestamp())::double precision AS now,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS room
"""


def findings(said: Any, now: float, pool: int) -> Sequence[str]:  # noqa: ANN401 - a row of asyncpg
    """Weigh what `LOOK` found."""
    found: list[str] = []
    if said["commits"] == "off":
        found.append(
            "its synchronous_commit is off, so a crash undoes the last logouts that were answered; set it to on"
        )
    if said["flushes"] == "off":
        found.append("its fsync is off, so a power failure may destroy the database; set it to on")
    if abs(said["now"] - now) > SKEW_SECONDS:
        skew, where = said["now"] - now, "ahead of" if said["now"] > now else "behind"
        found.append(f"its clock is {abs(skew):.0f} seconds {where} this machine's; let both follow NTP")
    if pool > said["room"]:
        found.append(
            f"it takes {said['room']} connections and the pool of each process may open {pool}; "
            "say ?pool= in the URL, or raise max_connections"
        )
    return found
