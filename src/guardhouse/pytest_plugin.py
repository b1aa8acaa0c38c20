"""What pytest offers in every project that has guardhouse installed; the testing kit, and Starlette, wait for a test."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from guardhouse.testing import Client, FakeUsers, FixedClock


@pytest.fixture
def guardhouse_clock() -> FixedClock:
    """Make a clock that stands still until the test lets time pass."""
    from guardhouse.testing import FixedClock  # noqa: PLC0415 - when a test asks for it

    return FixedClock()


@pytest.fixture
def guardhouse_users() -> FakeUsers:
    """Make Ada and Grace, whose password is `guardhouse.testing.PASSWORD`."""
    from guardhouse.testing import fake_users  # noqa: PLC0415 - when a test asks for it

    return fake_users()


@pytest.fixture
def guardhouse_client() -> Generator[Callable[..., Client]]:
    """Start an application, and return a browser that asks it; both end with the test."""
    from guardhouse.testing import Client  # noqa: PLC0415 - when a test asks for it

    with ExitStack() as running:

        def start(app: Any, **options: Any) -> Client:  # noqa: ANN401 - an ASGI application and Client's own options
            return running.enter_context(Client(app, **options))

        yield start
