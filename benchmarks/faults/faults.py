"""The faults there are, by their numbers."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.faults.on_clocks import Clocks, SystemClocks
from benchmarks.faults.on_databases import (
    Busy,
    DiskFull,
    GivenUp,
    KilledInCommit,
    Locked,
    ReadOnly,
    Restart,
    Terminated,
    Unflushable,
    Unflushed,
)
from benchmarks.faults.on_limits import Guessed
from benchmarks.faults.on_redis import (
    AppendOnly,
    ClusterKill,
    CutOff,
    EverySecond,
    Evicted,
    Forgetful,
    Pause,
    SentinelKill,
    SentinelPause,
    SlotMoves,
)
from benchmarks.faults.on_steps import Cut, Failpoint
from benchmarks.faults.on_wires import Delayed, Late, Reset, Silent, Trickled
from benchmarks.faults.on_workers import Cancelled, LateSave, NewKeys, WorkerKill
from benchmarks.faults.running import Fault

FAULTS: tuple[type[Fault], ...] = (
    WorkerKill,
    Failpoint,
    AppendOnly,
    EverySecond,
    Forgetful,
    Pause,
    SentinelKill,
    SentinelPause,
    ClusterKill,
    SlotMoves,
    CutOff,
    Restart,
    Unflushed,
    GivenUp,
    Terminated,
    Locked,
    DiskFull,
    ReadOnly,
    Unflushable,
    Busy,
    KilledInCommit,
    Delayed,
    Trickled,
    Reset,
    Silent,
    Late,
    Cut,
    Clocks,
    SystemClocks,
    LateSave,
    Evicted,
    Cancelled,
    NewKeys,
    Guessed,
)
"""F13, and what else is not tried here, is named in docs/faults.md."""


def chosen(wanted: Sequence[str] | None, stores: Sequence[str] | None) -> list[Fault]:
    """Choose by numbers or names, and by stores; None is all."""
    return [
        fault(name)
        for fault in FAULTS
        if wanted is None or not {fault.name, fault.name.partition(" ")[0]}.isdisjoint(wanted)
        for name in fault.stores
        if stores is None or name in stores
    ]
