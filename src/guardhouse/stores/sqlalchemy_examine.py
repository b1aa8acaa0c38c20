"""What is unsafe about a database behind SQLAlchemy that is otherwise at work: told at the start, each with the next step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, text

from guardhouse.state.examined import Remark
from guardhouse.stores.postgres_examine import LOOK, SKEW_SECONDS, remarks

__all__ = ["look_at", "weigh"]

_MYSQL = text(
    "SELECT @@innodb_flush_log_at_trx_commit AS flushes, @@innodb_doublewrite AS twice, "
    "UNIX_TIMESTAMP(NOW(6)) AS now, @@max_connections AS room"
)
_LOOKS = {"mysql": _MYSQL, "mariadb": _MYSQL, "postgresql": text(LOOK)}


def look_at(dialect: str) -> Executable | None:
    """Choose the question for a database; None for one that we know nothing of."""
    return _LOOKS.get(dialect)


def weigh(dialect: str, said: Any, where: str, now: float, pool: int) -> Sequence[Remark]:  # noqa: ANN401 - a row of any driver
    """Weigh what the database answered."""
    if dialect == "postgresql":
        return remarks(said._mapping, where, now, pool)  # noqa: SLF001 - the public name of a row's columns
    return _of_mysql(said, f"The database at {where}", now, pool)


def _of_mysql(said: Any, it: str, now: float, pool: int) -> Sequence[Remark]:  # noqa: ANN401 - as above
    found: list[Remark] = []
    if int(said.flushes) != 1:
        says = (
            f"{it}: its innodb_flush_log_at_trx_commit is {said.flushes}, so a crash undoes the last second of logouts that "
            "were answered."
        )
        found.append(Remark("store-durability", says, "Set it to 1."))
    if str(said.twice).upper() in {"0", "OFF"}:
        says = f"{it}: its innodb_doublewrite is off, so a power failure may destroy tables."
        found.append(
            Remark("store-durability", says, "Set it to on, unless the file system writes pages whole.")
        )
    if abs(float(said.now) - now) > SKEW_SECONDS:
        skew, side = float(said.now) - now, "ahead of" if float(said.now) > now else "behind"
        says = f"{it}: its clock is {abs(skew):.0f} seconds {side} this machine's."
        found.append(Remark("store-clock", says, "Let both follow NTP."))
    if pool > int(said.room):
        says = f"{it}: it takes {said.room} connections and the pool of each process may open {pool}."
        found.append(Remark("store-remark", says, "Say ?pool= in the URL, or raise max_connections."))
    return found
