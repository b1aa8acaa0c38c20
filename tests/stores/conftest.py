"""Every test that asks for a `store` runs on every kind there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from guardhouse.state.store import Closable

from .kinds import KINDS, Kind


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
async def store(kind: Kind, tmp_path: Path) -> AsyncIterator[Any]:
    made = kind.make(tmp_path)
    yield made
    if isinstance(made, Closable):
        await made.close()
