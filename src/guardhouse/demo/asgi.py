"""The demo as an application that anybody can load: `guardhouse doctor "guardhouse.demo.asgi:application()"`."""

from __future__ import annotations

from fastapi import FastAPI

from guardhouse.demo.app import build
from guardhouse.demo.settings import Settings


def application() -> FastAPI:
    """Build the demo as `guardhouse demo` starts it, in memory, at http://127.0.0.1:8000."""
    return build(Settings())
