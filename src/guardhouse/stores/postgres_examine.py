"""What is unsafe about a PostgreSQL server that is otherwise at work: told at the start, each with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guardhouse.state.examined import Remark

SKEW_SECONDS = 5.0

LOOK = """
SELECT current_setting('synchronous_commit') AS commits, current_setting('fsync') AS flushes,
    extract(epoch FROM clock_timestamp())::double precision AS now,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS room
"""


def remarks(said: Any, where: str, now: float, pool: int) -> Sequence[Remark]:  # noqa: ANN401 - a row of asyncpg
    """Weigh what `LOOK` found on the server that is there."""
    it = f"PostgreSQL at {where}"
    found: list[Remark] = []
    if said["commits"] == "off":
        says = f"{it}: its synchronous_commit is off, so a crash undoes the last logouts that were answered."
        found.append(Remark("store-durability", says, "Set it to on."))
    if said["flushes"] == "off":
        says = f"{it}: its fsync is off, so a power failure may destroy the database."
        found.append(Remark("store-durability", says, "Set it to on."))
    if abs(said["now"] - now) > SKEW_SECONDS:
        skew, side = said["now"] - now, "ahead of" if said["now"] > now else "behind"
        says = f"{it}: its clock is {abs(skew):.0f} seconds {side} this machine's."
        found.append(Remark("store-clock", says, "Let both follow NTP."))
    if pool > said["room"]:
        says = f"{it}: it takes {said['room']} connections and the pool of each process may open {pool}."
        found.append(Remark("store-remark", says, "Say ?pool= in the URL, or raise max_connections."))
    return found
