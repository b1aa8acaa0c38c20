"""The least that a session in memory costs."""

from __future__ import annotations

from benchmarks.apps.minimum import in_memory

app = in_memory()
