"""Worlds with ways in, and the loop that they run in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from tests.ways.houses import World


@pytest.fixture
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as loop:
        yield loop


@pytest.fixture
def worlds(portal: BlockingPortal) -> Any:
    """Makes worlds."""
    return partial(World, portal)


@pytest.fixture
def world(worlds: Any) -> World:
    made: World = worlds()
    return made
