"""A record as a row: its body, and beside it when it was last seen, which is written without the body."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from guardhouse.state.record import Changes, Record, UnreadableRecordError, opened


def record_of(body: bytes, seen: float) -> Record:
    """Read a row; whoever touched the session last says when it was seen."""
    record = opened(body)
    if seen <= record.seen:
        return record
    return Record(
        record.public_id, record.created, seen, record.idle, record.ends, record.logins, record.data
    )


def readable_rows(rows: Iterable[Sequence[object]]) -> list[Record]:
    """Read those that are records, for lists in which one that is broken must not hide the others."""
    records: list[Record] = []
    for body, seen in rows:
        with suppress(UnreadableRecordError):
            records.append(record_of(body, seen))  # type: ignore[arg-type]  # the columns say so
    return records


def rows_called(rows: Iterable[Sequence[Any]], public_id: str, owner: str | None = None) -> list[Any]:
    """Say under what lie the sessions that have this name in a list of devices; each row is that, a body and `seen`.

    An index may lag behind: with `owner` only those count that this user is still logged in to.
    """
    return [
        under
        for under, *row in rows
        for record in readable_rows([row])
        if record.public_id == public_id and (owner is None or owner in record.owners)
    ]


def only_touched(changes: Changes) -> float | None:
    """Say when somebody was there, of a change that says no more than that."""
    return changes.seen if changes == Changes(seen=changes.seen) else None


def sweep_at(record: Record) -> float:
    """Return when to look whether a record is over, if nobody comes back to it."""
    return min(record.idle_until, record.ends)
