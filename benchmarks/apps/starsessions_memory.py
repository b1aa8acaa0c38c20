"""starsessions with its store in memory."""

from __future__ import annotations

from starsessions import InMemoryStore

from benchmarks.apps.starsessions_application import application

app = application(InMemoryStore())
