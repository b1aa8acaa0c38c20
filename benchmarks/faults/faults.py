"""The faults there are, by their numbers."""

from __future__ import annotations

from benchmarks.faults.on_databases import Busy, DiskFull, KilledInCommit, Locked, Restart, Terminated
from benchmarks.faults.on_redis import (
    AppendOnly,
    ClusterKill,
    CutOff,
    Evicted,
    Forgetful,
    Pause,
    SentinelKill,
    SentinelPause,
    SlotMoves,
)
from benchmarks.faults.on_wires import Delayed, Reset, Silent, Trickled
from benchmarks.faults.on_workers import Cancelled, Clocks, Failpoint, LateSave, NewKeys, WorkerKill
from benchmarks.faults.running import Fault

FAULTS: tuple[type[Fault], ...] = (
    WorkerKill,
    Failpoint,
    AppendOnly,
    Forgetful,
    Pause,
    SentinelKill,
    SentinelPause,
    ClusterKill,
    SlotMoves,
    CutOff,
    Restart,
    Terminated,
    Locked,
    DiskFull,
    Busy,
    KilledInCommit,
    Delayed,
    Trickled,
    Reset,
    Silent,
    Clocks,
    LateSave,
    Evicted,
    Cancelled,
    NewKeys,
)
"""F5, F10, F13 and F17 as far as they are missing here are named in docs/faults.md."""


def chosen(number: str | None, store: str | None) -> list[Fault]:
    """Choose by number and store; None is all."""
    return [
        fault(name)
        for fault in FAULTS
        if number is None or fault.name.partition(" ")[0] == number
        for name in fault.stores
        if store is None or name == store
    ]
